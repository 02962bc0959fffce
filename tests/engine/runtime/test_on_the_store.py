"""Functions over a real store: what they read, wrote and recorded."""

from __future__ import annotations

import json

import pytest_asyncio

from sandbox.engine.clock import FixedClock
from sandbox.engine.runtime.host import Call, close_pools
from sandbox.engine.runtime.syscalls import Syscalls
from sandbox.engine.schema import SchemaDefinition
from sandbox.engine.store import Store
from tests.engine.runtime.conftest import IMPORTS, NOW_MS, Learner

SCHEMA = """import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";
export default defineSchema({ rows: defineTable({ n: v.number(), s: v.optional(v.string()) }).index("by_n", ["n"]) });
"""
CODE = f"""{IMPORTS}
export const add = mutation(async (ctx, {{ from, to }}: any) => {{
  const ids = [];
  for (let n = from; n < to; n++) ids.push(await ctx.db.insert("rows", {{ n }}));
  return ids;
}});
export const list = query(async (ctx, {{ limit }}: any) =>
  (await ctx.db.query("rows").withIndex("by_n").take(limit)).map((row: any) => row.n));
export const first = query(async (ctx, {{ above }}: any) => {{
  for await (const row of ctx.db.query("rows").withIndex("by_n")) if ((row as any).n > above) return (row as any).n;
}});
export const own = mutation(async (ctx) => {{
  const id = await ctx.db.insert("rows", {{ n: -1, s: "mine" }});
  await ctx.db.patch(id, {{ s: undefined }});
  const row: any = await ctx.db.query("rows").withIndex("by_n", (q: any) => q.eq("n", -1)).unique();
  const normalized = ctx.db.normalizeId("rows", id) === id;
  await ctx.db.delete(id);
  return ["s" in row, row._id === id, normalized, (await ctx.db.get(id)) === null];
}});
export const bad = mutation(async (ctx) => {{
  await ctx.db.insert("rows", {{ n: "text" }} as any);
}});
export const fresh = mutation(async (ctx) => {{
  const id = await ctx.db.insert("undeclared" as any, {{}});
  return [ctx.db.normalizeId("undeclared" as any, id) === id, ctx.db.normalizeId("rows", id)];
}});
"""


class Deployed:
    def __init__(self, learner: Learner, store: Store) -> None:
        self.learner = learner
        self.store = store

    async def call(self, name: str, kind: str, **args):
        """The transaction and the result of one call; a mutation that succeeds is committed."""
        async with await self.store.snapshot() as snapshot:
            transaction = self.store.transaction(snapshot, seed=bytes(16), writable=kind == "mutation")
            call = Call(kind, f"code:{name}", json.dumps([args]), NOW_MS, 1, transaction.table_numbers())
            result = await self.learner.host.call(call, Syscalls(transaction, kind=kind, identity=None))
            if kind == "mutation" and result.ok:
                await self.store.commit(transaction, run_id="run", cause=name, writer=None)
        return transaction, result


@pytest_asyncio.fixture
async def deployed(tools, tmp_path):
    learner = Learner(tools)
    store = await Store.open(tmp_path, clock=FixedClock())
    analysis = await learner.deploy(schema=SCHEMA, code=CODE)
    await store.push_schema(SchemaDefinition.parse(analysis.schema_json))
    yield Deployed(learner, store)
    await learner.host.close()
    await close_pools()
    await store.close()


async def test_what_a_mutation_wrote_a_query_reads(deployed):
    _, added = await deployed.call("add", "mutation", **{"from": 0, "to": 5})
    assert len(set(json.loads(added.value_json))) == 5
    transaction, listed = await deployed.call("list", "query", limit=3)
    assert listed.value_json == "[0,1,2]"
    assert transaction.documents_read == 3


async def test_only_what_was_consumed_counts_as_read(deployed):
    await deployed.call("add", "mutation", **{"from": 0, "to": 600})
    transaction, result = await deployed.call("first", "query", above=9)
    assert (result.value_json, transaction.documents_read) == ("10", 11)
    assert [note.documents for note in transaction.reads] == [11]


async def test_a_mutation_sees_its_own_writes(deployed):
    _, result = await deployed.call("own", "mutation")
    assert result.value_json == "[false,true,true,true]"


async def test_a_document_that_breaks_the_schema_is_refused_at_the_insert(deployed):
    _, result = await deployed.call("bad", "mutation")
    assert "does not match the schema: Value does not match validator." in result.error.message
    assert result.error.message.endswith("    at async <anonymous> (../convex/code.ts:23:3)\n")


async def test_a_table_made_by_the_running_mutation_is_known_to_normalize_id(deployed):
    _, result = await deployed.call("fresh", "mutation")
    assert result.value_json == "[true,null]"


async def test_a_collect_of_ten_thousand(deployed):
    for start in range(0, 10_000, 5_000):
        await deployed.call("add", "mutation", **{"from": start, "to": start + 5_000})
    transaction, result = await deployed.call("list", "query", limit=20_000)
    assert json.loads(result.value_json) == list(range(10_000))
    assert transaction.documents_read == 10_000
