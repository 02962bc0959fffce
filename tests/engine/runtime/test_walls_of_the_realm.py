"""Nothing of the outer realm can be reached from learner code, and the outer realm itself offers little."""

from __future__ import annotations

import pytest

from tests.engine.runtime.conftest import IMPORTS

pytestmark = pytest.mark.asyncio(loop_scope="module")

# Walks everything that can be reached from a set of roots: values of properties, getters, setters, prototypes.
# An object of another realm gives itself away: the end of its prototype chain is not this realm's Object.prototype.
WALK = """
const seen = new Set<any>();
const strangers: string[] = [];
function home(value: any) {
  let top = value;
  for (let next = Reflect.getPrototypeOf(top); next !== null; next = Reflect.getPrototypeOf(top)) top = next;
  return top === Object.prototype || Reflect.getPrototypeOf(value) === null;
}
function walk(value: any, path: string) {
  const queue: [any, string][] = [[value, path]];
  while (queue.length) {
    const [item, at] = queue.pop()!;
    if ((typeof item !== "object" && typeof item !== "function") || item === null || seen.has(item)) continue;
    seen.add(item);
    if (!home(item)) strangers.push(at);
    queue.push([Reflect.getPrototypeOf(item), at + ".__proto__"]);
    for (const key of Reflect.ownKeys(item)) {
      const property = Reflect.getOwnPropertyDescriptor(item, key)!;
      for (const part of ["value", "get", "set"] as const) queue.push([property[part], `${at}.${String(key)}`]);
    }
  }
}
// What a call or a getter gives, or throws.
const found: any[] = [];
async function collect(act: () => any) {
  try { found.push(await settled(act())); } catch (error) { found.push(error); }
}
// Everything that an object's own and inherited getters and methods give, also when they are asked for nonsense.
async function exercise(item: any) {
  const names = new Set<PropertyKey>();
  for (let owner = item; owner !== null && owner !== Object.prototype; owner = Reflect.getPrototypeOf(owner)) {
    for (const key of Reflect.ownKeys(owner)) names.add(key);
  }
  for (const name of names) {
    await collect(() => item[name]);
    if (name === "constructor") continue;
    for (const args of [[], ["a"], ["a", "b"], [{}, null], [() => 1], [new Uint8Array(2), item]]) {
      await collect(() => typeof item[name] === "function" ? item[name](...args) : null);
    }
  }
}
// A promise that never settles must not end the walk.
function settled(value: any) {
  return value instanceof Promise ? Promise.race([value, new Promise((done) => turns(50, done))]) : value;
}
function turns(left: number, done: (value: any) => void) {
  if (left === 0) done(null); else Promise.resolve().then(() => turns(left - 1, done));
}
"""

# One of every web interface, and some things that only a failure brings forth.
WEB_OBJECTS = """[
  () => new URL("http://a/?b=1"), () => new URLSearchParams("a=1"),
  () => new Headers({ a: "1" }), () => new Headers({ a: "1" }).entries(), () => new Headers({ "é": "1" }),
  () => new Blob(["a"]), () => new File(["a"], "a.txt"),
  () => new Request("http://a/", { method: "POST", body: "1" }), () => new Request("http://a/"), () => new Request("a"),
  () => new Response("{}"), () => new Response(null), () => Response.json({ a: 1 }),
  () => new Response("", { status: 1 }),
  () => new Event("a"), () => new CustomEvent("a", { detail: {} }), () => new EventTarget(),
    () => new (AbortSignal as any)(),
  () => new AbortController(), () => AbortSignal.abort(),
  () => AbortSignal.any([new AbortController().signal]),
  () => new FormData(), () => new Response("a=1", { headers: { "content-type": "multipart/form-data" } }),
  () => new Blob(["a"]).stream(), () => new Blob(["a"]).stream().getReader(),
  () => new Blob(["a"]).stream().getReader({ mode: "byob" }), () => new ReadableStream(),
  () => new ReadableStream({ start: (c) => { found.push(c); c.enqueue(1); } }),
    () => new Response(new ReadableStream()),
  () => new ReadableStream({ type: "bytes", pull: (c) => { found.push(c, c.byobRequest); } } as any).getReader().read(),
  () => new WritableStream({ start: (c) => { found.push(c); } }), () => new WritableStream().getWriter(),
  () => new TransformStream({ start: (c) => { found.push(c); } }), () => new TextDecoderStream(),
  () => new TextEncoderStream(), () => new CountQueuingStrategy({ highWaterMark: 1 }),
  () => new ByteLengthQueuingStrategy({ highWaterMark: 1 }),
  () => crypto, () => crypto.subtle, () => new (Crypto as any)(), () => new (CryptoKey as any)(),
  () => crypto.subtle.importKey("raw", new Uint8Array(16), "AES-GCM", true, ["encrypt"]),
  () => crypto.subtle.importKey("jwk", { kty: "EC" } as any, { name: "ECDSA", namedCurve: "P-256" }, true, ["verify"]),
]"""


