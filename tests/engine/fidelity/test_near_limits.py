"""Who comes near a limit is warned in the log, after the function's own lines (semantics.md §8)."""

# ruff: noqa: E501 – the learner's code is laid out as TypeScript

from __future__ import annotations

import re

import pytest
import pytest_asyncio

from sandbox.engine import limits
from sandbox.engine.store import meter

pytestmark = pytest.mark.asyncio(loop_scope="module")

CODE = """
const nested = (levels: number): any => (levels === 0 ? 1 : [nested(levels - 1)]);
export const fill = mutation(async (ctx) => { for (let n = 0; n < 9; n += 1) await ctx.db.insert("rows", { n }); });
export const read = query(async (ctx, { n }: any) => { console.log("own"); await ctx.db.query("rows").take(n); });
export const ranges = query(async (ctx, { n }: any) => {
  for (let i = 0; i < n; i += 1) await ctx.db.query("rows").withIndex("by_n", (q: any) => q.eq("n", 100 + i)).collect();
});
export const write = mutation(async (ctx, { n }: any) => { for (let i = 0; i < n; i += 1) await ctx.db.insert("written", {}); });
export const large = mutation(async (ctx, { size }: any) => { await ctx.db.insert("written", { n: 1 }); return ctx.db.insert("written", { text: "a".repeat(size) }); });
export const deep = mutation(async (ctx, { levels }: any) => { await ctx.db.insert("written", { n: [[]] }); return ctx.db.insert("written", { deep: nested(levels) }); });
export const schedule = mutation(async (ctx, { n }: any) => { for (let i = 0; i < n; i += 1) await ctx.scheduler.runAfter(1e9, "m:fill" as any, {}); });
export const blobs = mutation(async (ctx, { n }: any) => { for (let i = 0; i < n; i += 1) await ctx.db.insert("blobs", { data: new ArrayBuffer(1000) }); });
export const readBlobs = query(async (ctx, { n }: any) => { await ctx.db.query("blobs").take(n); });
export const scheduleLarge = mutation(async (ctx, { size }: any) => { await ctx.scheduler.runAfter(1e9, "m:fill" as any, { text: "a".repeat(size) }); });
export const sized = query(async (_, { size }: any) => new ArrayBuffer(size));
export const failing = query(async (ctx) => { await ctx.db.query("rows").take(9); throw new Error("no"); });
export const act = action(async (_, { size }: any) => new ArrayBuffer(size));
"""


@pytest_asyncio.fixture(scope="module", loop_scope="module", autouse=True)
async def live(project):
    await project.deploy(CODE, '{ rows: defineTable({ n: v.number() }).index("by_n", ["n"]) }')
    await project.mutation("fill")


@pytest.fixture(autouse=True)
def low_limits(monkeypatch):
    for name, limit in {
        "DOCUMENTS_READ_MAX": 10,
        "INTERVALS_READ_MAX": 20,
        "DOCUMENTS_WRITTEN_MAX": 10,
        "FUNCTIONS_SCHEDULED_MAX": 5,
        "SCHEDULED_BYTES_MAX": 1_000_000,
        "BYTES_READ_MAX": 7_000,
        "BYTES_WRITTEN_MAX": 1_200_000,
        "RETURN_BYTES_MAX": 1000,
        "ARGUMENT_BYTES_MAX": 100_000,
    }.items():
        monkeypatch.setattr(limits, name, limit)
        monkeypatch.setattr(meter, name, limit, raising=False)


async def log_of(project, name, *, kind="query", **args):
    run = {"query": project.deployment.run_query, "mutation": project.deployment.run_mutation}[kind]
    return list((await run(f"m:{name}", args)).log_lines)


MORE = (
    "Consider using smaller limits in your queries, paginating your queries, or using indexed queries with a "
    "selective index range expressions."
)


