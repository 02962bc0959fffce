"""A deployment behind the site's own URLs, asked without a socket."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest_asyncio
from django.test import AsyncClient

from sandbox.engine import close_pools
from sandbox.gateway import keys, tokens
from sandbox.gateway.registry import registry

NAME = "wire"
SCHEMA = """
import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";
export default defineSchema({
  notes: defineTable({ text: v.string() }),
  plain: defineTable({ n: v.optional(v.number()), tag: v.optional(v.string()) }).index("by_tag", ["tag"]),
});
"""
FUNCTIONS = """
import { query, mutation, internalQuery, internalMutation } from "./_generated/server";
import { v, ConvexError } from "convex/values";
export const list = query({
  args: {},
  handler: async (ctx) => (await ctx.db.query("notes").collect()).map((note) => note.text),
});
export const other = query({ args: {}, handler: async (ctx) => (await ctx.db.query("plain").collect()).length });
export const add = mutation({
  args: { text: v.string() },
  handler: async (ctx, { text }) => {
    console.log("adding", text);
    await ctx.db.insert("notes", { text });
    return text;
  },
});
export const echo = query({ args: { value: v.any() }, handler: async (_, { value }) => value });
export const says = query({ args: { value: v.string() }, handler: async (_, { value }) => value });
export const refuse = mutation({ args: {}, handler: async (ctx) => {
  await ctx.db.insert("notes", { text: "never" });
  throw new ConvexError({ reason: "closed", left: 0n });
} });
export const fail = query({ args: {}, handler: async () => { throw new Error("kaboom"); } });
export const whoAmI = query({ args: {}, handler: async (ctx) => await ctx.auth.getUserIdentity() });
export const secret = internalQuery({ args: {}, handler: async () => "internal" });
export const wipe = internalMutation({ args: {}, handler: async (ctx) => {
  for await (const note of ctx.db.query("notes")) await ctx.db.delete(note._id);
} });
"""
FILES = {
    "convex/schema.ts": SCHEMA,
    "convex/m.ts": FUNCTIONS,
    "convex/dir/n.ts": FUNCTIONS.replace("./_gen", "../_gen"),
}


class Api:
    """Requests as clients make them. `token` is the JWT of alice, `admin_key` opens everything."""

    def __init__(self, deployment: Any) -> None:
        self.deployment = deployment
        self.base = f"/s/{tokens.issue(NAME).text}"
        self.token = keys.issue_identity(NAME, "alice")
        self.admin_key = keys.admin_key(NAME)
        self._client = AsyncClient()

    async def request(self, method: str, address: str, body: Any = None, **headers: str) -> Any:
        data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        kind = headers.pop("Content_Type", "application/json")
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self._client.generic(method, self.base + address, data, kind, headers=named)

    async def post(self, address: str, body: Any, **headers: str) -> Any:
        response = await self.request("POST", f"/api/{address}", body, **headers)
        return json.loads(response.content)

    async def call(self, kind: str, function: str, args: Any = None, **more: Any) -> Any:
        headers = more.pop("headers", {})
        return await self.post(kind, {"path": function, "args": {} if args is None else args, **more}, **headers)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def api(tools: Any) -> AsyncIterator[Api]:
    await registry.close_all()
    deployment = await registry.get(NAME)
    result = await deployment.deploy(1, FILES)
    assert result.ok, result.problems
    yield Api(deployment)
    await registry.close_all()
    await close_pools()
