"""Bodies of actions: streams go out as they come, and 20 MiB pass each way where Convex lets them."""

from __future__ import annotations

import asyncio
import json

import pytest
import pytest_asyncio

from sandbox.engine import HttpActionRequest
from sandbox.engine.limits import MIB

pytestmark = pytest.mark.asyncio(loop_scope="module")

ORIGIN = "http://127.0.0.1:3211"
HTTP = """import { httpRouter } from "convex/server";
import { api } from "./_generated/api";
import { httpAction } from "./_generated/server";
const http = httpRouter();
const route = (path: string, method: any, handler: any) => http.route({ path, method, handler: httpAction(handler) });
const text = (value: string) => new TextEncoder().encode(value);
const until = async (ctx: any, count: number) => { while ((await ctx.runQuery(api.m.count)) < count); };

route("/stream", "GET", async (ctx: any) => new Response(new ReadableStream({
  async start(controller) {
    for (const n of [1, 2]) { await until(ctx, n); controller.enqueue(text(`part ${n};`)); }
    controller.close();
  },
}), { status: 201, headers: { "content-type": "text/event-stream" } }));
route("/pipe", "GET", async () => {
  const { readable, writable } = new TransformStream();
  const writer = writable.getWriter();
  void (async () => { for (const part of ["a", "b"]) await writer.write(text(part)); await writer.close(); })();
  return new Response(readable);
});
route("/breaks", "GET", async () => {
  let parts = 0;
  return new Response(new ReadableStream({ pull(controller) {
    if (parts++ === 1) throw new Error("in the middle");
    controller.enqueue(text("part"));
  } }));
});
route("/texts", "GET", async () => new Response(new ReadableStream({
  start(controller) { controller.enqueue("no bytes"); controller.close(); } })));
route("/endless", "GET", async () => new Response(new ReadableStream({
  pull(controller) { controller.enqueue(new Uint8Array(1 << 20)); } })));
route("/bytes", "GET", async (ctx: any, request: Request) =>
  new Response(new Uint8Array(Number(new URL(request.url).searchParams.get("n"))).fill(7)));
route("/text", "GET", async () => new Response("é".repeat(10 * 1024 * 1024)));
route("/back", "POST", async (ctx: any, request: Request) => new Response(await request.blob()));
route("/keep", "POST", async (ctx: any, request: Request) => {
  const id = await ctx.storage.store(await request.blob());
  const kept = await ctx.storage.get(id);
  return Response.json([kept.size, kept.type, (await kept.bytes()).at(-1)]);
});
export default http;
"""
M = """import { action, internalMutation, mutation, query } from "./_generated/server";
export const add = mutation(async (ctx) => { await ctx.db.insert("n", {}); });
export const count = query(async (ctx) => (await ctx.db.query("n").collect()).length);
export const keep = action(async (ctx: any, { size }: any) => {
  const blobs = [1, 2].map((n) => new Blob([new Uint8Array(size).fill(n)], { type: `x/${n}` }));
  const ids = await Promise.all(blobs.map((blob) => ctx.storage.store(blob)));
  const kept = await Promise.all(ids.map((id) => ctx.storage.get(id)));
  return await Promise.all(kept.map(async (blob: any) => [blob.size, blob.type, (await blob.bytes())[size - 1]]));
});
"""
NODE = (
    M.replace("import {", '"use node"; import {', 1)
    .replace("export const add", "const add")
    .replace("export const count", "const count")
)


class Sink:
    def __init__(self):
        self.head = None
        self.pieces = []
        self._arrived = asyncio.Event()

    async def start(self, response):
        self.head = response
        self._arrived.set()

    async def add(self, data):
        self.pieces.append(data)
        self._arrived.set()

    async def until(self, is_true):
        while not is_true():
            self._arrived.clear()
            await self._arrived.wait()


@pytest_asyncio.fixture(loop_scope="module", scope="module", autouse=True)
async def deployed(project):
    await project.deploy(files={"convex/http.ts": HTTP, "convex/m.ts": M, "convex/node.ts": NODE})


async def stream(project, path):
    sink = Sink()
    response = await project.deployment.stream_http_action(HttpActionRequest("GET", ORIGIN + path), sink)
    return response, sink


