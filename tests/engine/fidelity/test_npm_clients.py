"""A chat app's clients, which are the unmodified npm ones, on one deployment behind a plain WebSocket server."""

from __future__ import annotations

import asyncio
import base64
import json
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve

from sandbox.engine import Deployment, close_pools
from sandbox.engine.errors import LearnerError
from tests.engine.fidelity.conftest import Project

ROOT = Path(__file__).parents[3]
SCRIPT = Path(__file__).with_name("chat_clients.mjs")
SCHEMA = """{
  channels: defineTable({ name: v.string() }).index("name", ["name"]),
  messages: defineTable({ channel: v.id("channels"), body: v.string() }).index("channel", ["channel"]),
  counters: defineTable({ name: v.string(), value: v.number() }).index("name", ["name"]),
}"""
CODE = """
const byName = (ctx: any, name: string) =>
  ctx.db.query("counters").withIndex("name", (q: any) => q.eq("name", name)).unique();
export const channels = query({
  args: {},
  handler: async (ctx) => await ctx.db.query("channels").withIndex("name").collect(),
});
export const open = mutation({
  args: { name: v.string() },
  returns: v.id("channels"),
  handler: async (ctx, { name }) => await ctx.db.insert("channels", { name }),
});
export const list = query({
  args: { channel: v.id("channels") },
  handler: async (ctx, { channel }) => {
    const newest = ctx.db.query("messages").withIndex("channel", (q) => q.eq("channel", channel)).order("desc");
    return (await newest.take(3)).reverse();
  },
});
export const send = mutation({
  args: { channel: v.id("channels"), body: v.string() },
  handler: async (ctx, args) => {
    await ctx.db.insert("messages", args);
    if (args.body === "") throw new ConvexError({ n: 1n });
    if (args.body === "boom") throw new Error("kaboom");
  },
});
export const counter = query({
  args: { name: v.string(), strict: v.optional(v.boolean()) },
  handler: async (ctx, { name, strict }) => {
    const counter = await byName(ctx, name);
    if (strict && counter === null) throw new ConvexError("none yet");
    if (strict && counter.value < 0) throw new Error("below zero");
    return counter?.value ?? 0;
  },
});
export const add = mutation({
  args: { name: v.string(), by: v.number() },
  handler: async (ctx, { name, by }) => {
    const counter = await byName(ctx, name);
    if (counter === null) await ctx.db.insert("counters", { name, value: by });
    else await ctx.db.patch("counters", counter._id, { value: counter.value + by });
  },
});
export const whoAmI = query(async (ctx) => (await ctx.auth.getUserIdentity())?.subject ?? null);
export const echo = query({ args: { value: v.any() }, handler: async (_, { value }) => value });
export const logs = query(async () => { console.log("hello", { a: 1 }); });
"""
STEPS = [
    "several queries at once",
    "order",
    "optimistic updates end with the truth",
    "errors are told as on Convex",
    "a query fails and recovers",
    "values",
    "unsubscribe and subscribe again",
    "identities",
    "many clients",
    "log lines reach the client",
]


def verify(token: str) -> dict[str, Any]:
    part = token.split(".")[1]
    subject = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))["sub"]
    if subject == "refused":
        raise LearnerError("This token is refused")
    return {"tokenIdentifier": f"tests|{subject}", "issuer": "tests", "subject": subject}


@pytest.mark.slow
async def test_the_clients_of_a_chat_app(tmp_path: Path, tools: Any) -> None:
    deployment = await Deployment.open(tmp_path / "d", tools=tools, verify_token=verify)
    await Project(deployment).deploy(CODE, SCHEMA)

    async def attend(socket: ServerConnection) -> None:
        session = deployment.connect(socket.send, socket.close)
        async for frame in socket:
            await session.receive(str(frame))
        await session.disconnect()

    async with serve(attend, "127.0.0.1", 0) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        command = ["run", "--allow-all", str(SCRIPT), str(ROOT / "static" / "src"), f"http://127.0.0.1:{port}"]
        clients = await asyncio.create_subprocess_exec(
            str(tools.deno), *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
        )
        async with asyncio.timeout(60):
            output, _ = await clients.communicate()
    await deployment.close()
    await close_pools()
    assert output.decode().splitlines() == [*(f"passed: {step}" for step in STEPS), "all steps passed"]
