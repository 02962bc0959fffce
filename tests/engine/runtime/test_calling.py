"""One call: what reaches the store, what comes back, and the texts of what goes wrong."""

from __future__ import annotations

import pytest

from sandbox.engine.values import UNDEFINED, Int64, encode_id
from tests.engine.runtime.conftest import IMPORTS, query

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_arguments_arrive_and_the_value_returns(learner):
    args = {"n": {"$integer": "BQAAAAAAAAA="}, "b": {"$bytes": "AQ=="}, "s": "é\u2028"}
    assert await learner.run("return { ...args, sum: args.n + 1n };", args) == {
        **args,
        "sum": {"$integer": "BgAAAAAAAAA="},
    }


async def test_undefined_returns_as_null(learner):
    assert await learner.run("") is None


async def test_a_collect_reads_every_document_in_batches(learner):
    assert await learner.run("return (await ctx.db.query('rows').collect()).length;", documents=600) == 600
    assert learner.transaction.streams[0].batches == [16, 64, 256, 256, 8]
    assert learner.transaction.streams[0].consumed is None


async def test_leaving_a_loop_early_reports_how_many_documents_were_consumed(learner):
    await learner.run("for await (const row of ctx.db.query('rows')) if (row.n === 4) break;", documents=600)
    assert learner.transaction.streams[0].consumed == 5


async def test_a_query_that_is_never_closed_is_reported_when_the_function_returns(learner):
    await learner.run(
        "const rows = ctx.db.query('rows')[Symbol.asyncIterator](); await rows.next(); await rows.next();", documents=9
    )
    assert learner.transaction.streams[0].consumed == 2


async def test_a_thrown_error_reports_open_queries_too(learner):
    await learner.error("for await (const row of ctx.db.query('rows')) throw new Error('x');", documents=9)
    assert learner.transaction.streams[0].consumed == 1


async def test_a_query_that_was_read_to_its_end_is_not_reported_as_left(learner):
    await learner.run("for await (const row of ctx.db.query('rows')) ;", documents=80)
    assert learner.transaction.streams[0].consumed is None


async def test_the_plan_reaches_the_store_as_the_library_wrote_it(learner):
    await learner.run(
        "return await ctx.db.query('rows').withIndex('by_n', (q: any) => q.gt('n', 1)).order('desc').take(3);"
    )
    assert learner.transaction.plans == [
        {
            "source": {
                "type": "IndexRange",
                "indexName": "rows.by_n",
                "range": [{"type": "Gt", "fieldPath": "n", "value": 1}],
                "order": "desc",
            },
            "operators": [{"limit": 3}],
        }
    ]


async def test_an_error_of_the_plan_surfaces_where_the_query_is_awaited(learner):
    error = await learner.error("return await ctx.db.query('rows').withIndex('nope').first();")
    assert error.message == "Uncaught Error: Index rows.nope not found.\n    at async handler (../convex/code.ts:5:8)\n"


async def test_errors_of_the_store_can_be_caught(learner):
    body = "try { await ctx.db.get('abcd'); } catch (error: any) { return [error instanceof Error, error.message]; }"
    text = "Invalid argument `id` for `db.get`: Unable to decode ID: Invalid ID length 4"
    assert await learner.run(body) == [True, text]


async def test_writes_reach_the_store_in_order(learner):
    body = """
    const id = await ctx.db.insert("rows", { n: 1, big: 2n });
    await ctx.db.patch(id, { n: undefined, m: [1] });
    await ctx.db.replace("rows", id, { n: 2 });
    await ctx.db.delete(id);
    return id;"""
    assert await learner.run(body, kind="mutation") == "id1"
    assert learner.transaction.written == [
        ("insert", "rows", {"n": 1.0, "big": Int64(2)}),
        ("patch", "id1", {"n": UNDEFINED, "m": [1.0]}),
        ("replace", "id1", {"n": 2.0}),
        ("delete", "id1"),
    ]


async def test_a_query_cannot_write_by_calling_the_host_itself(learner):
    call = 'await (globalThis as any).Convex.asyncSyscall(\'1.0/insert\', \'{"table":"rows","value":{}}\');'
    assert "A query cannot write" in (await learner.error(call)).message
    assert learner.transaction.written == []


async def test_module_scope_is_fresh_for_every_call(learner):
    await learner.deploy(code=f"{IMPORTS}let count = 0;\nexport const f = query(() => ++count);\n")
    assert [(await learner.call()).value_json for _ in range(3)] == ["1", "1", "1"]


async def test_ids_are_normalized(learner):
    own, other = encode_id(10001, bytes(range(16))), encode_id(10002, bytes(16))
    body = "return args.ids.map((id: string) => ctx.db.normalizeId('rows', id));"
    assert await learner.run(body, {"ids": [own, other, "", "abc", own[:-1], own.upper()]}) == [own] + [None] * 5


async def test_the_identity_is_given_and_its_reading_noted(learner):
    assert (
        await learner.run("return (await ctx.auth.getUserIdentity())!.subject;", identity={"subject": "alice"})
        == "alice"
    )
    assert learner.syscalls.identity_was_read
    assert await learner.run("return 1;", identity={"subject": "alice"}) == 1
    assert not learner.syscalls.identity_was_read


