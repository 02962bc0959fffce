"""Files with the npm client, unmodified, against `host`: as Convex's own guide does it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.gateway.test_host import host, write
from tests.wire.conftest import run_script

pytestmark = pytest.mark.slow

PHOTOS = """
import { action, internalMutation, mutation, query } from "./_generated/server";
import { v } from "convex/values";

export const uploadUrl = mutation({ args: {}, handler: async (ctx) => await ctx.storage.generateUploadUrl() });
export const save = mutation({
  args: { name: v.string(), storageId: v.id("_storage") },
  handler: async (ctx, photo) => { await ctx.db.insert("photos", photo); },
});
export const list = query({ args: {}, handler: async (ctx) =>
  Promise.all((await ctx.db.query("photos").collect()).map(async ({ name, storageId }) => {
    const file = await ctx.db.system.get(storageId);
    return { name, url: await ctx.storage.getUrl(storageId), size: file?.size, type: file?.contentType };
  })) });
export const remove = mutation({ args: { storageId: v.id("_storage") }, handler: async (ctx, { storageId }) => {
  await ctx.storage.delete(storageId);
  const photo = await ctx.db.query("photos").withIndex("by_file", (q) => q.eq("storageId", storageId)).unique();
  if (photo !== null) await ctx.db.delete(photo._id);
} });
export const copy = action({ args: { storageId: v.id("_storage") }, handler: async (ctx, { storageId }) => {
  const blob = await ctx.storage.get(storageId);
  const id = await ctx.storage.store(new Blob([blob!, ", copied"]));
  return { id, url: await ctx.storage.getUrl(id) };
} });
"""
HTTP = """
import { httpRouter } from "convex/server";
import { httpAction } from "./_generated/server";

const http = httpRouter();
http.route({ path: "/photo", method: "POST", handler: httpAction(async (ctx, request) => {
  const form = await request.formData();
  const photo = form.get("photo") as File;
  if (form.get("name") !== "by form" || photo.name !== "photo.png") return new Response(null, { status: 400 });
  return Response.json({ id: await ctx.storage.store(photo) });
}) });
http.route({ path: "/photo", method: "GET", handler: httpAction(async (ctx, request) => {
  const blob = await ctx.storage.get(new URL(request.url).searchParams.get("id") as any);
  return blob === null ? new Response("no photo", { status: 404 }) : new Response(blob);
}) });
export default http;
"""
SCHEMA = """
import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";
export default defineSchema({
  photos: defineTable({ name: v.string(), storageId: v.id("_storage") }).index("by_file", ["storageId"]),
});
"""
STEPS = ["upload", "download", "many at once", "delete", "an action", "HTTP actions", "refusals"]


def test_the_client_of_npm_uploads_shows_and_deletes(tools: Any, tmp_path: Any) -> None:
    files = {"convex/schema.ts": SCHEMA, "convex/photos.ts": PHOTOS, "convex/http.ts": HTTP}
    with host(write(tmp_path / "album", files)) as hosted:
        printed = run_script(tools, "file_client.mjs", hosted.url, hosted.site_url)
    assert printed == [*(f"passed: {step}" for step in STEPS), "all steps passed"]
