"""Actions as on Convex: they call queries and mutations, each a transaction of its own, and reach the outside world."""

from __future__ import annotations

import asyncio
import json

import pytest

from sandbox.engine import Deployment

pytestmark = pytest.mark.asyncio(loop_scope="module")

IMPORTS = """import { api, internal } from "./_generated/api";
import { action, internalAction, internalMutation, mutation, query } from "./_generated/server";
import { ConvexError, v } from "convex/values";
"""
COUNTERS = """
export const add = internalMutation({
  args: { by: v.number(), fail: v.optional(v.boolean()) },
  returns: v.number(),
  handler: async (ctx, { by, fail }) => {
    await ctx.db.insert("counts", { by });
    if (fail) throw new ConvexError({ by });
    return by;
  },
});
export const total = query(async (ctx) => {
  let sum = 0;
  for (const row of await ctx.db.query("counts").collect()) sum += row.by;
  return sum;
});
export const who = query(async (ctx) => (await ctx.auth.getUserIdentity())?.subject ?? null);
"""

LATE = """import * as late from "./late";
export const act = action(async (): Promise<any> => { BODY });
"""


async def call(project, body, *, more="", identity=None, **args):
    code = (
        f"{COUNTERS}\n{more}\nexport const act = action(async (ctx: any, args: any): Promise<any> => {{\n{body}\n}});"
    )
    await project.deploy(files={"convex/a.ts": IMPORTS + code})
    return await project.deployment.run("a:act", args, identity=identity, kind="action")


async def run(project, body, **options):
    outcome = await call(project, body, **options)
    assert outcome.error is None, outcome.error.message
    return outcome.value


async def error(project, body, **options):
    outcome = await call(project, body, **options)
    assert outcome.error is not None, outcome.value
    return outcome.error


async def test_an_action_calls_queries_and_mutations(project):
    body = """const before = await ctx.runQuery(api.a.total, {});
    await ctx.runMutation(internal.a.add, { by: 2 });
    return (await ctx.runQuery(api.a.total)) - before;"""
    assert await run(project, body) == 2


async def test_what_its_mutations_committed_stays_when_it_fails(project):
    before = await project.query("a:total")
    assert (await error(project, "await ctx.runMutation(internal.a.add, { by: 3 }); throw new Error('late');")).message
    assert await project.query("a:total") == before + 3


async def test_a_mutation_that_throws_leaves_nothing_and_its_data_arrives(project):
    body = """const before = await ctx.runQuery(api.a.total);
    try { await ctx.runMutation(internal.a.add, { by: 5, fail: true }); return "no error"; }
    catch (error: any) {
      return [error instanceof ConvexError, error.data, (await ctx.runQuery(api.a.total)) - before];
    }"""
    assert await run(project, body) == [True, {"by": 5}, 0]


async def test_the_text_of_an_inner_error_holds_its_frames_once(project):
    more = "export const boom = query(async () => { throw new Error('boom'); });"
    message = (await error(project, "return await ctx.runQuery(api.a.boom);", more=more)).message
    assert message.startswith("Uncaught Error: Uncaught Error: boom\n    at ")
    assert "Server Error" not in message
    assert message.count("convex/a.ts") >= 2


async def test_arguments_and_results_are_validated_at_each_call(project):
    body = """try { return await ctx.runMutation(internal.a.add, { by: "x" }); }
    catch (error: any) { return error.message; }"""
    assert (await run(project, body)).startswith("ArgumentValidationError: Value does not match validator.")
    more = (
        "export const typed = action({ args: { n: v.number() }, returns: v.string(), handler: async () => 5 as any });"
    )
    await run(project, "return null;", more=more)
    outcome = await project.deployment.run("a:typed", {"n": 1.0}, kind="action")
    assert outcome.error.message.startswith("ReturnsValidationError: ")
    outcome = await project.deployment.run("a:typed", {}, kind="action")
    assert outcome.error.message.startswith("ArgumentValidationError: ")


async def test_a_function_of_another_kind_is_refused(project):
    body = "try { await ctx.runMutation(api.a.total as any); } catch (error: any) { return error.message; }"
    assert await run(project, body) == "Trying to execute a.js:total as Mutation, but it is defined as Query."


