// The npm package's clients and files: upload, show, delete, and the same through HTTP actions.
// Usage: deno run -A file_client.mjs <static/src folder> <deployment URL> <URL of HTTP actions>
import assert from "node:assert/strict";
import { createRequire } from "node:module";

const [sources, url, siteUrl] = Deno.args;
const require = createRequire(`${sources}/package.json`);
const { ConvexClient } = require("convex/browser");
const { anyApi: api } = require("convex/server");

const passed = (step) => console.log(`passed: ${step}`);
const client = new ConvexClient(url, { skipConvexDeploymentUrlCheck: true });
let photos = [];
let heard = () => {};
client.onUpdate(api.photos.list, {}, (list) => {
  photos = list;
  heard();
});
async function until(condition) {
  while (!condition()) await new Promise((resolve) => { heard = resolve; });
}

const picture = crypto.getRandomValues(new Uint8Array(50_000));
const uploadUrl = await client.mutation(api.photos.uploadUrl, {});
assert.ok(uploadUrl.startsWith(`${url}/api/storage/upload?token=`), uploadUrl);
const upload = await fetch(uploadUrl, { method: "POST", headers: { "Content-Type": "image/png" }, body: picture });
assert.equal(upload.status, 200);
const { storageId } = await upload.json();
await client.mutation(api.photos.save, { name: "first", storageId });
await until(() => photos.length === 1 && photos[0].url !== null);
passed("upload");

const [photo] = photos;
assert.deepEqual([photo.size, photo.type], [picture.length, "image/png"]);
const shown = await fetch(photo.url);
assert.equal(shown.headers.get("content-type"), "image/png");
assert.deepEqual(new Uint8Array(await shown.arrayBuffer()), picture);
const part = await fetch(photo.url, { headers: { Range: "bytes=100-199" } });
assert.equal(part.status, 206);
assert.deepEqual(new Uint8Array(await part.arrayBuffer()), picture.subarray(100, 200));
const known = await fetch(photo.url, { headers: { "If-None-Match": shown.headers.get("etag") } });
assert.equal(known.status, 304);
passed("download");

const many = await Promise.all(Array.from({ length: 8 }, async (_, number) => {
  const target = await client.mutation(api.photos.uploadUrl, {});
  const answer = await fetch(target, { method: "POST", body: `text ${number % 2}` });
  const { storageId } = await answer.json();
  await client.mutation(api.photos.save, { name: `text ${number}`, storageId });
  return storageId;
}));
assert.equal(new Set(many).size, 8);
await until(() => photos.length === 9);
const texts = await Promise.all(photos.slice(1).map(async ({ url }) => (await fetch(url)).text()));
assert.deepEqual(texts.sort(), ["text 0", "text 0", "text 0", "text 0", "text 1", "text 1", "text 1", "text 1"]);
passed("many at once");

await client.mutation(api.photos.remove, { storageId });
await until(() => photos.length === 8);
assert.equal((await fetch(photo.url)).status, 404);
await assert.rejects(client.mutation(api.photos.remove, { storageId }), /storage id .* not found/);
passed("delete");

const copy = await client.action(api.photos.copy, { storageId: many[0] });
assert.equal(await (await fetch(copy.url)).text(), "text 0, copied");
passed("an action");

const form = new FormData();
form.append("name", "by form");
form.append("photo", new Blob([picture], { type: "image/png" }), "photo.png");
const sent = await fetch(`${siteUrl}/photo`, { method: "POST", body: form });
assert.equal(sent.status, 200, await sent.clone().text());
const found = await fetch(`${siteUrl}/photo?id=${(await sent.json()).id}`);
assert.equal(found.headers.get("content-type"), "image/png");
assert.deepEqual(new Uint8Array(await found.arrayBuffer()), picture);
assert.equal((await fetch(`${siteUrl}/photo?id=nonsense`)).status, 500);
passed("HTTP actions");

const late = await fetch(`${url}/api/storage/upload?token=00`, { method: "POST", body: "x" });
assert.deepEqual([late.status, (await late.json()).code], [401, "StorageTokenInvalid"]);
passed("refusals");
await client.close();
console.log("all steps passed");
