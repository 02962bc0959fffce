// Bodies of a "use node" action on their way: what is larger than a piece crosses in several messages, each way, as in
// action_world.js.
import { Buffer } from "node:buffer";
import { ask } from "./node_operations.js";
import { parse, stringify } from "./realms.js";

const PIECE_BYTES = 1 << 20;
let count = 0;

// What the host is given for a body: base64 (null for nothing), or {key} of the pieces that were sent before.
export async function sent(bytes) {
  if (bytes === null || bytes.length === 0) return null;
  if (bytes.length <= PIECE_BYTES) return bytes.toString("base64");
  const key = `${++count}`;
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
    await ask("bytes/give", stringify({ key, data: bytes.subarray(at, at + PIECE_BYTES).toString("base64") }));
  }
  return { key };
}

// The bytes that the host stands for a body: base64 or null, or {key, size} of pieces that are to be fetched.
export async function taken(body) {
  if (body === null) return Buffer.alloc(0);
  if (typeof body === "string") return Buffer.from(body, "base64");
  const bytes = Buffer.alloc(body.size);
  for (let at = 0; at < body.size; ) {
    at += bytes.write(parse(await ask("bytes/take", stringify({ key: body.key }))), at, "base64");
  }
  return bytes;
}

// An answer of the host's fetch: {url, status, statusText, headers, redirected, body: bytes}. Rejects with TypeError.
export async function askForPage(about, bytes) {
  try {
    const page = parse(await ask("fetch", stringify({ ...about, body: await sent(bytes) })));
    return { ...page, body: await taken(page.body) };
  } catch (error) {
    throw new TypeError(error.message);
  }
}
