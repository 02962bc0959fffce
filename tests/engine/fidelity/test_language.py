"""TypeScript and JavaScript as projects use them: modules, classes, thrown things, and the globals that Convex has."""

# ruff: noqa: E501 – the learner's code is laid out as TypeScript

from __future__ import annotations

import pytest
import pytest_asyncio

pytestmark = pytest.mark.asyncio(loop_scope="module")

HELPERS = """import { v } from "convex/values";
import type { Doc, Id } from "../_generated/dataModel";
export const args = { n: v.number() };
export type Row = { id: Id<any>; doc: Doc<any> };
export interface Named { name: string }
export enum Level { Low = "low", High = "high" }
export default function double(n: number) { return n * 2; }
"""
FILES = {
    "convex/lib/helpers.ts": HELPERS,
    "convex/lib/index.ts": 'export * from "./helpers";\nexport { default as double, type Named } from "./helpers";\n',
    "convex/chat/rooms.ts": """import { query } from "../_generated/server";
import double, { args, type Named, Level } from "../lib/helpers";
import * as lib from "../lib";
import { Row } from "../lib/index.js";
import { api } from "../_generated/api";
import { getFunctionName, defineTable } from "convex/server";
import { compareValues, convexToJson } from "convex/values";
const named: Named = { name: "n" };
export const all = query({ args, handler: async (ctx, { n }) => [
  double(n), lib.double(n), Level.High, named.name, getFunctionName(api.chat.rooms.all), compareValues(1, 2),
  JSON.stringify(convexToJson(5n)), typeof defineTable,
] });
export default all;
export { all as again };
""",
    "convex/public.ts": 'export { all } from "./chat/rooms";\nexport * as lib from "./lib";\n',
    "convex/odd.ts": 'import { even } from "./even";\nimport { query } from "./_generated/server";\n'
    "export const odd = (n: number): boolean => n > 0 && even(n - 1);\nexport const ask = query(async () => odd(7));\n",
    "convex/even.ts": 'import { odd } from "./odd";\nexport const even = (n: number): boolean => n === 0 || odd(n - 1);\n',
}
CODE = """
class Box<T> {
  static made = 0;
  #secret = 1;
  constructor(public value: T, private readonly times = 2) { Box.made += 1; }
  get all() { return Array.from({ length: this.times }, () => this.value); }
}
namespace Limits { export const top = 3; }
class Refusal extends ConvexError<{ code: string }> { constructor(code: string) { super({ code }); } }
class Odd extends Error { name = "Odd"; }
const run = (f: (ctx: any) => any) => query(async (ctx) => await f(ctx));
export const classes = run(() => [new Box("a").all, Limits.top, Box.made, new Box(1) instanceof Box]);
export const generators = run(async () => { const out = []; async function* g() { yield 1; yield* [2, 3]; } for await (const n of g()) out.push(n); return out; });
export const modern = run(() => [[3, 1].toSorted(), [1, 2].at(-1), Object.groupBy([1, 2], (n: number) => (n % 2 ? "odd" : "even")), "a-b".replaceAll("-", "+")]);
export const caught = run(async (ctx) => { try { await ctx.db.get("zz"); } catch (error: any) { return [error instanceof Error, error.name]; } });
export const isConvexError = run(() => { try { throw new Refusal("x"); } catch (error: any) { return [error instanceof ConvexError, error.data.code, error.message]; } });
export const plain = run(() => { throw new Error("boom"); });
export const subclass = run(() => { throw new Odd("boom"); });
export const refusal = run(() => { throw new Refusal("x"); });
export const text = run(() => { throw "text"; });
export const object = run(() => { throw { a: 1 }; });
export const instance = run(() => { throw new (class Thing {})(); });
export const nothing = run(() => { throw undefined; });
export const array = run(() => { throw [1, "a"]; });
export const message = run(() => { throw { message: "m" }; });
export const thrownFunction = run(() => { throw () => 1; });
export const ownText = run(() => { throw { toString: () => "t" }; });
export const typeError = run(() => (null as any).field);
export const date = run(() => ({ at: new Date(0) }));
export const bigint = run(() => 2n ** 64n);
export const dollar = run(() => ({ $a: 1 }));
export const unfinished = query((ctx) => ctx.db.query("t" as any) as any);
export const forever = run(() => new Promise(() => {}));
export const url = run(() => {
  const url = new URL("../b?x=1&x=2#h", "https://user:pw@example.com:8080/a/c/d");
  url.searchParams.append("y z", "é&");
  url.port = "";
  return [url.href, url.origin, url.pathname, url.searchParams.getAll("x"), [...url.searchParams.keys()], JSON.stringify({ url })];
});
export const setters = run(() => {
  const url = new URL("http://a.org/x?a=1");
  Object.assign(url, { search: "?b=2", hash: "", hostname: "b.org", pathname: "/p q", protocol: "https" });
  return [String(url), url.searchParams.get("a"), url.searchParams.get("b"), URL.canParse("x"), URL.canParse("x", "http://a")];
});
export const params = run(() => {
  const params = new URLSearchParams({ b: "2 3", a: "1" });
  params.append("a", "ü");
  params.set("b", "+");
  params.sort();
  return [`${params}`, params.size, params.has("a", "1"), params.get("c"), Object.fromEntries(new URLSearchParams([["k", "v"]])), `${new URLSearchParams("??a=1")}`];
});
export const badUrl = run(() => new URL("no address"));
export const env = run(() => process.env.NOT_SET ?? null);
"""