# ── errors ──────────────────────────────────────────────────────────────────


async def test_an_error_names_the_learners_lines(learner):
    source = f"""{IMPORTS}
type Row = {{ n: number }};
function deeper(row: Row): never {{
  throw new TypeError(`bad ${{row.n}}`);
}}
export const f = query({{
  handler: async (ctx) => {{
    await ctx.db.query("rows").first();
    deeper({{ n: 1 }});
  }},
}});
"""
    await learner.deploy(code=source)
    assert (await learner.call()).error.message == (
        "Uncaught TypeError: bad 1\n    at deeper (../convex/code.ts:6:9)\n    at handler (../convex/code.ts:11:5)\n"
    )


@pytest.mark.parametrize(
    ("thrown", "text"),
    [
        ("new Error('')", "Error"),
        ("'text'", "text"),
        ("null", "null"),
        ("undefined", "undefined"),
        ("Symbol('s')", "Symbol(s)"),
        ("{ a: 1 }", "#<Object>"),
        ("new (class Odd extends Error { name = 'Odd'; })('m')", "Odd: m"),
        ("new RangeError('first\\nsecond')", "RangeError: first\nsecond"),
        ("Proxy.revocable({}, {}).proxy", "#<Object>"),
    ],
)
async def test_whatever_is_thrown_has_a_text(learner, thrown, text):
    error = await learner.error(f"throw {thrown};")
    assert error.message.startswith(f"Uncaught {text}\n")


async def test_a_convex_error_carries_its_data(learner):
    error = await learner.error("throw new ConvexError({ code: 5, big: 1n });")
    assert (error.code, error.has_data, error.data) == (
        "ConvexError",
        True,
        {"code": 5, "big": {"$integer": "AQAAAAAAAAA="}},
    )
    assert error.message.startswith(
        'Uncaught ConvexError: {"code":5,"big":"1n"}\n    at handler (../convex/code.ts:5:7)'
    )


async def test_convex_error_data_may_be_null_or_a_string(learner):
    assert (await learner.error("throw new ConvexError(null);")).has_data
    assert (await learner.error("throw new ConvexError('plain');")).data == "plain"


async def test_a_promise_that_never_resolves_is_found_out_at_once(learner):
    await learner.deploy(code=query("await new Promise(() => {});"))
    result = await learner.call()
    assert result.error.message == "Returned promise will never resolve"
    assert result.total_ms < 500


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("gone:f", "Couldn't find JavaScript module 'gone.js'. Did you forget to run `npx convex dev`?"),
        ("code:gone", 'Couldn\'t find "gone" in module "code.js".'),
        ("code:__proto__", 'Couldn\'t find "__proto__" in module "code.js".'),
        ("code", 'Couldn\'t find "default" in module "code.js".'),
        ("code:m", "Trying to execute code.js:m as Query, but it is defined as Mutation."),
        (
            "code:helper",
            "Function code.js:helper is neither a query or mutation. "
            "Did you forget to wrap it with `query` or `mutation`?",
        ),
    ],
)
async def test_what_cannot_be_called_says_why(learner, path, text):
    await learner.deploy(code=f"{IMPORTS}export const m = mutation(() => 1);\nexport const helper = () => 1;\n")
    assert (await learner.call(path)).error.message == text


async def test_returning_a_query_is_refused(learner):
    assert "Return value is a Query" in (await learner.error("return ctx.db.query('rows');")).message


@pytest.mark.parametrize(
    ("op", "text"),
    [
        ("1.0/auditLog", "The audit log is not available in this sandbox."),
        ("1.0/signJwt", "ctx.auth.signJwt() is not available in this sandbox."),
        ("1.0/nonsense", "Unknown async operation 1.0/nonsense"),
        ("2.0/get", "Unknown async operation 2.0/get"),
        ("constructor", "Unknown async operation constructor"),
    ],
)
async def test_what_this_sandbox_lacks_is_named(learner, op, text):
    assert text in (await learner.error(f"await (globalThis as any).Convex.asyncSyscall('{op}', '{{}}');")).message


@pytest.mark.parametrize(
    ("call", "text"),
    [
        ("await Convex.asyncSyscall('1.0/queryStreamNext', '{\"queryId\":99}')", "in-progress query not found"),
        ("Convex.syscall('1.0/nonsense', '{}')", "Unknown operation 1.0/nonsense"),
    ],
)
async def test_operations_that_make_no_sense_are_refused(learner, call, text):
    assert text in (await learner.error(f"const {{ Convex }} = globalThis as any; {call};")).message


async def test_halves_of_surrogate_pairs_do_not_leave_the_realm(learner):
    error = await learner.error("console.log('\\ud83d'); throw new ConvexError(['\\ud83d😀']);")
    assert error.data == ["\ufffd😀"]
    assert error.message.encode()
    assert await learner.log("console.log('a\\ud83d', '😀');") == ["[LOG] 'a\ufffd' '😀'"]
