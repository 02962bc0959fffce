"""`AsyncLocalStorage` and `AsyncResource`: a value follows whatever was begun where it was set, and nothing else."""

# ruff: noqa: E501 – the learner's code is laid out as TypeScript

from __future__ import annotations

import pytest
import pytest_asyncio

pytestmark = pytest.mark.asyncio(loop_scope="module")

CODE = """
const { AsyncLocalStorage, AsyncResource } = globalThis as any;
const who = new AsyncLocalStorage();
const where = new AsyncLocalStorage();
const pause = () => new Promise((resolve) => setTimeout(resolve, 5));

export const awaited = query(async (ctx) => {
  const inner = await who.run("ann", async () => {
    const before = who.getStore();
    await ctx.db.query("notes").collect();
    const nested = where.run("here", () => [who.getStore(), where.getStore()]);
    return [before, who.getStore(), nested, where.getStore() ?? null];
  });
  return [...inner, who.getStore() ?? null];
});
export const apart = query(async () => {
  const one = async (name: string, turns: number) => {
    for (let i = 0; i < turns; i += 1) await null;
    return who.getStore() === name;
  };
  const names = ["a", "b", "c"];
  return await Promise.all(names.map((name, at) => who.run(name, one, name, at * 3)));
});
export const entered = query(async () => {
  who.enterWith("bob");
  await null;
  const seen = who.getStore();
  const left = who.exit(() => who.getStore() ?? null);
  who.disable();
  return [seen, left, who.getStore() ?? null];
});
export const kept = query(() => who.getStore() ?? null);
export const bound = query(async () => {
  const [snapshot, tell, resource] = who.run("early", () =>
    [AsyncLocalStorage.snapshot(), AsyncLocalStorage.bind(() => who.getStore()), new AsyncResource("job")]);
  return who.run("late", () => [
    snapshot(() => who.getStore()), tell(), resource.runInAsyncScope(() => who.getStore()),
    resource.bind(() => who.getStore())(), who.getStore(),
  ]);
});
export const thrown = query(async () => {
  try { who.run("x", () => { throw new Error("inside"); }); } catch (error: any) { return [error.message, who.getStore() ?? null]; }
});
export const timed = action(async () => {
  const seen: unknown[] = [];
  await who.run("timer", () => new Promise<void>((resolve) => setTimeout(() => { seen.push(who.getStore()); resolve(); }, 5)));
  await Promise.all(["a", "b"].map((name) => who.run(name, async () => { await pause(); seen.push(who.getStore()); })));
  return [...seen, who.getStore() ?? null];
});
export const deep = query(() => {
  const dive = (n: number): number => who.run(n, () => dive(n + 1));
  try { return dive(0); } catch (error: any) { return [error instanceof Error, error.constructor.constructor === Function, who.getStore() ?? null]; }
});
"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def live(project):
    await project.deploy(CODE)
    return project


async def test_a_value_follows_awaits_and_reads(live):
    assert await live.query("awaited") == ["ann", "ann", ["ann", "here"], None, None]


async def test_what_runs_at_the_same_time_keeps_its_own_value(live):
    assert await live.query("apart") == [True, True, True]


async def test_a_value_that_was_entered_ends_with_the_call(live):
    assert await live.query("entered") == ["bob", None, None]
    assert await live.query("kept") is None


async def test_a_context_can_be_kept_for_later(live):
    assert await live.query("bound") == ["early", "early", "early", "early", "late"]


async def test_an_error_leaves_the_context(live):
    assert await live.query("thrown") == ["inside", None]


async def test_timers_of_actions_run_in_the_context_that_started_them(live):
    outcome = await live.deployment.run("m:timed", {})
    assert outcome.value == ["timer", "a", "b", None]


async def test_a_stack_that_is_used_up_shows_nothing_of_the_outer_realm(live):
    assert await live.query("deep") == [True, True, None]
