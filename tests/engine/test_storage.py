"""`ctx.storage` in queries and mutations, over a real store."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from sandbox.engine import Deployment, close_pools
from sandbox.engine.values import encode_id

CODE = """
import { action, query, mutation } from "./_generated/server";
import { v } from "convex/values";

export const uploadUrl = mutation({ handler: (ctx) => ctx.storage.generateUploadUrl() });
export const url = query({ args: { id: v.any() }, handler: (ctx, { id }) => ctx.storage.getUrl(id) });
export const about = query({ args: { id: v.any() }, handler: (ctx, { id }) => ctx.storage.getMetadata(id) });
export const row = query({ args: { id: v.id("_storage") }, handler: (ctx,
  { id }) => ctx.db.system.get("_storage", id) });
export const rows = query({ args: {}, handler: (ctx) => ctx.db.system.query("_storage").collect() });
export const drop = mutation({ args: { id: v.any() }, handler: (ctx, { id }) => ctx.storage.delete(id) });
export const dropAndFail = mutation({
  args: { id: v.any() },
  handler: async (ctx, { id }) => { await ctx.storage.delete(id); throw new Error("no"); },
});
export const store = mutation({
  args: { text: v.string(), type: v.string(), sha256: v.optional(v.string()), fail: v.optional(v.boolean()) },
  handler: async (ctx, { text, type, sha256, fail }) => {
    const id = await (ctx.storage as any).store(new Blob([text], { type }), { sha256 });
    if (fail) throw new Error("no");
    const blob = await (ctx.storage as any).get(id);
    return [id, await blob.text(), blob.type, await ctx.storage.getUrl(id)];
  },
});
export const inAction = action({
  args: { data: v.bytes(), type: v.string() },
  handler: async (ctx, { data, type }) => {
    const id = await ctx.storage.store(new Blob([data], { type }));
    const blob = await ctx.storage.get(id);
    const about = await ctx.storage.getMetadata(id);
    const url = await ctx.storage.getUrl(id);
    const before = [blob!.type, await blob!.arrayBuffer(), about!.size, url!.endsWith(about!.storageId)];
    await ctx.storage.delete(id);
    return [...before, await ctx.storage.get(id), await ctx.storage.getUrl(id),
      typeof await ctx.storage.generateUploadUrl()];
  },
});
export const badBlob = action({ args: {}, handler: (ctx) => ctx.storage.store("text" as any) });
export const keep = action({ args: {}, handler: (ctx) => ctx.storage.store(new Blob(["x"]), { sha256: "00" }) });
export const random = action({ args: {}, handler: async () => {
  const out: any[] = [crypto.randomUUID() !== crypto.randomUUID(),
    crypto.getRandomValues(new Uint32Array(4)).some((n) => n > 0)];
  const kinds: any[] = [
    [{ name: "HMAC", hash: "SHA-256" }, { name: "HMAC" }],
    [{ name: "ECDSA", namedCurve: "P-256" }, { name: "ECDSA", hash: "SHA-256" }],
    [{ name: "Ed25519" }, { name: "Ed25519" }],
    [{ name: "RSA-PSS", hash: "SHA-256", modulusLength: 1024, publicExponent: new Uint8Array([1, 0, 1]) },
      { name: "RSA-PSS", saltLength: 32 }],
  ];
  for (const [kind, use] of kinds) {
    const made: any = await crypto.subtle.generateKey(kind, true, ["sign", "verify"]);
    const data = new TextEncoder().encode("data");
    const signature = await crypto.subtle.sign(use, made.privateKey ?? made, data);
    out.push(await crypto.subtle.verify(use, made.publicKey ?? made, signature, data));
  }
  const key: any = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, true, ["encrypt"]);
  return [...out, (await crypto.subtle.exportKey("raw", key)).byteLength];
} });
export const raw = query({ args: { op: v.string() }, handler: (ctx, { op }) =>
  (globalThis as any).Convex.asyncSyscall(op, JSON.stringify({ storageId: "x", blob: "" })) });
