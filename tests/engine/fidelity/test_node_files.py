"""A project of both worlds: "use node" files beside ordinary ones, deployed and called as on Convex."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.asyncio(loop_scope="module")

QUERIES = """import { internalMutation, query, action } from "./_generated/server";
import { internal } from "./_generated/api";
export const add = internalMutation(async (ctx, { body }: any) => { await ctx.db.insert("notes", { body }); });
export const all = query(async (ctx) => (await ctx.db.query("notes").collect()).map((note) => note.body));
export const world = action(async (ctx) => [typeof process.version, await ctx.runAction(internal.node.world, {})]);
"""
NODE = """"use node";
import { createHash } from "node:crypto";
import { action, internalAction } from "./_generated/server";
import { api, internal } from "./_generated/api";
export const note = action(async (ctx: any, { body }: any): Promise<any> => {
  await ctx.runMutation(internal.m.add, { body: createHash("md5").update(body).digest("hex") });
  return await ctx.runQuery(api.m.all, {});
});
export const world = internalAction(async () => typeof process.version);
export const both = action(async (ctx: any): Promise<any> => await ctx.runAction(api.m.world, {}));
export const later = action(async (ctx: any) => await ctx.scheduler.runAfter(1e6, internal.node.world, {}));
export const file = action(async (ctx: any) => {
  const id = await ctx.storage.store(new Blob(["hello"], { type: "text/plain" }));
  const blob = await ctx.storage.get(id);
  const { size } = await ctx.storage.getMetadata(id);
  return [await blob.text(), blob.type, size, await ctx.storage.get(crypto.randomUUID())];
});
export const who = action(async (ctx: any) => (await ctx.auth.getUserIdentity())?.subject ?? null);
"""


async def deploy(project, node=NODE):
    await project.deploy(files={"convex/m.ts": QUERIES, "convex/node.ts": node})


async def run(project, name):
    outcome = await project.deployment.run(name, {"body": "a"} if name.endswith("note") else {})
    assert outcome.error is None, outcome.error.message
    return outcome.value


async def test_a_node_action_calls_queries_and_mutations(project):
    await deploy(project)
    assert await run(project, "node:note") == ["0cc175b9c0f1b6a831c399e269772661"]


async def test_actions_of_both_worlds_call_each_other(project):
    await deploy(project)
    assert await run(project, "node:both") == ["undefined", "string"]


async def test_a_node_action_schedules_stores_and_knows_its_caller(project):
    await deploy(project)
    assert isinstance(await run(project, "node:later"), str)
    assert await run(project, "node:file") == ["hello", "text/plain", 5, None]
    assert await run(project, "node:who") is None


async def test_internal_actions_are_hidden_from_clients(project):
    await deploy(project)
    assert "Could not find public function" in (await project.deployment.run("node:world", {})).error.message


async def test_a_deploy_that_node_refuses_leaves_the_code_that_was_live(project):
    await deploy(project)
    wrong = NODE + '\nimport { query } from "./_generated/server"; export const q = query(async () => 1);'
    said = await project.try_deploy(files={"convex/m.ts": QUERIES, "convex/node.ts": wrong})
    assert said.startswith("`q` defined in `node.js` is a Query function. Only actions can be defined in Node.js.")
    assert await run(project, "node:both") == ["undefined", "string"]


async def test_a_deploy_changes_what_node_actions_run(project):
    await deploy(project)
    await deploy(project, NODE.replace("typeof process.version)", "2)"))
    assert await run(project, "node:both") == ["undefined", 2]


async def test_node_files_change_nothing_for_ordinary_ones(project):
    await deploy(project)
    code = "export const seen = query(async () => [typeof process.version, typeof Buffer, typeof setImmediate]);"
    await project.deploy(code, files={"convex/node.ts": NODE.replace("internal.m.add", "internal.m.seen")})
    assert await project.query("seen") == ["undefined"] * 3