async def test_an_internal_action_is_for_functions_only(project):
    more = "export const inner = internalAction(async () => 'inside');"
    assert await run(project, "return await ctx.runAction(internal.a.inner);", more=more) == "inside"
    outcome = await project.deployment.run("a:inner", {}, kind="action")
    assert outcome.error.message.startswith("Could not find public function for 'a:inner'.")


async def test_an_action_that_calls_itself_for_ever_is_ended(project):
    assert (
        "Cross component call depth limit exceeded"
        in (await error(project, "return await ctx.runAction(api.a.act);")).message
    )


async def test_functions_run_for_the_person_who_called(project):
    identity = {"subject": "alice", "issuer": "i", "tokenIdentifier": "i|alice"}
    body = "return [(await ctx.auth.getUserIdentity()).subject, await ctx.runQuery(api.a.who)];"
    assert await run(project, body, identity=identity) == ["alice", "alice"]
    assert await run(project, "return [await ctx.auth.getUserIdentity(), await ctx.runQuery(api.a.who)];") == [
        None,
        None,
    ]


async def test_an_action_has_no_database(project):
    assert await run(project, "return typeof ctx.db;") == "undefined"


async def test_mutations_of_one_action_at_once_all_commit(project):
    body = """const before = await ctx.runQuery(api.a.total);
    await Promise.all(Array.from({ length: 10 }, () => ctx.runMutation(internal.a.add, { by: 1 })));
    return (await ctx.runQuery(api.a.total)) - before;"""
    assert await run(project, body) == 10


async def test_values_of_every_kind_pass_through(project):
    more = "export const same = query(async (_ctx, args: any) => args);"
    body = """const value = {
      big: 2n ** 62n, bytes: new Uint8Array([1, 2]).buffer, not: NaN, zero: -0, text: "\\u2028\\n\\t" };
    const back: any = await ctx.runQuery(api.a.same, value);
    return [back.big === value.big, back.bytes.byteLength, Number.isNaN(back.not), Object.is(back.zero, -0),
      back.text === value.text];"""
    assert await run(project, body, more=more) == [True, 2, True, True, True]


async def test_fetch_reaches_the_practice_service(project):
    body = """const response = await fetch("https://practice.sandbox.test/echo?a=1", {
      method: "POST", headers: { "X-One": "1", "Content-Type": "application/json" }, body: JSON.stringify({ n: 2 }) });
    const echo = await response.json();
    return [response.ok, response.status, response.headers.get("content-type"), echo.json,
      echo.headers["x-one"], echo.query];"""
    assert await run(project, body) == [True, 200, "application/json", {"n": 2}, "1", {"a": "1"}]


async def test_fetches_run_at_once_and_can_be_aborted(project):
    body = """const stop = new AbortController();
    const slow = fetch("https://practice.sandbox.test/slow?ms=9000", { signal: stop.signal });
    const fast = await Promise.all([1, 2, 3].map(async (n) => (await (await fetch(`https://practice.sandbox.test/quotes/${n}`)).json()).id));
    stop.abort();
    try { await slow; return "not aborted"; } catch (error: any) { return [fast, error.name]; }"""
    assert await run(project, body) == [[1, 2, 3], "AbortError"]


async def test_bytes_arrive_as_they_were_sent(project):
    body = """const response = await fetch(new Request("https://practice.sandbox.test/bytes/300"));
    const bytes = new Uint8Array(await response.arrayBuffer());
    return [bytes.length, bytes[255], bytes[299]];"""
    assert await run(project, body) == [300, 255, 43]


@pytest.mark.parametrize("url", ["https://example.com/", "http://127.0.0.1:3210/", "http://169.254.169.254/latest/"])
async def test_fetch_reaches_nothing_else(project, url):
    found = await run(
        project, f"try {{ await fetch('{url}'); }} catch (error: any) {{ return [error.name, error.message]; }}"
    )
    assert found[0] == "TypeError"
    assert "is not allowed in this sandbox" in found[1]


async def test_what_was_not_awaited_is_in_the_log_and_the_note(project):
    outcome = await call(project, "ctx.runQuery(api.a.total); void fetch('https://practice.sandbox.test/'); return 1;")
    assert outcome.log_lines == (
        "[WARN] 2 unawaited operations: [fetch, query]. Async operations should be awaited or they might not run. "
        "See https://docs.convex.dev/functions/actions#dangling-promises for more information.",
    )
    assert set(outcome.note.unawaited) == {"fetch", "query"}


