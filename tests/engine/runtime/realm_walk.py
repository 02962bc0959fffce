"""TypeScript that walks a realm by program: everything reachable from its global object, and everything that calling it
and constructing it brings forth, also when it fails. An object of another realm gives itself away: the end of its
prototype chain is not this realm's Object.prototype, or its functions make code of strings.
"""

from __future__ import annotations

# `exercise(roots)` logs "WALK" and {strangers, calls, seen}: the paths of objects of another realm, and how far it got.
# `walked(roots)` does what can be done without awaiting anything.
# What the walk needs is taken from the intrinsics first, because calling everything may break anything.
WALK = """
declare const Convex: any;
const R = { ...pick(Reflect, ["apply", "construct", "ownKeys", "getOwnPropertyDescriptor", "getPrototypeOf"]) };
const RealPromise = Promise, then = Promise.prototype.then, has = WeakSet.prototype.has, add = WeakSet.prototype.add;
const ObjectPrototype = Object.prototype, sourceOf = Function.prototype.toString;
const get = Map.prototype.get, put = Map.prototype.set;
function pick(from: any, names: string[]): any {
  const picked: any = {};
  for (const name of names) picked[name] = from[name];
  return picked;
}
function isThing(value: any) {
  return (typeof value === "object" && value !== null) || typeof value === "function";
}
function home(value: any) {
  let top = value;
  for (let next = R.getPrototypeOf(top); next !== null; next = R.getPrototypeOf(top)) top = next;
  return top === ObjectPrototype || top === value;
}
// Calls bring forth new objects without end; of those that are alike, some are enough.
class Alike {
  counts = new Map<any, number>();
  isNews(key: any, most: number) {
    const count = R.apply(get, this.counts, [key]) ?? 0;
    R.apply(put, this.counts, [key, count + 1]);
    return count < most;
  }
}
class Walker {
  seen = new WeakSet<any>();
  count = 0;
  sources = new Alike();
  results = new Alike();
  strangers: string[] = [];
  functions: [any, any, string][] = [];
  reach(root: any, path: string) {
    const stack: [any, any, string][] = [[root, undefined, path]];
    while (stack.length > 0) {
      const [item, owner, at] = stack.pop()!;
      if (!isThing(item) || R.apply(has, this.seen, [item])) continue;
      R.apply(add, this.seen, [item]);
      this.count++;
      try {
        if (!home(item)) this.strangers[this.strangers.length] = at;
        if (typeof item === "function") this.keep(item, owner, at);
        stack[stack.length] = [R.getPrototypeOf(item), item, at + ".__proto__"];
        const keys = R.ownKeys(item);
        for (let i = 0; i < keys.length && i < 500; i++) {
          const property = R.getOwnPropertyDescriptor(item, keys[i]);
          if (property === undefined) continue;
          const name = typeof keys[i] === "symbol" ? "[symbol]" : (keys[i] as string);
          const parts = [property.value, property.get, property.set];
          for (let p = 0; p < 3; p++) stack[stack.length] = [parts[p], item, at + "." + name];
        }
      } catch (error) { stack[stack.length] = [error, undefined, at + "!"]; }
    }
  }
  keep(item: any, owner: any, at: string) {
    const source = R.apply(sourceOf, item, []);
    const isNative = source.length < 80 && source[source.length - 1] === "}" && source.indexOf("[native code]") > 0;
    if (this.sources.isNews(source, isNative ? 40 : 2)) this.functions[this.functions.length] = [item, owner, at];
  }
  given(result: any, at: string) {
    if (!isThing(result)) return;
    const isNews = this.results.isNews(at, 6) && this.results.isNews(R.getPrototypeOf(result), 600);
    if (isNews) this.reach(result, at);
    else if (!home(result)) this.strangers[this.strangers.length] = at;
  }
}
// Nonsense of every kind, made anew for each call: what a call breaks is thrown away.
const nonsense: (() => any[])[] = [
  () => [], () => ["a"], () => [{}, null], () => [() => 1, { length: 2 }], () => [[1, 2], Symbol.iterator],
  () => [new Proxy({}, { get() { throw new Error("trap"); } })],
  () => [{ then(ok: any) { ok({ get x() { throw 1; } }); } }], () => [NaN, -1, 1n],
];
// The walk must not call itself, and what it found is told over the console.
const SKIPPED = /^module(\\.|$)/;
const tell = console.log, silent = new Set<any>(Object.values(console));
class Exercise extends Walker {
  calls = 0;
  done = 0;
  pending: [any, string][] = [];
  attempt(act: () => any, at: string) {
    this.calls++;
    try {
      const result = act();
      // A rejection that nobody handles would be the outcome of the whole function.
      if (result instanceof RealPromise) R.apply(then, result, [null, () => {}]);
      this.given(result, at + "()");
      if (!isThing(result) || typeof result === "function" || this.pending.length > 400) return;
      if (result instanceof RealPromise || typeof result.next === "function") {
        this.pending[this.pending.length] = [result, at];
      }
    } catch (error) { this.given(error, at + "(!)"); }
  }
  // Calls and constructs every function that was found up to now.
  round() {
    const end = this.functions.length;
    for (; this.done < end; this.done++) {
      const [call, owner, at] = this.functions[this.done];
      if (SKIPPED.test(at) || silent.has(call)) continue;
      for (let i = 0; i < nonsense.length; i++) {
        const args = nonsense[i];
        this.attempt(() => R.apply(call, undefined, args()), at);
        this.attempt(() => R.apply(call, i % 2 ? args()[0] : own(owner), args()), at);
        this.attempt(() => R.construct(call, args()), "new " + at);
      }
    }
  }
  // What promises settle with, and what iterators give.
  async settle() {
    for (let i = 0; i < this.pending.length; i++) {
      const [result, at] = this.pending[i];
      try {
        if (result instanceof RealPromise) this.given(await soon(result), at + "().then");
        else {
          for (const name of ["next", "return", "throw"]) this.attempt(() => result[name]?.(1), `${at}().${name}`);
        }
      } catch (error) { this.given(error, at + "().then(!)"); }
    }
    this.pending.length = 0;
  }
  tell() {
    tell("WALK", JSON.stringify({ strangers: this.strangers.slice(0, 20), calls: this.calls, seen: this.count }));
  }
}
function walked(roots: Record<string, any>) {
  const exercise = new Exercise();
  for (const name of R.ownKeys(roots) as string[]) exercise.reach(roots[name], name);
  exercise.round();
  return exercise;
}
async function exercise(roots: Record<string, any>) {
  const walk = walked(roots);
  await walk.settle();
  walk.round();
  await walk.settle();
  walk.tell();
}
// A receiver of the right kind that may be broken: one made by the owner, else an object that inherits from it.
function own(owner: any) {
  if (!isThing(owner) || owner === globalThis) return undefined;
  const maker = R.getOwnPropertyDescriptor(owner, "constructor")?.value;
  if (typeof maker === "function") {
    try { return R.construct(maker, []); } catch { /* needs arguments */ }
    try { return R.construct(maker, [() => 1]); } catch { /* is no constructor */ }
  }
  return Object.create(owner);
}
// A promise that never settles must not end the walk.
function soon(promise: any) {
  return new RealPromise((resolve: any, reject: any) => {
    let left = 20;
    const wait = (): any => (left-- > 0 ? R.apply(then, RealPromise.resolve(), [wait]) : resolve(null));
    R.apply(then, promise, [resolve, reject]);
    wait();
  });
}
"""