"""
ORIGIN = "http://files.test"


@pytest_asyncio.fixture
async def deployment(tmp_path: Path, tools: Any) -> AsyncIterator[Deployment]:
    deployment = await Deployment.open(tmp_path / "d", tools=tools, origin=ORIGIN)
    result = await deployment.deploy(1, {"convex/files.ts": CODE})
    assert result.ok, result.problems
    yield deployment
    await deployment.close()
    await close_pools()


async def value(deployment: Deployment, function: str, **args: Any) -> Any:
    outcome = await deployment.run(f"files:{function}", args)
    assert outcome.ok, outcome.error
    return outcome.value


async def error(deployment: Deployment, function: str, **args: Any) -> str:
    outcome = await deployment.run(f"files:{function}", args)
    assert outcome.error is not None
    return outcome.error.message


def on_disk(deployment: Deployment) -> list[str]:
    return os.listdir(deployment.folder / "files")


async def test_a_function_sees_what_was_stored(deployment: Deployment):
    storage_id = await deployment.store_file(b"hello", "text/plain")
    digest = hashlib.sha256(b"hello")
    about = await value(deployment, "about", id=storage_id)
    assert about == {
        "storageId": about["storageId"],
        "sha256": digest.hexdigest(),
        "size": 5.0,
        "contentType": "text/plain",
    }
    assert await value(deployment, "url", id=storage_id) == f"{ORIGIN}/api/storage/{about['storageId']}"
    row = await value(deployment, "row", id=storage_id)
    assert row == {
        "_id": storage_id,
        "_creationTime": row["_creationTime"],
        "sha256": base64.b64encode(digest.digest()).decode(),
        "size": 5.0,
        "contentType": "text/plain",
    }
    assert await value(deployment, "rows") == [row]


async def test_an_address_leads_to_the_bytes(deployment: Deployment):
    storage_id = await deployment.store_file(b"hello", "text/plain")
    uuid = (await value(deployment, "url", id=storage_id)).rpartition("/")[2]
    found = await deployment.open_file(uuid)
    assert found is not None
    file, content = found
    with content:
        assert (content.read(), file.content_type) == (b"hello", "text/plain")
    assert await deployment.open_file("00000000-0000-4000-8000-000000000000") is None


async def test_a_mutation_makes_an_address_for_uploads(deployment: Deployment):
    url = await value(deployment, "uploadUrl")
    prefix, _, token = url.partition("?token=")
    assert prefix == f"{ORIGIN}/api/storage/upload"
    deployment.storage.tokens.check(token)


async def test_a_live_query_hears_of_a_file_that_is_deleted(deployment: Deployment):
    storage_id = await deployment.store_file(b"hello")
    watch = await deployment.subscribe("files:url", {"id": storage_id})
    async with asyncio.timeout(10):
        assert (await anext(watch)).value is not None
        assert await value(deployment, "drop", id=storage_id) is None
        assert (await anext(watch)).value is None
    assert on_disk(deployment) == []
    await watch.close()


async def test_a_live_query_hears_of_a_file_that_is_stored(deployment: Deployment):
    watch = await deployment.subscribe("files:rows", {})
    async with asyncio.timeout(10):
        assert (await anext(watch)).value == []
        await deployment.store_file(b"hello")
        assert len((await anext(watch)).value) == 1
    await watch.close()


async def test_a_mutation_that_fails_deletes_nothing(deployment: Deployment):
    storage_id = await deployment.store_file(b"hello")
    await error(deployment, "dropAndFail", id=storage_id)
    assert await value(deployment, "url", id=storage_id) is not None
    assert len(on_disk(deployment)) == 1


async def test_a_mutation_stores_and_reads_files(deployment: Deployment):
    storage_id, text, content_type, url = await value(deployment, "store", text="höi", type="text/x")
    assert (text, content_type) == ("höi", "text/x")
    assert url == await value(deployment, "url", id=storage_id)
    digest = base64.b64encode(hashlib.sha256("höi".encode()).digest()).decode()
    again = await value(deployment, "store", text="höi", type="", sha256=digest)
    assert again[0] != storage_id
    assert (await value(deployment, "about", id=again[0]))["contentType"] is None


async def test_what_a_failed_mutation_stored_is_gone(deployment: Deployment):
    await error(deployment, "store", text="x", type="", fail=True)
    assert await value(deployment, "rows") == []
    assert on_disk(deployment) == os.listdir(deployment.folder / "incoming") == []


async def test_a_wrong_hash_is_refused(deployment: Deployment):
    wanted, actual = (base64.b64encode(hashlib.sha256(data).digest()).decode() for data in (b"y", b"x"))
    message = await error(deployment, "store", text="x", type="", sha256=wanted)
    assert f"Sha256 mismatch. Expected: {wanted} Actual: {actual}" in message
    assert on_disk(deployment) == []


@pytest.mark.parametrize(("function", "method"), [("url", "getUrl"), ("about", "getMetadata"), ("drop", "delete")])
async def test_ids_of_other_tables_are_refused(deployment: Deployment, function: str, method: str):
    message = "Invalid storage ID. Storage ID cannot be an ID on any table other than '_storage'."
    assert f"Invalid argument `storageId` for `storage.{method}`: {message}" in await error(
        deployment, function, id=encode_id(10001, bytes(16))
    )


@pytest.mark.parametrize(("function", "method"), [("url", "getUrl"), ("about", "getMetadata"), ("drop", "delete")])
async def test_bad_ids_are_refused_with_convexs_texts(deployment: Deployment, function: str, method: str):
    message = """Invalid storage ID: "x". Storage ID should be an
                    Id of '_storage' table, or a UUID string."""
    assert f"Invalid argument `storageId` for `storage.{method}`: {message}" in await error(
        deployment, function, id="x"
    )


async def test_what_is_gone_is_null_and_cannot_be_deleted_again(deployment: Deployment):
    storage_id = await deployment.store_file(b"hello")
    await value(deployment, "drop", id=storage_id)
    assert await value(deployment, "url", id=storage_id) is None
    assert await value(deployment, "about", id=storage_id) is None
    assert await value(deployment, "row", id=storage_id) is None
    assert f"storage id {storage_id} not found" in await error(deployment, "drop", id=storage_id)


async def test_an_action_stores_reads_and_deletes(deployment: Deployment):
    data = {"$bytes": base64.b64encode(bytes(range(256)) * 300).decode()}
    value_of_action = await value(deployment, "inAction", data=data, type="a/b")
    assert value_of_action == ["a/b", data, 76800.0, True, None, None, "string"]
    assert on_disk(deployment) == os.listdir(deployment.folder / "incoming") == []


async def test_an_action_stores_blobs_alone_and_what_it_says_they_hash_to(deployment: Deployment):
    assert "store() expects a Blob. If you are trying" in await error(deployment, "badBlob")
    assert "Invalid sha256" in await error(deployment, "keep")
    assert on_disk(deployment) == os.listdir(deployment.folder / "incoming") == []


async def test_a_live_query_hears_of_what_an_action_stores(deployment: Deployment):
    watch = await deployment.subscribe("files:rows", {})
    async with asyncio.timeout(10):
        assert (await anext(watch)).value == []
        running = asyncio.create_task(deployment.run("files:inAction", {"data": {"$bytes": ""}, "type": ""}))
        while len((await anext(watch)).value) != 1:
            pass
        await running
    await watch.close()


async def test_an_action_has_randomness(deployment: Deployment):
    assert await value(deployment, "random") == [True, True, True, True, True, True, 32.0]


@pytest.mark.parametrize("op", ["storageStore", "storageGet", "storageDelete", "storageGenerateUploadUrl"])
async def test_a_query_changes_nothing(deployment: Deployment, op: str):
    assert "in queries" in await error(deployment, "raw", op=f"1.0/{op}")


async def test_files_are_there_after_a_restart(tmp_path: Path, tools: Any):
    first = await Deployment.open(tmp_path / "d", tools=tools)
    storage_id = await first.store_file(b"hello")
    token = first.upload_url().partition("token=")[2]
    await first.close()
    second = await Deployment.open(tmp_path / "d", tools=tools)
    second.storage.tokens.check(token)
    file = await second.storage.files.look_up(storage_id)
    assert file is not None
    with second.storage.files.open_bytes(file) as content:
        assert content.read() == b"hello"
    await second.close()