async def test_every_run_that_an_action_causes_is_noted(project):
    notes = []
    project.deployment.add_listener(notes.append)
    try:
        await run(project, "await ctx.runMutation(internal.a.add, { by: 1 }); return await ctx.runQuery(api.a.total);")
    finally:
        project.deployment.remove_listener(notes.append)
    paths = [note.path for note in notes if hasattr(note, "path")]
    assert paths == ["a:add", "a:total", "a:act"]


async def test_what_only_transactions_have_is_unknown_to_actions(project):
    body = """const ask = (globalThis as any).Convex.asyncSyscall;
    try { await ask("1.0/getTransactionMetrics", "{}"); } catch (error: any) { return error.message; }"""
    assert await run(project, body) == "Unknown async operation 1.0/getTransactionMetrics"


async def test_a_socket_runs_actions_beside_each_other(tmp_path, tools):
    deployment = await Deployment.open(tmp_path, tools=tools)
    code = "export const act = action(async (_ctx: any, { ms }: any) => (await (await fetch(`https://practice.sandbox.test/slow?ms=${ms}`)).json()).waited_ms);"
    assert (await deployment.deploy(1, {"convex/a.ts": IMPORTS + code})).ok
    answered: asyncio.Queue[dict] = asyncio.Queue()

    async def send(text):
        message = json.loads(text)
        if message["type"] == "ActionResponse":
            answered.put_nowait(message)

    async def close(code, reason):
        pass

    session = deployment.connect(send, close)
    await session.receive(json.dumps({"type": "Connect", "sessionId": "s", "connectionCount": 0, "clientTs": 0}))
    for number, ms in enumerate([400, 0]):
        message = {"type": "Action", "requestId": number, "udfPath": "a:act", "args": [{"ms": ms}]}
        await session.receive(json.dumps(message))
    first, second = await answered.get(), await answered.get()
    assert [(first["requestId"], first["result"]), (second["requestId"], second["result"])] == [(1, 0), (0, 400)]
    await deployment.close()


async def test_files_are_stored_and_read(project):
    body = """const id = await ctx.storage.store(new Blob(["hello"], { type: "text/plain" }));
    const blob = await ctx.storage.get(id);
    const about = await ctx.storage.getMetadata(id);
    await ctx.storage.delete(id);
    return [await blob.text(), blob.type, about.size, await ctx.storage.get(id), await ctx.storage.getUrl(id)];"""
    assert await run(project, body) == ["hello", "text/plain", 5, None, None]


async def test_only_a_blob_can_be_stored(project):
    body = "try { await ctx.storage.store('text' as any); } catch (error: any) { return error.message; }"
    assert (await run(project, body)).startswith("store() expects a Blob.")


async def test_a_fetched_response_can_be_stored(project):
    body = """const response = await fetch("https://practice.sandbox.test/bytes/70000");
    const id = await ctx.storage.store(await response.blob());
    return (await ctx.storage.getMetadata(id)).size;"""
    assert await run(project, body) == 70000


async def test_import_gives_the_same_namespace_every_time(project):
    files = {"convex/late.ts": "export const one = {};\nexport default 2;\n"}
    body = """const [first, second] = [await import("./late"), await import("./late.js")];
    return [first === second, first.one === late.one, first.default, Object.keys(first).sort()];"""
    await project.deploy(files={**files, "convex/a.ts": IMPORTS + LATE.replace("BODY", body)})
    outcome = await project.deployment.run("a:act", {}, kind="action")
    assert outcome.value == [True, True, 2, ["default", "one"]]


async def test_import_of_no_module_is_a_rejection(project):
    text = await run(project, 'const path = "./nowhere"; return import(path).catch((error) => String(error));')
    assert text == "TypeError: Couldn't find JavaScript module 'nowhere'"


async def test_an_action_may_call_more_actions_than_run_at_once(project):
    more = "export const one = internalAction(async () => 1);"
    body = "return (await Promise.all(Array.from({ length: 150 }, () => ctx.runAction(internal.a.one, {})))).length;"
    assert await run(project, body, more=more) == 150