# Ways by which objects of the outer realm have left such sandboxes elsewhere. Each gives or throws something.
ESCAPES = """
const escapes: Record<string, () => any> = {
  evaluate: () => (0, eval)("1"),
  functionMaker: () => new Function("return this")(),
  asyncMaker: () => (async () => {}).constructor("return 1")(),
  asyncGeneratorMaker: () => (async function* () {}).constructor("yield 1")(),
  hostCallback: () => Convex.syscall("x", "{}"),
  hostRejection: () => Convex.asyncSyscall("1.0/get", "not json"),
  hostRejectionOfNothing: () => Convex.asyncSyscall(undefined, undefined),
  hostWithObjects: () => Convex.asyncSyscall({ toString() { throw new RangeError("mine"); } }, "{}"),
  hostWithSymbols: () => Convex.syscall(Symbol("a"), Symbol("b")),
  jsOperation: () => Convex.jsSyscall("storage/storeBlob", { blob: new Proxy({}, {}) }),
  overflowInHost: () => {
    let found: any = null;
    const deep = (): void => {
      try { deep(); } catch { /* the stack is full here */ }
      try { Convex.asyncSyscall("1.0/get", "{}").catch(() => {}); } catch (error) { found ??= error; }
      try { new URL("http://a/?b=1").href; } catch (error) { found ??= error; }
      if (found === null) return;
    };
    try { deep(); } catch (error) { found ??= error; }
    return found;
  },
  stackTrace: () => {
    const told: any[] = [];
    class Mine extends Error { static prepareStackTrace(_: any, sites: any) { told.push(sites); return sites; } }
    (Object as any).prepareStackTrace = (Function.prototype as any).prepareStackTrace = Mine.prepareStackTrace;
    try { (Error as any).prepareStackTrace = Mine.prepareStackTrace; } catch (error) { told.push(error); }
    try { new Mine("x").stack; null!.x; } catch (error: any) { told.push(error, error.stack); }
    const holder: any = {};
    Error.captureStackTrace(holder, escapes.stackTrace);
    delete (Object as any).prepareStackTrace;
    delete (Function.prototype as any).prepareStackTrace;
    return [told, holder, holder.stack];
  },
  callers: () => {
    const told: any[] = [];
    const spy = new Proxy(function () {}, { apply(target, self, args) { told.push(self, args); } });
    try { [1].map(spy as any); told.push((spy as any).caller, (spy as any).arguments); } catch (e) { told.push(e); }
    return told;
  },
  species: () => {
    class Mine extends Promise<any> { static get [Symbol.species]() { return Array as any; } }
    return Mine.resolve(1).then(() => 1);
  },
  thenable: () => Promise.resolve({ then(ok: any, no: any) { ok(no); } }),
  rejectionOfProxy: () => Promise.reject(new Proxy(function () {}, {})),
  iteration: () => Array.fromAsync((async function* () { try { yield arguments; } finally { yield this; } })()),
  finalizers: () => new FinalizationRegistry((held) => held),
  weak: () => new WeakRef({}).deref(),
  clones: () => structuredClone({ a: new Error("x"), b: new Map([[1, new Date(0)]]), c: /x/g, d: new Uint8Array(2) }),
  cloneOfFunction: () => structuredClone(() => 1),
  cloneOfGetter: () => structuredClone({ get a() { throw new Error("mine"); } }),
  lateImport: () => import("./_generated/dataModel"),
  badImport: () => import("node:" + "fs" as string),
  importMeta: () => (import.meta as any),
  forgedStack: () => Object.assign(new Error("x"), { stack: "Error: x\\n    at convex/code.js:1:1" }),
  bodyOfResponse: () => new Response(new Blob(["a"])).body!.getReader().read(),
  brokenJson: () => new Response("{").json(),
  form: () => new Response("x", { headers: { "content-type": "multipart/form-data; boundary=a" } }).formData(),
  stream: () => new ReadableStream({ start(c) { c.error(new Proxy({}, {})); } }).getReader().read(),
  pipe: () => new ReadableStream({ pull(c) { c.enqueue(1); c.close(); } }).pipeThrough(new TransformStream({})),
  tee: () => new Response("abc").body!.tee(),
  digest: () => crypto.subtle.digest("SHA-256", new Uint8Array(2)),
  badDigest: () => crypto.subtle.digest("NO" as any, {} as any),
  random: () => crypto.getRandomValues(new Uint8Array(2)),
  abort: () => AbortSignal.abort(new Proxy({}, {})).throwIfAborted(),
  disposal: () => new (globalThis as any).AsyncDisposableStack().disposeAsync(),
  suppressed: () => new (globalThis as any).SuppressedError(1, 2),
  clock: () => (globalThis as any).Temporal?.Now.zonedDateTimeISO(),
  formatter: () => new Intl.DateTimeFormat("en", { timeZone: "UTC" }).formatToParts(),
  badLocale: () => new Intl.NumberFormat("no such locale at all"),
  timer: () => setTimeout(() => 1, 0),
  clearedTimer: () => clearTimeout({} as any),
  fetched: () => fetch("http://127.0.0.1:1/"),
};
async function escaped() {
  const given: Record<string, any> = {};
  for (const name of Object.keys(escapes)) {
    try { given[name] = escapes[name](); } catch (error) { given[name + "!"] = error; }
    if (given[name] instanceof RealPromise) {
      try { given[name + ".then"] = await soon(given[name]); } catch (error) { given[name + ".then!"] = error; }
    }
  }
  return given;
}
"""
