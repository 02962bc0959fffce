"""The queue of operations: in order, each when the function can go no further, also those that were not awaited."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.asyncio(loop_scope="module")


def warning(count: str, names: str) -> str:
    return (
        f"[WARN] {count}: [{names}]. Async operations should be awaited or they might not run. "
        "See https://docs.convex.dev/functions/actions#dangling-promises for more information."
    )


async def called(learner, body: str):
    from tests.engine.runtime.conftest import mutation

    await learner.deploy(code=mutation(body))
    return await learner.call(kind="mutation")


def tables_written(learner) -> list[str]:
    return [write[1] for write in learner.transaction.written]


async def test_what_was_not_awaited_still_happens_and_is_reported(learner):
    result = await called(learner, "ctx.db.insert('a', {}); ctx.db.insert('b', {}); ctx.db.patch('x', {}); return 1;")
    assert result.value_json == "1"
    assert [write[:2] for write in learner.transaction.written] == [("insert", "a"), ("insert", "b"), ("patch", "x")]
    assert result.unawaited == ("db.insert", "db.insert", "db.patch")
    assert result.log_lines == (warning("3 unawaited operations", "db.insert, db.patch"),)


async def test_the_warning_is_the_last_line_of_the_log(learner):
    result = await called(learner, "ctx.db.get('x'.repeat(32)).then(() => console.log('later')); console.log('now');")
    assert result.log_lines == ("[LOG] 'now'", "[LOG] 'later'", warning("1 unawaited operation", "db.get"))


async def test_code_that_begins_after_the_return_is_part_of_the_call(learner):
    late = "let p = Promise.resolve(); for (let i = 0; i < 20; i++) p = p.then(() => {});"
    result = await called(learner, f"{late} p.then(() => ctx.db.insert('late', {{}})); return 1;")
    assert tables_written(learner) == ["late"]
    assert result.unawaited == ("db.insert",)


async def test_what_follows_an_unawaited_operation_happens_too(learner):
    body = "(async () => { for (const t of ['a', 'b', 'c']) await ctx.db.insert(t, {}); })(); return 1;"
    assert (await called(learner, body)).unawaited == ("db.insert",)
    assert tables_written(learner) == ["a", "b", "c"]


async def test_an_unawaited_loop_over_a_query_reads_to_its_end(learner):
    from tests.engine.runtime.conftest import query

    await learner.deploy(code=query("ctx.db.query('rows').collect().then((rows: any) => console.log(rows.length));"))
    result = await learner.call(documents=600)
    assert result.log_lines[0] == "[LOG] 600"
    assert result.unawaited == ("db.query",)


async def test_awaited_operations_are_not_reported(learner):
    body = """
    await Promise.all([ctx.db.insert("a", {}), ctx.db.insert("b", {})]);
    for await (const row of ctx.db.query("rows")) break;
    await ctx.db.query("rows").first();
    return 1;"""
    result = await called(learner, body)
    assert (result.unawaited, result.log_lines) == ((), ())


async def test_operations_are_executed_in_the_order_of_their_calls(learner):
    body = """
    const other = (async () => { await null; await ctx.db.insert("second", {}); await ctx.db.insert("fourth", {}); })();
    const first = ctx.db.insert("first", {});
    await null; await null; await null;
    const third = ctx.db.insert("third", {});
    await third; await first; await other;"""
    await called(learner, body)
    assert tables_written(learner) == ["first", "second", "third", "fourth"]


async def test_reads_that_stand_together_are_answered_together(learner):
    body = """
    const order: string[] = [];
    const read = (name: string) => ctx.db.query("rows").first().then(() => { order.push(name); });
    const write = (name: string) => ctx.db.insert("rows", {}).then(() => { order.push(name); });
    const all = [read("r1"), read("r2"), write("w1"), read("r3")];
    await Promise.all(all);
    return order;"""
    assert (await called(learner, body)).value_json == '["r1","r2","w1","r3"]'


async def test_a_thrown_error_ends_the_function_at_once(learner):
    result = await called(learner, "ctx.db.insert('a', {}); throw new Error('no');")
    assert result.error.message.startswith("Uncaught Error: no\n")
    assert tables_written(learner) == []


async def test_an_unawaited_operation_that_is_refused_fails_the_function(learner):
    result = await called(learner, "ctx.db.get('short'); return 1;")
    assert result.error.message.startswith("Uncaught Error: Invalid argument `id` for `db.get`: Unable to decode ID")


@pytest.mark.parametrize(
    "body",
    [
        "Promise.reject(new Error('lost')); return 1;",
        "(async () => { await ctx.db.insert('a', {}); throw new Error('lost'); })(); return 1;",
        "void Promise.resolve().then(() => { throw new Error('lost'); }); await new Promise(() => {});",
    ],
)
async def test_a_rejection_that_nobody_handles_fails_the_function(learner, body):
    result = await called(learner, body)
    assert result.error.message.startswith("Uncaught Error: lost\n    at ")


@pytest.mark.parametrize(
    "body",
    [
        "const p = Promise.reject(new Error('x')); try { await p; } catch {} return 1;",
        "const p = Promise.reject(new Error('x')); await null; await null; p.catch(() => {}); return 1;",
        "await Promise.allSettled([ctx.db.get('short'), Promise.reject(1)]); return 1;",
        "await Promise.race([ctx.db.get('short'), ctx.db.get('short')]).catch(() => {}); return 1;",
    ],
)
async def test_a_rejection_that_is_handled_in_time_is_none(learner, body):
    assert (await called(learner, body)).value_json == "1"


async def test_the_next_call_is_not_blamed_for_a_rejection(learner):
    from tests.engine.runtime.conftest import IMPORTS

    await learner.deploy(
        code=f"{IMPORTS}export const f = query(() => {{ Promise.reject(new Error('x')); throw new Error('y'); }});\n"
        "export const g = query(() => 1);\n"
    )
    assert (await learner.call("code:f")).error is not None
    assert [(await learner.call("code:g")).value_json for _ in range(3)] == ["1"] * 3


async def test_nothing_left_to_do_and_no_result_is_an_error(learner):
    result = await called(learner, "await ctx.db.insert('a', {}); await new Promise(() => {});")
    assert result.error.message == "Returned promise will never resolve"


async def test_replaced_intrinsics_do_not_reach_the_queue(learner):
    body = """
    Object.defineProperty(Object.prototype, "next", { set() { throw new Error("seen"); }, get() { return 1; } });
    Object.defineProperty(Array.prototype, "0", { set() { throw new Error("seen"); } });
    String.prototype.slice = () => { throw new Error("taken"); };
    ctx.db.insert("a", {});
    return 1;"""
    result = await called(learner, body)
    assert (result.value_json, result.unawaited) == ("1", ("db.insert",))
    assert tables_written(learner) == ["a"]