@pytest_asyncio.fixture(scope="module", loop_scope="module", autouse=True)
async def live(project):
    await project.deploy(CODE, files=FILES)


@pytest.mark.parametrize(
    "path", ["chat/rooms:all", "chat/rooms:again", "chat/rooms:default", "public:all", "chat/rooms.js:all"]
)
async def test_functions_are_found_through_modules_and_exports(project, path):
    found = await project.query(path, n=2)
    assert found == [4, 4, "high", "n", "chat/rooms:all", -1, '{"$integer":"BQAAAAAAAAA="}', "function"]


async def test_modules_may_import_each_other(project):
    assert await project.query("odd:ask") is True
    assert not any(path.startswith("lib/") for path in project.deployment.functions)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("classes", [["a", "a"], 3, 1, True]),
        ("generators", [1, 2, 3]),
        ("modern", [[1, 3], 2, {"odd": [1], "even": [2]}, "a+b"]),
        ("caught", [True, "Error"]),
        ("isConvexError", [True, "x", '{"code":"x"}']),
        ("env", None),
        (
            "url",
            [
                "https://user:pw@example.com/a/b?x=1&x=2&y+z=%C3%A9%26#h",
                "https://example.com",
                "/a/b",
                ["1", "2"],
                ["x", "x", "y z"],
                '{"url":"https://user:pw@example.com/a/b?x=1&x=2&y+z=%C3%A9%26#h"}',
            ],
        ),
        ("setters", ["https://b.org/p%20q?b=2", None, "2", False, True]),
        ("params", ["a=1&a=%C3%BC&b=%2B", 3, True, None, {"k": "v"}, "%3Fa=1"]),
    ],
)
async def test_the_language_and_its_globals(project, name, value):
    assert await project.query(name) == value


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("plain", "Uncaught Error: boom"),
        ("subclass", "Uncaught Odd: boom"),
        ("refusal", 'Uncaught ConvexError: {"code":"x"}'),
        ("text", "Uncaught text"),
        ("object", "Uncaught #<Object>"),
        ("instance", "Uncaught #<Thing>"),
        ("nothing", "Uncaught undefined"),
        ("array", "Uncaught [object Array]"),
        ("message", "Uncaught #<Object>"),
        ("thrownFunction", "Uncaught () => 1"),
        ("ownText", "Uncaught [object Object]"),
        ("typeError", "Uncaught TypeError: Cannot read properties of null (reading 'field')"),
        ("bigint", "Uncaught Error: BigInt 18446744073709551616 does not fit into a 64-bit signed integer."),
        ("dollar", "Uncaught Error: Field name $a starts with a '$', which is reserved."),
        ("forever", "Returned promise will never resolve"),
        ("badUrl", "Uncaught TypeError: Invalid URL: 'no address'"),
        (
            "unfinished",
            "Uncaught Error: Return value is a Query. Results must be retrieved with `.collect()`, `.take(n), "
            "`.unique()`, or `.first()`.",
        ),
        (
            "date",
            'Uncaught Error: Date "1970-01-01T00:00:00.000Z" is not a supported Convex type (present at path .at in '
            'original object {"at":"1970-01-01T00:00:00.000Z"}). To learn about Convex\'s supported types, see '
            "https://docs.convex.dev/using/types.",
        ),
    ],
)
async def test_what_is_thrown_is_told_as_on_convex(project, name, text):
    assert await project.error(name) == text
