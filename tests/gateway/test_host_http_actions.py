"""HTTP actions of a hosted folder answer real requests, on their own port and below /http."""

from __future__ import annotations

import json
import urllib.error
import urllib.request

import pytest

from tests.gateway.test_host import host, write

PROJECT = {
    "convex/http.ts": """
        import { httpRouter } from "convex/server";
        import { httpAction } from "./_generated/server";
        import { internal } from "./_generated/api";
        const http = httpRouter();
        http.route({ path: "/notes", method: "POST", handler: httpAction(async (ctx, request) => {
            const count = await ctx.runMutation(internal.notes.add, { text: await request.text() });
            const agent = request.headers.get("user-agent");
            return Response.json({ count, url: request.url, agent }, { status: 201 });
        }) });
        http.route({ path: "/page", method: "GET", handler: httpAction(async () =>
            new Response("<h1>hi</h1>", { headers: { "Content-Type": "text/html", "Set-Cookie": "a=1" } })) });
        http.route({ path: "/bytes", method: "PUT", handler: httpAction(async (ctx, request) =>
            new Response(await request.arrayBuffer())) });
        http.route({ path: "/stream", method: "GET", handler: httpAction(async (ctx) => {
            const { readable, writable } = new TransformStream();
            const writer = writable.getWriter();
            const send = async () => {
                await writer.write(new TextEncoder().encode("first "));
                while ((await ctx.runQuery(internal.notes.count, {})) === 0);
                await writer.write(new TextEncoder().encode("second"));
                await writer.close();
            };
            void send();
            return new Response(readable, { headers: { "Content-Type": "text/event-stream" } });
        }) });
        http.route({ path: "/throws", method: "GET", handler: httpAction(async () => { throw new Error("boom"); }) });
        export default http;
    """,
    "convex/notes.ts": """
        import { internalMutation, internalQuery } from "./_generated/server";
        import { v } from "convex/values";
        export const add = internalMutation({ args: { text: v.string() }, handler: async (ctx, note) => {
            await ctx.db.insert("notes", note);
            return (await ctx.db.query("notes").collect()).length;
        } });
        export const count = internalQuery(async (ctx) => (await ctx.db.query("notes").collect()).length);
    """,
}


def ask(url: str, method: str = "GET", body: bytes | None = None):
    request = urllib.request.Request(url, body, {"User-Agent": "tester"}, method=method)
    try:
        with urllib.request.urlopen(request) as response:
            return response.status, response.headers, response.read()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read()


@pytest.mark.slow
def test_requests_are_answered_by_the_routes(tools, tmp_path):
    with host(write(tmp_path / "site", PROJECT)) as hosted:
        with urllib.request.urlopen(f"{hosted.site_url}/stream") as streamed:
            assert (streamed.headers["content-type"], streamed.read(6)) == ("text/event-stream", b"first ")
            status, _, body = ask(f"{hosted.site_url}/notes?x=1", "POST", b"one")
            assert streamed.read() == b"second"
        assert (status, json.loads(body)) == (
            201,
            {"count": 1, "url": f"{hosted.site_url}/notes?x=1", "agent": "tester"},
        )
        status, headers, body = ask(f"{hosted.site_url}/page")
        assert (status, headers["content-type"], headers["set-cookie"], body) == (
            200,
            "text/html",
            "a=1",
            b"<h1>hi</h1>",
        )
        status, headers, body = ask(f"{hosted.site_url}/page", "HEAD")
        assert (status, body) == (200, b"")
        assert ask(f"{hosted.site_url}/nowhere")[0::2] == (404, b"No HttpAction routed for /nowhere")
        assert ask(f"{hosted.site_url}/throws")[0] == 500
        large = bytes(range(256)) * 8192
        _, headers, body = ask(f"{hosted.site_url}/bytes", "PUT", large)
        assert (headers["content-length"], body == large) == (f"{len(large)}", True)
        assert json.loads(ask(f"{hosted.url}/http/notes", "POST", b"two")[2])["count"] == 2