async def test_no_object_reachable_from_a_function_belongs_to_another_realm(learner):
    source = f"""{IMPORTS}{WALK}
declare const require: any, module: any, exports: any;
const atImport = [require, module, exports, require("convex/server")];
export const f = query(async (ctx, args) => {{
  const errors: any[] = [];
  const collect = async (act: () => any) => {{
    try {{ errors.push(await act()); }} catch (error) {{ errors.push(error); }}
  }};
  await collect(() => eval("1"));
  await collect(() => new Function("return this"));
  await collect(() => (async () => {{}}).constructor("return 1"));
  await collect(() => ctx.db.get("short" as any));
  await collect(() => (globalThis as any).Convex.syscall("x", "{{}}"));
  await collect(() => (globalThis as any).Convex.asyncSyscall("1.0/get", "not json"));
  await collect(() => {{ (function deep(): any {{ return deep(); }})(); }});
  await collect(() => require("convex/values"));
  await collect(() => import("./code"));
  await collect(() => fetch("http://x"));
  await collect(() => structuredClone(() => 1));
  await collect(() => new URL("no address"));
  await collect(() => new URL("http://a/?b=1").searchParams);
  await collect(() => new URLSearchParams([["a"]] as any));
  walk(globalThis, "globalThis");
  walk([ctx, args, atImport, errors, arguments], "given");
  return {{ strangers, seen: seen.size > 500 }};
}});
"""
    await learner.deploy(code=source)
    result = await learner.call()
    assert result.value_json == '{"seen":true,"strangers":[]}', result


async def test_no_object_that_a_web_interface_makes_belongs_to_another_realm(learner):
    source = f"""{IMPORTS}{WALK}
export const f = query(async () => {{
  const names = Reflect.ownKeys(globalThis);
  for (const name of names) await collect(() => (globalThis as any)[name]);
  const makers: (() => any)[] = {WEB_OBJECTS};
  const made: any[] = [];
  for (const make of makers) try {{ made.push(await settled(make())); }} catch (error) {{ made.push(error); }}
  for (const item of made) await exercise(item);
  const untouched = names.filter((name) => Reflect.getOwnPropertyDescriptor(globalThis, name)?.get !== undefined);
  walk(globalThis, "globalThis");
  walk(found, "found");
  return {{ strangers, untouched: untouched.map(String), seen: seen.size > 1500 && found.length > 1000 }};
}});
"""
    await learner.deploy(code=source)
    result = await learner.call()
    assert result.value_json == '{"seen":true,"strangers":[],"untouched":[]}', result


async def test_a_stack_formatter_cannot_be_installed(learner):
    body = """
    const found: string[] = [];
    for (const attempt of [
      () => { (Error as any).prepareStackTrace = (_: any, sites: any) => sites; },
      () => { Object.defineProperty(Error, "prepareStackTrace", { value: (_: any, sites: any) => sites }); },
      () => { (globalThis as any).Error = { prepareStackTrace: (_: any, sites: any) => sites }; },
      () => { Object.defineProperty(globalThis, "Error", { value: { prepareStackTrace: () => 1 } }); },
    ]) try { attempt(); found.push("allowed"); } catch (error: any) { found.push(error.name); }
    class Mine extends Error { static prepareStackTrace = (_: any, sites: any) => sites; }
    const holder: any = {}; Error.captureStackTrace(holder);
    return [found, typeof new Error("x").stack, typeof new Mine("y").stack, typeof holder.stack];
    """
    assert await learner.run(body) == [["TypeError"] * 4, "string", "string", "string"]


@pytest.mark.parametrize(
    "expression",
    [
        "eval('1')",
        "new Function('return 1')()",
        "(async () => {}).constructor('return 1')()",
        "(function* () {}).constructor('yield 1')()",
        "Reflect.construct(Function, ['return 1'])",
        "(globalThis as any).constructor.constructor('return 1')()",
        "(ctx.db.get as any).constructor('return 1')()",
        "(Convex as any).asyncSyscall.constructor('return 1')()",
        "setTimeout.constructor('return 1')()",
        "console.log.constructor('return 1')()",
    ],
)
async def test_no_code_is_made_from_strings(learner, expression):
    error = await learner.error(f"declare const Convex: any; return {expression};")
    assert "Code generation from strings disallowed for this context" in error.message


async def test_what_a_server_has_is_absent(learner):
    names = [
        "Deno",
        "require",
        "module",
        "WebAssembly",
        "SharedArrayBuffer",
        "Atomics",
        "Worker",
        "localStorage",
        "caches",
        "window",
    ]
    body = f"return {names!r}.filter((name) => typeof (globalThis as any)[name] !== 'undefined');"
    assert await learner.run(body) == []


async def test_late_imports_are_refused(learner):
    error = await learner.error('const name = "./code"; await import(name);')
    assert 'Can\'t dynamically import "./code" in a query or mutation' in error.message


async def test_convex_cannot_be_replaced(learner):
    body = """
    const found: string[] = [];
    for (const attempt of [
      () => { (globalThis as any).Convex = 1; },
      () => { (globalThis as any).Convex.asyncSyscall = 1; },
      () => { delete (globalThis as any).Convex; },
      () => { Object.defineProperty(globalThis, "Convex", { value: 1 }); },
    ]) try { attempt(); found.push("allowed"); } catch (error: any) { found.push(error.name); }
    return [found, await ctx.db.query("rows").collect()];
    """
    assert await learner.run(body) == [["TypeError"] * 4, []]
