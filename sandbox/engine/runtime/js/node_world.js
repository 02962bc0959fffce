// The globals of a "use node" file: those of Node, the global `Convex`, and a `fetch` that the host makes.
//
// Unlike a realm's, this world is the process itself: what Deno allows without a permission is within its reach, and
// the walls are those of the operating system (docs/decisions/0007). So nothing here is hidden from learner code.
import { Buffer } from "node:buffer";
import { Console } from "node:console";
import { Writable } from "node:stream";
import timers from "node:timers";
import { inspect } from "node:util";
import { askForPage, sent, taken } from "./node_bodies.js";
import { ask, requireRun } from "./node_operations.js";
import { process } from "./node_process.js";
import { parse, stringify } from "./realms.js";

export const listen = addEventListener.bind(globalThis);

const NODE_GLOBALS = new Set(
  `AbortController AbortSignal Blob BroadcastChannel ByteLengthQueuingStrategy CloseEvent CompressionStream
  CountQueuingStrategy Crypto CryptoKey CustomEvent DOMException DecompressionStream Event EventTarget File FormData Headers
  MessageChannel MessageEvent MessagePort Performance PerformanceEntry PerformanceMark PerformanceMeasure PerformanceObserver
  PerformanceObserverEntryList ReadableByteStreamController ReadableStream ReadableStreamBYOBReader ReadableStreamBYOBRequest
  ReadableStreamDefaultController ReadableStreamDefaultReader Request Response SubtleCrypto TextDecoder TextDecoderStream
  TextEncoder TextEncoderStream TransformStream TransformStreamDefaultController URL URLSearchParams WebAssembly WritableStream
  WritableStreamDefaultController WritableStreamDefaultWriter atob btoa console crypto performance queueMicrotask
  structuredClone`.split(/\s+/),
);
// What the language itself defines; the list is taken from a realm, which has nothing else.
const { Blob, Request, Response, TypeError } = globalThis;

export function furnish(namesOfTheLanguage) {
  const kept = new Set(namesOfTheLanguage);
  for (const name of Object.getOwnPropertyNames(globalThis)) {
    if (!kept.has(name) && !NODE_GLOBALS.has(name)) delete globalThis[name];
  }
  // Deno dispatches its own events on the global object; Node's has no such methods.
  provide("addEventListener", undefined);
  provide("removeEventListener", undefined);
  const { setTimeout, clearTimeout, setInterval, clearInterval, setImmediate, clearImmediate } = timers;
  const given = { setTimeout, clearTimeout, setInterval, clearInterval, setImmediate, clearImmediate, Buffer, process, fetch };
  for (const [name, value] of Object.entries({ ...given, global: globalThis, navigator, Convex, console: makeConsole() })) {
    provide(name, value);
  }
}

function provide(name, value) {
  Object.defineProperty(globalThis, name, { value, writable: true, configurable: true, enumerable: false });
}

const navigator = {
  userAgent: `Node.js/${process.version.slice(1).split(".")[0]}`,
  hardwareConcurrency: 1,
  language: "en-US",
  languages: ["en-US"],
  platform: "linux",
};

// ---- Convex ----------------------------------------------------------------------------------------------------

const DATABASE_OPERATIONS = ["1.0/queryCleanup", "1.0/queryStream", "1.0/db/normalizeId"];

const Convex = Object.freeze({
  syscall(op) {
    requireRun();
    if (!DATABASE_OPERATIONS.includes(op)) throw new Error(`Unknown operation ${op}`);
    throw new Error(
      "The Convex database object is being used outside of a Convex query or mutation. Did" +
        "you mean to use `ctx.query` or `ctx.mutation` to access the database?",
    );
  },
  asyncSyscall(op, text) {
    requireRun();
    return operate(op, text);
  },
  jsSyscall(op, args) {
    requireRun();
    return operateOnFiles(op, args);
  },
});

async function operate(op, text) {
  if (op === "1.0/schedule") {
    throw new Error(
      "The mutation scheduler is being used outside of a Convex mutation. Did" +
        "you mean to use `ctx.mutation` to access the database?",
    );
  }
  if (!/^1\.0\/[^\t\n]*$/.test(op)) throw new Error(`Unknown operation ${op}`);
  return ask(op, text);
}

