// What every runner shares: the walls of the outer realm, the lines to the host, and how realms are built.
//
// Like the runners, this file lives in the outer realm, of which learner code must never hold an object.
import { AsyncLocalStorage } from "node:async_hooks";
import vm from "node:vm";
import { cipher } from "./ciphers.js";
import { stackLocator } from "./source_maps.js";

export const { stdin, exit } = Deno;
export const { parse, stringify } = JSON;
const { stdout } = Deno;
const encoder = new TextEncoder();
const { TextDecoder, URL, URLSearchParams } = globalThis;

// Without these an escape from a realm finds nothing to hold on to: no disk, no network, no second thread.
for (const name of Object.getOwnPropertyNames(globalThis)) {
  if (/^(Deno|process|caches|localStorage|sessionStorage|Worker|fetch|WebSocket|WebSocketStream|EventSource|BroadcastChannel|navigator|Storage|CacheStorage|Cache|WebTransport|alert|confirm|prompt|close)$/.test(name)) {
    delete globalThis[name];
  }
}

// ---- lines -----------------------------------------------------------------------------------------------------

export function writeLine(text) {
  let bytes = encoder.encode(text + "\n");
  while (bytes.length > 0) bytes = bytes.subarray(stdout.writeSync(bytes));
}

// The outcome of a run; a text of its own comes last, so that it needs no escaping.
export function answer(run, header, text) {
  writeLine("R" + run + "\t" + stringify(header) + "\t" + text);
}

// ---- addresses -------------------------------------------------------------------------------------------------

const URL_PARTS = ["hash", "host", "hostname", "href", "origin", "password", "pathname", "port", "protocol", "search", "username"];

// What a realm's URL and URLSearchParams ask: texts in, a text out, "" for what is no address.
const ADDRESS_QUESTIONS = {
  __proto__: null,
  // A question mark at the start would be taken for the mark before a query.
  pairs: (query) => stringify([...new URLSearchParams(`?${query}`)]),
  query: (pairs) => new URLSearchParams(parse(pairs)).toString(),
  url(question) {
    const { href, base, part, value } = parse(question);
    const url = URL.parse(href, base);
    if (url === null) return "";
    if (part === "href") return ADDRESS_QUESTIONS.url(stringify({ href: value }));
    if (URL_PARTS.includes(part)) url[part] = value;
    return stringify(Object.fromEntries(URL_PARTS.map((name) => [name, url[name]])));
  },
};

const address = (question, text) => ADDRESS_QUESTIONS[question](text);

// ---- encodings of text ------------------------------------------------------------------------------------------

// A realm reads UTF-8 itself. For any other encoding it asks: `question` is a label, whose name is the answer, or JSON
// with that name and how to decode `bytes`, a character for each. "" for what is no label, "!" for what is no text.
function legacyText(question, bytes) {
  try {
    if (question[0] !== "{") return new TextDecoder(question).encoding;
    const { encoding, fatal, ignoreBOM, stream } = parse(question);
    const decoder = new TextDecoder(encoding, { fatal, ignoreBOM });
    return "=" + decoder.decode(Uint8Array.from(bytes, (character) => character.charCodeAt(0)), { stream });
  } catch {
    return question[0] === "{" ? "!" : "";
  }
}

// ---- what V8 carries along promises ------------------------------------------------------------------------------

const carried = new AsyncLocalStorage();
const readCarried = () => carried.getStore();
const writeCarried = (value) => carried.enterWith(value);

// After code of a realm ran: what it entered must be seen by nobody else, and kept by nothing.
export function forgetCarried() {
  carried.enterWith(undefined);
}

// ---- realms ----------------------------------------------------------------------------------------------------

let parts = []; // scripts that build a realm: each evaluates to a function of the realm's private object
let library = null; // the `convex` package

const NEW_REALM = { codeGeneration: { strings: false, wasm: false } };

export function learnSources({ sources, convexLibrary }) {
  parts = sources.map(([filename, text]) => new vm.Script(text, { filename }));
  library = new vm.Script(convexLibrary, { filename: "convex-library.js" });
}

// The wrapper sits on a line of its own, before line 1, so that positions stay those of the compiled text.
function compileModule([id, text]) {
  const wrapped = `(function (exports, require, module) { "use strict";\n${text}\n})`;
  return [id, new vm.Script(wrapped, { filename: `convex/${id}.js`, lineOffset: -1 })];
}

// A project whose modules are compiled but not evaluated. Throws SyntaxError.
export function compileModules({ scripts, maps, entries, environment, nowMs, seed }) {
  return { scripts: scripts.map(compileModule), locate: stackLocator(maps), entries, environment, nowMs, seed };
}

export const NO_PROJECT = { scripts: [], locate: stackLocator({}), entries: [], environment: "{}", nowMs: 0, seed: 0 };

// A realm with the project's modules defined. `seat` holds the functions by which the realm reaches its runner.
export function fillRealm(seat, from) {
  const context = vm.createContext(vm.constants.DONT_CONTEXTIFY, NEW_REALM);
  const realm = vm.runInContext("({ __proto__: null })", context);
  for (const name of seat.reaches) realm[name] = seat[name];
  realm.address = address;
  realm.cipher = cipher;
  realm.legacyText = legacyText;
  realm.readCarried = readCarried;
  realm.writeCarried = writeCarried;
  realm.locate = from.locate;
  for (const part of parts) part.runInContext(context)(realm);
  library.runInContext(context);
  realm.start(from.nowMs, from.seed, from.environment);
  for (const [id, script] of from.scripts) realm.define(id, script.runInContext(context));
  return realm;
}

// Runs module scope. The error of a module that cannot be loaded is the outcome of whoever asked.
export function evaluate({ seat, realm }, from) {
  seat.open = true;
  for (const id of from.entries) {
    realm.evaluate(id);
    forgetCarried();
    if (seat.outcome === null) continue;
    seat.outcome.entry = id;
    return;
  }
}

// ---- results ---------------------------------------------------------------------------------------------------

const RESULT_BYTES_MAX = 16 * 1024 * 1024;

// What came back is the learner's: it may not be JSON at all.
export function refuseResult(path, text) {
  const bytes = text.length > RESULT_BYTES_MAX ? text.length : encoder.encode(text).length;
  if (bytes > RESULT_BYTES_MAX) {
    const [module, name] = path.split(":");
    return `Function ${module}.js:${name ?? "default"} return value is too large (actual: ${(bytes / 1048576).toFixed(2)} MiB, limit: 16 MiB)`;
  }
  try {
    parse(text);
    return text.includes("\n") ? "The function did not return a Convex value." : null;
  } catch {
    return "The function did not return a Convex value.";
  }
}
