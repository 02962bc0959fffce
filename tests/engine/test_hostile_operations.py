"""Operations that no library makes, asked by functions on a real store: each is answered, and none is a bug of ours.

Whatever a query, a mutation or an action sends through `Convex.asyncSyscall`, the function gets a result or an error
that it can catch, and the rows still fit their schema afterwards.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
import pytest_asyncio
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.engine import Deployment, close_pools

pytestmark = [pytest.mark.slow]

PROJECT = {
    "convex/schema.ts": """
        import { defineSchema, defineTable } from "convex/server";
        import { v } from "convex/values";
        export default defineSchema({
          rows: defineTable({ n: v.number(), t: v.optional(v.string()), e: v.optional(v.array(v.float64())) })
            .index("by_n", ["n", "t"]).searchIndex("by_t", { searchField: "t" })
            .vectorIndex("by_e", { vectorField: "e", dimensions: 2 }),
        });
    """,
    "convex/code.ts": """
        import { query, mutation, action, internalMutation } from "./_generated/server";
        declare const Convex: any;
        const asked = async (op: string, text: string) => {
          if (op !== "stream") return await Convex.asyncSyscall(op, text);
          const stream = Convex.syscall("1.0/queryStream", `{"query":${text}}`);
          const first = await Convex.asyncSyscall("1.0/queryStreamNext", stream);
          return first + Convex.syscall("1.0/queryCleanup", stream);
        };
        const ask = async (args: any) => {
          const outcomes: string[] = [];
          for (const [op, text] of JSON.parse(args.asks)) {
            try { outcomes.push(String(await asked(op, text))); }
            catch (error: any) { outcomes.push(`!${error.message}`); }
          }
          return outcomes.map((outcome) => outcome.slice(0, 200).toWellFormed());
        };
        export const aQuery = query((ctx: any, args: any) => ask(args));
        export const aMutation = mutation((ctx: any, args: any) => ask(args));
        export const anAction = action((ctx: any, args: any) => ask(args));
        export const nothing = internalMutation(async () => null);
        export const add = mutation(async (ctx: any) => ({
          ID: await ctx.db.insert("rows", { n: 1, t: "a", e: [1, 0] }),
          JOB: await ctx.scheduler.runAfter(1e9, "code:nothing" as any, {}),
        }));
        export const rows = query(async (ctx: any) => await ctx.db.query("rows").collect());
    """,
}

# ── what an operation may be given: near to what the library sends ──────────

json_values = st.recursive(
    st.sampled_from([None, True, -0.0, 1, -1, 0.5, 2**53, 2**70, "", "rows", "\ud800", "\0", "__proto__", "_id"])
    | st.just({"$integer": "AAAA"})
    | st.just({"$float": "AAAAAAAA+H8="})
    | st.just({"$undefined": None})
    | st.just({"$bytes": "!"}),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["n", "t", "e", "_id", "$x", "$integer", "", "__proto__"]), inner, max_size=3)
    ),
    max_leaves=5,
)
deep = st.sampled_from(["[" * 70 + "]" * 70, '{"n":' * 20 + "1" + "}" * 20]).map(json.loads)
values = json_values | deep
operator_names = st.sampled_from(["$eq", "$and", "$add", "$mod", "$no"])
expressions = st.recursive(
    st.builds(lambda value: {"$literal": value}, values) | st.sampled_from([{"$field": "n"}, {"$field": "."}]) | values,
    lambda inner: st.builds(lambda op, a, b: {op: [a, b]}, operator_names, inner, inner)
    | st.builds(lambda a: {"$not": a}, inner),
    max_leaves=4,
)  # fmt: skip
bounds = st.builds(
    lambda kind, field, value: {"type": kind, "fieldPath": field, "value": value},
    st.sampled_from(["Eq", "Gt", "Gte", "Lt", "Lte", "Search", "no"]),
    st.sampled_from(["n", "t", "_creationTime", "_id", "", "a.b"]),
    values,
)
indexes = st.sampled_from(
    ["rows.by_n", "rows.by_id", "rows.by_creation_time", "rows.by_t", "rows.no", "rows", "", ".", "a.b.c"]
)
sources = st.one_of(
    st.builds(
        lambda table, order: {"type": "FullTableScan", "tableName": table, "order": order},
        st.sampled_from(["rows", "_storage", "_index", "no", "", "_scheduled_functions"]),
        st.sampled_from([None, "asc", "desc", "up", 1]),
    ),
    st.builds(
        lambda index, ranges, order: {"type": "IndexRange", "indexName": index, "range": ranges, "order": order},
        indexes, st.lists(bounds, max_size=4) | values, st.sampled_from([None, "asc", "desc"]),
    ),
    st.builds(
        lambda index, filters: {"type": "Search", "indexName": index, "filters": filters},
        indexes, st.lists(bounds, max_size=3) | values,
    ),
    values,
)  # fmt: skip
operators = st.lists(
    st.builds(lambda each: {"filter": each}, expressions) | st.builds(lambda n: {"limit": n}, values) | values,
    max_size=3,
)
plans = st.builds(lambda source, after: {"source": source, "operators": after}, sources, operators) | values

FULL = {"source": {"type": "FullTableScan", "tableName": "rows", "order": None}, "operators": []}
PAGE = {"query": FULL, "cursor": None, "pageSize": 2, "maximumRowsRead": 9, "version": "1"}
JOB = {"name": "code:nothing", "ts": 4e12, "args": {}, "version": "1"}
CALL = {"udfType": "query", "name": "code:rows", "args": {}}
VECTORS = {"indexName": "rows.by_e", "vector": [1, 0], "limit": 3, "expressions": None}
ROW = {"n": 2, "t": "b", "e": [0, 1]}
BYTES = "aGVsbG8="
# What the library would send. "ID", "FILE" and "JOB" stand for ids of a row, a file and a scheduled function.
SOUND: dict[str, dict[str, Any]] = {
    "stream": FULL,
    "1.0/get": {"id": "ID", "isSystem": False},
    "1.0/count": {"table": "rows"},
    "1.0/insert": {"table": "rows", "value": ROW},
    "1.0/shallowMerge": {"id": "ID", "table": "rows", "value": {"n": 3}},
    "1.0/replace": {"id": "ID", "table": "rows", "value": ROW},
    "1.0/remove": {"id": "ID", "table": "rows"},
    "1.0/queryPage": PAGE,
    "1.0/runUdf": CALL,
    "1.0/schedule": JOB,
    "1.0/cancel_job": {"id": "JOB"},
    "1.0/createFunctionHandle": {"name": "code:rows"},
    "1.0/getUserIdentity": {},
    "1.0/getFunctionMetadata": {},
    "1.0/getTransactionMetrics": {},
    "1.0/storageGetUrl": {"storageId": "FILE"},
    "1.0/storageGetMetadata": {"storageId": "FILE"},
    "1.0/storageDelete": {"storageId": "FILE"},
    "1.0/storageGenerateUploadUrl": {},
    "1.0/storageGet": {"storageId": "FILE"},
    "1.0/storageStore": {"blob": BYTES, "contentType": "text/plain"},
    "1.0/actions/query": {"name": "code:rows", "args": {}},
    "1.0/actions/mutation": {"name": "code:nothing", "args": {}},
    "1.0/actions/schedule": JOB,
    "1.0/actions/cancel_job": {"id": "JOB"},
    "1.0/actions/vectorSearch": {"query": VECTORS},
    "1.0/no": {},
    "1.0/\ud800": {},
    "1.0/get\0": {"id": "ID"},
}
known = st.sampled_from(["ID", "FILE", "JOB", "rows", "_storage", "_scheduled_functions", "code:aMutation", "mutation"])
vector_queries = st.builds(
    lambda *fields: dict(zip(("indexName", "vector", "limit", "expressions"), fields, strict=True)),
    st.sampled_from(["rows.by_e", "rows.by_n", "no", ""]),
    st.sampled_from([[1, 0], [1], [], ["a", None], [1e308, 1e308], [{"$float": "AAAAAAAA+H8="}, 0]]) | values,
    st.sampled_from([0, 1, -1, 256, 257, 0.5]) | values,
    st.none() | values | st.lists(expressions, max_size=2),
)


@st.composite
def asked(draw: st.DrawFn) -> tuple[str, str]:
    """An operation whose arguments have up to two fields that are something else, or are no object at all."""
    op = draw(st.sampled_from(sorted(SOUND)))
    given = dict(SOUND[op])
    for name in draw(st.lists(st.sampled_from(sorted(given) or ["id"]), max_size=2)):
        if name in ("query", "source"):
            given[name] = draw(
                {"query": plans, "source": sources}[name] if op != "1.0/actions/vectorSearch" else vector_queries
            )
        elif name == "operators":
            given[name] = draw(operators)
        else:
            given[name] = draw(known | values)
    text = json.dumps(given)
    return op, draw(
        st.sampled_from([*(text,) * 20, "", "null", "[]", text[:-1], '{"id":NaN}', "9" * 5000, "[" * 100_000])
    )


asks = st.lists(asked(), min_size=1, max_size=12)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def deployment(tools, tmp_path_factory):
    deployment = await Deployment.open(tmp_path_factory.mktemp("hostile"), tools=tools)
    result = await deployment.deploy(1, PROJECT)
    assert result.ok, result.problems
    yield deployment
    await deployment.close()
    await close_pools()


def named(asks: list[tuple[str, str]], ids: dict[str, str]) -> str:
    """As text, which may hold what no Convex value can."""
    text = json.dumps(asks)
    for name, real in ids.items():
        text = text.replace(f'\\"{name}\\"', f'\\"{real}\\"')
    return text


@pytest.mark.parametrize("function", ["aQuery", "aMutation", "anAction"])
@pytest.mark.asyncio(loop_scope="module")
async def test_every_operation_is_answered(deployment, function):
    loop = asyncio.get_running_loop()

    async def ask(wanted: list[tuple[str, str]]) -> Any:
        ids = (await deployment.run_mutation("code:add", {})).value
        ids["FILE"] = await deployment.store_file(b"hello", "text/plain")
        return await deployment.run(f"code:{function}", {"asks": named(wanted, ids)})

    @settings(deadline=None, max_examples=60)
    @given(asks)
    def fuzz(wanted: list[tuple[str, str]]) -> None:
        outcome = asyncio.run_coroutine_threadsafe(ask(wanted), loop).result(60)
        # Nothing of ours may be raised; a function that failed was failed by the host, with a reason.
        assert outcome.error is None or outcome.error.code in ("LearnerError", "LimitExceeded"), outcome.error
        assert outcome.error is None or "JavaScript" not in outcome.error.message, outcome.error

    await asyncio.to_thread(fuzz)
    rows = (await deployment.run_query("code:rows", {})).value
    assert rows
    assert all(isinstance(row["n"], int | float) for row in rows)