async function operateOnFiles(op, args) {
  if (op === "storage/storeBlob") return storeBlob(args);
  if (op === "storage/getBlob") return getBlob(args);
  throw new Error(`Unknown operation ${op}`);
}

async function storeBlob({ requestId, version, blob, options }) {
  if (!(blob instanceof Blob)) {
    throw new Error(
      "store() expects a Blob. If you are trying to store a Request, `await request.blob()` will give you the correct input.",
    );
  }
  const given = (await sent(Buffer.from(await blob.arrayBuffer()))) ?? "";
  const question = { requestId, version, blob: given, contentType: blob.type, sha256: options?.sha256 };
  return parse(await ask("1.0/storageStore", stringify(question)));
}

async function getBlob({ requestId, version, storageId }) {
  const found = parse(await ask("bytes/stored", stringify({ requestId, version, storageId })));
  return found === null ? null : new Blob([await taken(found.blob)], { type: found.contentType ?? "" });
}

// ---- fetch -----------------------------------------------------------------------------------------------------

const WITHOUT_BODY = [101, 103, 204, 205, 304];

async function fetch(input, init) {
  const request = new Request(input, init);
  const { signal, url, method, redirect } = request;
  signal?.throwIfAborted();
  const body = request.body === null ? null : Buffer.from(await request.arrayBuffer());
  return responseOf(await unlessAborted(signal, askForPage({ url, method, headers: [...request.headers], redirect }, body)));
}

function unlessAborted(signal, promise) {
  return new Promise((resolve, reject) => {
    signal?.addEventListener("abort", () => reject(signal.reason), { once: true });
    promise.then(resolve, reject);
  });
}

function responseOf({ url, status, statusText, headers, redirected, body }) {
  const response = new Response(WITHOUT_BODY.includes(status) ? null : body, { status, statusText, headers });
  return Object.defineProperties(response, { url: { value: url }, redirected: { value: redirected } });
}

// ---- console ---------------------------------------------------------------------------------------------------

const LINES_MAX = 256;
const CHARACTERS_MAX = 1_048_576;
const LINE_CHARACTERS_MAX = 32_768;
const TRUNCATED = " (truncated due to length)";
let log = () => {};
let printed = { lines: 0, characters: 0, isFull: false };

// Where the lines go from now on.
export function logTo(write) {
  log = write;
  printed = { lines: 0, characters: 0, isFull: false };
}

function write(level, ...values) {
  if (printed.isFull) return;
  const text = values.map((value) => inspect(value, { maxStringLength: LINE_CHARACTERS_MAX, customInspect: true })).join(" ");
  printed.isFull = printed.characters + text.length > CHARACTERS_MAX || printed.lines >= LINES_MAX;
  if (printed.isFull) {
    const limit = printed.lines >= LINES_MAX ? `${LINES_MAX}` : "1M characters";
    return log(`[ERROR] Log overflow (maximum ${limit}). Remaining log lines omitted.`);
  }
  printed.lines += 1;
  printed.characters += text.length;
  log(truncated(`[${level}] ${text}`));
}

function truncated(line) {
  const bytes = Buffer.from(line);
  if (bytes.length <= LINE_CHARACTERS_MAX) return line;
  return bytes.subarray(0, LINE_CHARACTERS_MAX - TRUNCATED.length).toString().replace(/\ufffd+$/, "") + TRUNCATED;
}

// The methods that Convex shows in the log. What the others print is seen by nobody, there as here.
function makeConsole() {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const shown = new Console({ stdout: nowhere, stderr: nowhere });
  const timesOf = new Map();
  for (const level of ["debug", "error", "info", "log", "warn"]) {
    shown[level] = (...values) => write(level.toUpperCase(), ...values);
  }
  shown.time = (label = "default") => {
    if (timesOf.has(`${label}`)) write("WARN", `Timer '${label}' already exists`);
    else timesOf.set(`${label}`, Date.now());
  };
  const elapsed = (label, ...values) => {
    if (!timesOf.has(`${label}`)) return write("WARN", `Timer '${label}' does not exist`);
    write("INFO", `${label}: ${Date.now() - timesOf.get(`${label}`)}ms`, ...values);
  };
  shown.timeLog = (label = "default", ...values) => elapsed(label, ...values);
  shown.timeEnd = (label = "default") => {
    elapsed(label);
    timesOf.delete(`${label}`);
  };
  return shown;
}
