"""The frames of errors: what clients are sent, what `error.stack` holds and what `console.trace` prints (semantics.md §9)."""

# ruff: noqa: E501 – the learner's code is laid out as TypeScript

from __future__ import annotations

import pytest
import pytest_asyncio

pytestmark = pytest.mark.asyncio(loop_scope="module")

# Each function starts its line, so that places are easy to tell: the first line of the file is IMPORTS'.
FILES = {
    "convex/stacks.ts": """import { query, action } from "./_generated/server";
import { fail } from "./lib/fail";
class Box { static make(): any { throw new Error("x"); } open() { throw new Error("x"); } constructor(fails = false) { if (fails) throw new Error("x"); } }
const thing = { act() { throw new Error("x"); }, get field() { throw new Error("x"); } };
const later = async () => { await null; throw new Error("x"); };
export const method = query(() => { new Box().open(); });
export const made = query(() => { Box.make(); });
export const built = query(() => { new Box(true); });
export const named = query(() => { thing.act(); });
export const getter = query(() => { return thing.field; });
export const handled = query({ args: {}, handler: async () => { fail(); } });
export const mapped = query(() => { [1].map((n) => { throw new Error("x"); }); });
export const parsed = query(() => { JSON.parse("{"); });
export const awaited = query(async () => { await later(); });
export const together = query(async () => { await Promise.all([1, later()]); });
export const refused = query(async (ctx) => { await ctx.db.get("short" as any); });
export const changed = query(() => { const error = new Error("x"); error.stack = "    at other (convex/stacks.js:1:1)"; throw error; });
export const seen = query(() => { function inner() { return new Error("x"); }
  const outer = () => inner();
  return outer().stack; });
export const limited = query(() => { Error.stackTraceLimit = 1; return (() => new Error("x").stack)(); });
export const captured = query(() => { const holder: any = {}; Error.captureStackTrace(holder); return holder.stack; });
export const nothing = query(() => { try { (null as any).field; } catch (error: any) { return error.stack; } });
export const inLibrary = query(async (ctx) => { try { await ctx.db.get(null as any); } catch (error: any) { return error.stack; } });
export const acted = action(async () => { try { await later(); } catch (error: any) { return error.stack; } });
export const traced = query(() => { function inner() { console.trace("a", { b: 1 }); }
  inner(); });
const atImport = new Error("x").stack;
export const early = query(() => atImport);
""",
    "convex/lib/fail.ts": 'export function fail() {\n  const text = "x";\n  throw new Error(text);\n}\n',
}


@pytest_asyncio.fixture(scope="module", loop_scope="module", autouse=True)
async def live(project):
    await project.deploy(files=FILES)


@pytest.mark.parametrize(
    ("name", "frames"),
    [
        ("method", ["open [as open] (../convex/stacks.ts:3:73)", "<anonymous> (../convex/stacks.ts:6:47)"]),
        ("made", ["make [as make] (../convex/stacks.ts:3:40)", "<anonymous> (../convex/stacks.ts:7:39)"]),
        ("built", ["new Box (../convex/stacks.ts:3:137)", "<anonymous> (../convex/stacks.ts:8:36)"]),
        ("named", ["act [as act] (../convex/stacks.ts:4:31)", "<anonymous> (../convex/stacks.ts:9:42)"]),
        ("getter", ["get field [as field] (../convex/stacks.ts:4:70)", "<anonymous> (../convex/stacks.ts:10:50)"]),
        ("handled", ["fail (../convex/lib/fail.ts:3:9)", "handler (../convex/stacks.ts:11:65)"]),
        ("mapped", ["<anonymous> (../convex/stacks.ts:12:60)", "map [as map] (<anonymous>)", "<anonymous> (../convex/stacks.ts:12:41)"]),
        ("parsed", ["parse [as parse] (<anonymous>)", "<anonymous> (../convex/stacks.ts:13:42)"]),
        ("awaited", ["later (../convex/stacks.ts:5:47)", "async <anonymous> (../convex/stacks.ts:14:44)"]),
        ("together", ["later (../convex/stacks.ts:5:47)", "async Promise.all (index 1)", "async <anonymous> (../convex/stacks.ts:15:45)"]),
        ("refused", ["async <anonymous> (../convex/stacks.ts:16:47)"]),
        ("changed", []),
    ],
)  # fmt: skip
async def test_the_frames_of_what_is_thrown(project, name, frames):
    outcome = await project.deployment.run_query(f"stacks:{name}", {})
    message, *lines = outcome.error.message.rstrip("\n").split("\n")
    assert message.startswith("Uncaught ")
    assert lines == [f"    at {frame}" for frame in frames]


@pytest.mark.parametrize(
    ("name", "frames"),
    [
        ("seen", ["inner (../convex/stacks.ts:18:61)", "outer (../convex/stacks.ts:19:23)", "<anonymous> (../convex/stacks.ts:20:10)"]),
        ("limited", ["<anonymous> (../convex/stacks.ts:21:79)"]),
        ("captured", ["<anonymous> (../convex/stacks.ts:22:69)"]),
        ("nothing", ["<anonymous> (../convex/stacks.ts:23:58)"]),
        ("inLibrary", ["<anonymous> (../convex/stacks.ts:24:68)"]),
        ("early", ["<anonymous> (../convex/stacks.ts:28:18)"]),
    ],
)  # fmt: skip
async def test_the_stack_that_a_function_sees_has_its_own_places(project, name, frames):
    assert await project.query(f"stacks:{name}") == "\n".join(f"    at {frame}" for frame in frames)


async def test_so_does_an_action(project):
    outcome = await project.deployment.run("stacks:acted", {})
    places = ["later (../convex/stacks.ts:5:47)", "async <anonymous> (../convex/stacks.ts:25:49)"]
    assert outcome.value == "\n".join(f"    at {place}" for place in places)


async def test_a_trace_is_printed_with_its_frames(project):
    outcome = await project.deployment.run_query("stacks:traced", {})
    places = ["inner (../convex/stacks.ts:26:64)", "<anonymous> (../convex/stacks.ts:27:3)"]
    frames = "".join(f"    at {place}\n" for place in places)
    assert outcome.log_lines == ("[LOG] 'a' {\n  b: 1\n} \n" + frames,)


async def test_a_very_long_message_is_cut(project):
    await project.deploy('export const long = query(() => { throw new Error("é".repeat(40_000)); });')
    message = (await project.error("long")).split("\n")[0]
    assert message == "Uncaught Error: " + "é" * ((65_536 - len("Uncaught Error: ")) // 2)
