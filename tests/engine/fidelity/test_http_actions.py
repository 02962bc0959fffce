"""http.ts as on Convex: routes are found by path and method, requests arrive and responses leave as they were."""

from __future__ import annotations

import json

import pytest
import pytest_asyncio

from sandbox.engine import HttpActionRequest

pytestmark = pytest.mark.asyncio(loop_scope="module")

ORIGIN = "http://127.0.0.1:3211"
HTTP = """import { httpRouter } from "convex/server";
import { api, internal } from "./_generated/api";
import { httpAction } from "./_generated/server";
import { ConvexError } from "convex/values";
import { imported } from "./m";

const http = httpRouter();
const route = (path: string, method: any, handler: any) => http.route({ path, method, handler: httpAction(handler) });

route("/echo", "POST", async (ctx: any, request: Request) => new Response(await request.text(), {
  status: 201,
  headers: {
    "Content-Type": request.headers.get("content-type") ?? "none", "X-Url": request.url, "Set-Cookie": "a=1" },
}));
route("/json", "GET", async (ctx: any, request: Request) =>
  Response.json(Object.fromEntries(new URL(request.url).searchParams)));
route("/send", "POST", async (ctx: any, request: Request) => {
  await ctx.runMutation(internal.m.add, await request.json());
  return Response.json({ total: await ctx.runQuery(api.m.total) });
});
route("/who", "GET", async (ctx: any) => Response.json(await ctx.auth.getUserIdentity()));
route("/bytes", "PUT", async (ctx: any, request: Request) => {
  const bytes = new Uint8Array(await request.arrayBuffer());
  return new Response(bytes.reverse());
});
route("/stream", "GET", async () => new Response(new ReadableStream({
  start(controller) {
    for (const part of ["one ", "two"]) controller.enqueue(new TextEncoder().encode(part));
    controller.close();
  },
})));
route("/throws", "GET", async () => { throw new Error("boom"); });
route("/convex-error", "GET", async () => { throw new ConvexError({ code: 7 }); });
route("/nothing", "GET", async () => undefined as any);
route("/empty", "DELETE", async () => new Response(null, { status: 204 }));
route("/form", "POST", async (ctx: any, request: Request) => {
  const form = await request.formData();
  return Response.json([form.get("name"), await (form.get("file") as File).text()]);
});
route("/large", "GET", async () => new Response(new Uint8Array(21 * 1024 * 1024)));
route("/log", "GET", async () => { console.log("seen"); return new Response("ok"); });
http.route({ pathPrefix: "/files/", method: "GET", handler: httpAction(async (ctx: any, request: Request) =>
  new Response(`short ${new URL(request.url).pathname}`)) });
http.route({ pathPrefix: "/files/deep/", method: "GET", handler: httpAction(async () => new Response("deep")) });
http.route({ path: "/imported", method: "GET", handler: imported });
export default http;
"""
M = """import { httpAction, internalMutation, query } from "./_generated/server";
import { v } from "convex/values";
export const add = internalMutation({ args: { by: v.number() }, handler: async (ctx, args) => {
  await ctx.db.insert("n", args);
} });
export const total = query(async (ctx) => (await ctx.db.query("n").collect()).reduce((sum, row) => sum + row.by, 0));
export const imported = httpAction(async () => new Response("imported"));
"""


@pytest.fixture
def ask(project):
    async def ask(method, path, *, headers=(), body=b"", **options):
        request = HttpActionRequest(method, ORIGIN + path, tuple(headers), body)
        return await project.deployment.http_action(request, **options)

    return ask


@pytest_asyncio.fixture(loop_scope="module", scope="module", autouse=True)
async def deployed(project):
    await project.deploy(files={"convex/http.ts": HTTP, "convex/m.ts": M})


async def test_a_request_arrives_and_its_response_leaves_whole(ask):
    response = await ask("POST", "/echo?x=1", headers=[("content-type", "text/x")], body="häl\n".encode())
    assert (response.status, response.body.decode(), response.route) == (201, "häl\n", "POST /echo")
    headers = dict(response.headers)
    assert (headers["content-type"], headers["x-url"], headers["set-cookie"]) == ("text/x", f"{ORIGIN}/echo?x=1", "a=1")