@pytest.mark.parametrize(
    ("name", "args", "lines"),
    [
        ("read", {"n": 8}, ["[LOG] 'own'"]),
        ("read", {"n": 9}, ["[LOG] 'own'", f"[WARN] Many documents read in a single function execution (actual: 9, limit: 10). {MORE}"]),
        ("failing", {}, [f"[WARN] Many documents read in a single function execution (actual: 9, limit: 10). {MORE}"]),
        ("ranges", {"n": 17}, [f"[WARN] Many reads in a single function execution (actual: 17, limit: 20). {MORE}"]),
        ("ranges", {"n": 20}, [f"[WARN] Many reads in a single function execution (actual: 20, limit: 20). {MORE}"]),
        ("ranges", {"n": 21}, []),
        ("sized", {"size": 700}, []),
        ("sized", {"size": 900}, ["[WARN] Large size of the function return value (actual: 902 bytes, limit: 1000 bytes)."]),
    ],
)  # fmt: skip
async def test_a_query_is_warned(project, name, args, lines):
    assert await log_of(project, name, **args) == lines


async def test_large_arguments_are_told(project):
    seen = await log_of(project, "sized", size=0, more="a" * 90_000)
    assert seen == ["[WARN] Large size of the function arguments (actual: 90025 bytes, limit: 100000 bytes)."]


async def test_a_mutation_is_warned_of_what_it_writes(project):
    assert await log_of(project, "write", kind="mutation", n=8) == []
    text = "[WARN] Many writes in a single function execution (actual: 9, limit: 10)."
    assert await log_of(project, "write", kind="mutation", n=9) == [text]
    text = "[WARN] Many functions scheduled by this mutation (actual: 5, limit: 5)."
    assert await log_of(project, "schedule", kind="mutation", n=5) == [text]


async def test_bytes_are_told_beside_the_documents(project, monkeypatch):
    monkeypatch.setattr(limits, "BYTES_WRITTEN_MAX", 7_000)
    monkeypatch.setattr(meter, "BYTES_WRITTEN_MAX", 7_000)
    assert await log_of(project, "blobs", kind="mutation", n=5) == []
    [line] = await log_of(project, "blobs", kind="mutation", n=6)
    assert re.fullmatch(
        r"\[WARN\] Many bytes written in a single function execution \(actual: 6\d\d\d bytes, limit: 7000 bytes\)\.",
        line,
    )
    assert await log_of(project, "readBlobs", n=5) == []
    [line] = await log_of(project, "readBlobs", n=6)
    assert re.fullmatch(
        r"\[WARN\] Many bytes read in a single function execution \(actual: 6\d\d\d bytes, limit: 7000 bytes\)\. (.*)", line
    )[1] == MORE  # fmt: skip
    [line] = await log_of(project, "scheduleLarge", kind="mutation", size=900_000)
    assert line == (
        "[WARN] Large total size of the arguments of scheduled functions from this mutation "
        "(actual: 900011 bytes, limit: 1000000 bytes)."
    )


async def test_the_document_that_is_large_or_deep_is_named(project):
    outcome = await project.deployment.run_mutation("m:large", {"size": 900_000})
    [line] = outcome.log_lines
    assert line.startswith(f'[WARN] Large document written with ID "{outcome.value}" (actual: 900')
    assert line.endswith(" bytes, limit: 1048576 bytes).")
    assert await log_of(project, "deep", kind="mutation", levels=11) == []
    outcome = await project.deployment.run_mutation("m:deep", {"levels": 14})
    text = f'[WARN] Deeply nested document written with ID "{outcome.value}" (actual: 15 levels, limit: 16 levels).'
    assert outcome.log_lines == (text,)


async def test_an_action_is_warned_of_its_arguments_and_its_value(project):
    outcome = await project.deployment.run("m:act", {"size": 900, "more": "a" * 90_000}, kind="action")
    assert list(outcome.log_lines) == [
        "[WARN] Large size of the action arguments (actual: 90025 bytes, limit: 100000 bytes).",
        "[WARN] Large size of the action return value (actual: 902 bytes, limit: 1000 bytes).",
    ]