async def ask(project, method, path, body=b""):
    headers = (("content-type", "x/y"),)
    return await project.deployment.http_action(HttpActionRequest(method, ORIGIN + path, headers, body))


async def test_a_stream_goes_out_as_it_comes(project):
    sink = Sink()
    request = HttpActionRequest("GET", f"{ORIGIN}/stream")
    answering = asyncio.ensure_future(project.deployment.stream_http_action(request, sink))
    await sink.until(lambda: sink.head is not None)
    assert (sink.head.status, sink.head.headers, sink.head.route) == (
        201,
        (("content-type", "text/event-stream"),),
        "GET /stream",
    )
    for count in (1, 2):
        assert len(sink.pieces) == count - 1
        await project.mutation("add")
        await sink.until(lambda count=count: len(sink.pieces) == count)
    assert await answering is None
    assert sink.pieces == [b"part 1;", b"part 2;"]


async def test_without_a_sink_a_stream_is_gathered(project):
    response = await ask(project, "GET", "/pipe")
    assert (response.status, response.body) == (200, b"ab")


async def test_a_stream_that_breaks_ends_what_has_begun_and_the_run_tells_why(project):
    notes = []
    project.deployment.add_listener(notes.append)
    response, sink = await stream(project, "/breaks")
    project.deployment.remove_listener(notes.append)
    assert (response, sink.head.status, sink.pieces) == (None, 200, [b"part"])
    (error,) = [note.error for note in notes if getattr(note, "path", "") == "GET /breaks"]
    assert error.startswith("Uncaught Error: in the middle")


async def test_a_stream_holds_bytes(project):
    _, sink = await stream(project, "/texts")
    assert sink.pieces == []
    assert (await ask(project, "GET", "/texts")).status == 500


async def test_a_stream_may_not_be_longer_than_20_mib(project):
    response, sink = await stream(project, "/endless")
    assert (response, sum(map(len, sink.pieces))) == (None, 20 * MIB)


async def test_a_small_body_is_no_stream(project):
    response, sink = await stream(project, "/bytes?n=9")
    assert (response.body, sink.head) == (b"\7" * 9, None)


async def test_a_large_body_says_its_size_first(project):
    response, sink = await stream(project, f"/bytes?n={3 * MIB}")
    assert (response, sink.head.size) == (None, 3 * MIB)
    assert b"".join(sink.pieces) == b"\7" * 3 * MIB


@pytest.mark.parametrize(("size", "status"), [(20 * MIB, 200), (20 * MIB + 1, 500)])
async def test_a_response_may_hold_20_mib(project, size, status):
    response, sink = await stream(project, f"/bytes?n={size}")
    assert (response or sink.head).status == status


async def test_a_large_text_is_encoded(project):
    body = (await ask(project, "GET", "/text")).body
    assert body == "é".encode() * (10 * MIB)


async def test_a_request_may_hold_20_mib(project):
    body = bytes(range(256)) * (20 * MIB // 256)
    response = await ask(project, "POST", "/back", body)
    assert (response.body == body, dict(response.headers)["content-type"]) == (True, "x/y")
    assert json.loads((await ask(project, "POST", "/keep", body)).body) == [20 * MIB, "x/y", 255]


@pytest.mark.parametrize("module", ["m", "node"])
async def test_actions_store_and_get_large_files_beside_each_other(project, module):
    outcome = await project.deployment.run(f"{module}:keep", {"size": 10 * MIB})
    assert outcome.error is None, outcome.error.message
    assert outcome.value == [[10 * MIB, "x/1", 1], [10 * MIB, "x/2", 2]]


async def test_nobody_takes_what_was_not_held(project):
    code = """import { action } from "./_generated/server";
    export const f = action(async () => {
      const ask = (globalThis as any).Convex.asyncSyscall;
      return await Promise.allSettled(["bytes/take", "http/start"].map((op) => ask(op, "{}"))).then(
        (all) => all.map((each: any) => each.reason.message));
    });"""
    await project.deploy(files={"convex/http.ts": HTTP, "convex/m.ts": M, "convex/a.ts": code})
    outcome = await project.deployment.run("a:f", {})
    assert outcome.value == ["Unknown async operation bytes/take", "Unknown async operation http/start"]