async def test_a_route_reads_and_writes_the_database(ask):
    first = json.loads((await ask("POST", "/send", body=b'{"by": 2}')).body)
    assert json.loads((await ask("POST", "/send", body=b'{"by": 3}')).body)["total"] == first["total"] + 3


async def test_a_query_string_is_the_routes_to_read(ask):
    assert json.loads((await ask("GET", "/json?a=1&b=%C3%A4")).body) == {"a": "1", "b": "ä"}


async def test_bytes_pass_through(ask):
    body = bytes(range(256)) * 5
    assert (await ask("PUT", "/bytes", body=body)).body == body[::-1]


async def test_a_streamed_response_is_sent(ask):
    assert (await ask("GET", "/stream")).body == b"one two"


async def test_a_form_with_a_file_is_read(ask):
    lines = ["--b", 'Content-Disposition: form-data; name="name"', "", "Ann", "--b"]
    lines += ['Content-Disposition: form-data; name="file"; filename="a.txt"', "Content-Type: text/plain", "", "inside"]
    body = "\r\n".join([*lines, "--b--", ""]).encode()
    headers = [("content-type", "multipart/form-data; boundary=b")]
    assert json.loads((await ask("POST", "/form", headers=headers, body=body)).body) == ["Ann", "inside"]


@pytest.mark.parametrize(
    ("path", "body", "route"),
    [
        ("/files/a", b"short /files/a", "GET /files/*"),
        ("/files/deep/a", b"deep", "GET /files/deep/*"),
        ("/imported", b"imported", "GET /imported"),
    ],
)
async def test_the_longest_route_that_fits_answers(ask, path, body, route):
    response = await ask("GET", path)
    assert (response.body, response.route) == (body, route)


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/nowhere"), ("POST", "/json"), ("GET", "/files"), ("TRACE", "/json")]
)
async def test_without_a_route_it_is_404(ask, method, path):
    response = await ask(method, path)
    assert (response.status, response.body.decode()) == (404, f"No HttpAction routed for {path}")


async def test_head_is_answered_as_get_without_the_body(ask):
    response = await ask("HEAD", "/json?a=1")
    assert (response.status, response.body) == (200, b"")


async def test_an_empty_response_has_its_status(ask):
    assert (await ask("DELETE", "/empty")).status == 204


async def test_what_a_route_throws_is_500_with_the_error_as_json(ask):
    response = await ask("GET", "/throws")
    document = json.loads(response.body)
    assert response.status == 500
    assert document["code"].startswith("[Request ID: ")
    assert document["code"].endswith("] Server Error: Uncaught Error: boom")
    assert document["trace"].startswith("Uncaught Error: boom\n    at ")
    assert json.loads((await ask("GET", "/convex-error")).body)["data"] == {"code": 7}


async def test_a_route_that_returns_no_response_is_500(ask):
    assert (await ask("GET", "/nothing")).status == 500


async def test_too_large_bodies_are_refused(ask):
    assert (await ask("PUT", "/bytes", body=bytes(20 * 1024 * 1024 + 1))).status == 413
    large = await ask("GET", "/large")
    assert large.status == 500
    assert "too large" in json.loads(large.body)["code"]


async def test_the_caller_is_known(ask):
    identity = {"subject": "alice", "issuer": "i", "tokenIdentifier": "i|alice"}
    assert json.loads((await ask("GET", "/who", identity=identity)).body)["subject"] == "alice"
    assert json.loads((await ask("GET", "/who")).body) is None


async def test_a_request_is_noted_with_its_log(ask, project):
    notes = []
    project.deployment.add_listener(notes.append)
    try:
        await ask("GET", "/log")
    finally:
        project.deployment.remove_listener(notes.append)
    assert [(note.path, note.cause.kind, note.log_lines) for note in notes] == [("GET /log", "http", ("[LOG] 'seen'",))]


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("export const x = 1;", "must have a default export of a Router."),
        ("export default {};", "is not a Router"),
        ("export default undefined;", "is not a Router"),
    ],
)
async def test_http_ts_must_export_a_router(project, source, text):
    assert text in await project.try_deploy(files={"convex/http.ts": source})


async def test_a_deployment_without_http_ts_says_so(project, ask):
    await project.deploy()
    response = await ask("GET", "/")
    assert (response.status, response.body) == (404, b"This Convex deployment does not have HTTP actions enabled.")
