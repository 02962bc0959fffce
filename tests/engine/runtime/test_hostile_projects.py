"""Hostile projects at deploy: what code does while its modules load, and what its exports do when they are read.

Every attack ends in a refusal with a reason, or in a project that is live and harms nobody; the code that was live
before stays live, and the next deploy works.
"""

from __future__ import annotations

import pytest

from sandbox.engine import DeployError
from sandbox.engine.runtime import process
from tests.engine.runtime.conftest import IMPORTS, query

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.slow]

FINE = query("return 'fine';")


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    """Modules may load for two seconds; who never ends does not end in half of one."""
    monkeypatch.setattr(process, "LOAD_SECONDS", 0.5)


async def stays_live(learner) -> None:
    assert (await learner.call()).value_json == '"fine"'
    await learner.deploy(code=query("return 'next';"))
    assert (await learner.call()).value_json == '"next"'


async def attempt(learner, files: dict[str, str]) -> DeployError | None:
    """The refusal of the project, after a good one was live; None when it goes live."""
    await learner.deploy(code=FINE)
    try:
        await learner.deploy(**{"code": FINE, **files})
    except DeployError as error:
        assert error.message  # noqa: PT017
        return error
    return None


# ── while modules load ──────────────────────────────────────────────────────

LONG = {
    "endless loop": "for (;;) {}",
    "endless microtasks": "const on = (): any => Promise.resolve().then(on); on();",
    "array bomb": "const all: any[] = []; for (;;) all.push(new Array(1e5).fill({}));",
    "string doubling": "let text = 'x'; for (;;) text += text;",
    "array buffers": "const all: any[] = []; for (;;) all.push(new Uint8Array(1 << 24).fill(1));",
    "regular expression backtracking": "/^(a+)+$/.test('a'.repeat(40) + 'b');",
    "throwing a Proxy": "throw new Proxy({}, { get() { throw 1; }, has() { for (;;); } });",
    "a message getter that loops": "throw Object.defineProperty(new Error(), 'message', { get() { for (;;); } });",
}
SHORT = {
    "deep recursion": "const deep = (n: number): number => deep(n + 1) + 1; deep(0);",
    "throwing null": "throw null;",
    "a rejection nobody handles": "Promise.reject(new Error('nobody'));",
    "the database": "(globalThis as any).Convex.syscall('1.0/queryStream', '{}');",
    "an operation": "await (globalThis as any).Convex.asyncSyscall('1.0/get', '{}');",
    "fetch": "await fetch('http://127.0.0.1:1/');",
    "a timer": "setTimeout(() => {}, 0);",
    "a file": 'import text from "/etc/passwd" with { type: "text" };\nthrow new Error(text);',
    "JSON of the disk": 'import json from "/etc/passwd.json" with { type: "json" };\nthrow new Error(json);',
    "a file URL": 'import text from "file:///etc/passwd";\nthrow new Error(text);',
    "a data URL": 'import x from "data:text/javascript,export default 1";\nthrow new Error(x);',
    "a module of Node": 'import fs from "node:fs";\nthrow new Error(fs.readFileSync("/etc/passwd", "utf8"));',
    "a package": 'import x from "npm:lodash";\nthrow new Error(x);',
    "a late import": 'await import("/etc/passwd");',
    "a late import of an expression": "await import(['node', 'fs'].join(':'));",
    "import.meta": "throw new Error(String((import.meta as any).url.length));",
    "require of the runner": "declare const require: any; require('./realms.js');",
}
ANYWHERE = [(module, body) for module in ("code", "schema", "crons", "http") for body in SHORT.values()]


@pytest.mark.parametrize(("module", "body"), [*ANYWHERE, *(("code", body) for body in LONG.values())])
async def test_what_a_module_does_while_it_loads_is_refused(learner, module, body):
    error = await attempt(learner, {module: body + "\nexport default 1;\n"})
    assert error is not None
    assert "root:" not in error.message
    await stays_live(learner)


@pytest.mark.parametrize("module", ["schema", "crons", "http"])
async def test_no_module_may_load_without_end(learner, module):
    error = await attempt(learner, {module: LONG["endless loop"]})
    assert error is not None
    assert error.code == "LoadTimedOut"


EXPORTS = {
    "a getter that loops": "Object.defineProperty(module.exports, 'f', { enumerable: true, get() { for (;;); } });",
    "a Proxy of exports": "module.exports = new Proxy({}, { ownKeys() { for (;;); } });",
    "a Proxy that throws": "module.exports = new Proxy({}, { ownKeys() { throw new Proxy({}, {}); } });",
    "exports of nothing": "module.exports = null;",
    "a function of getters": "module.exports.f = new Proxy(() => 1, { get() { throw new Error('trap'); } });",
    "a validator that loops": "module.exports.f = Object.assign(() => 1, "
    "{ isQuery: true, exportArgs() { for (;;); } });",
    "a validator that is none": "module.exports.f = Object.assign(() => 1, { isQuery: true, exportArgs: () => '{', "
    "exportReturns: () => 'null' });",
    "a validator that is huge": "module.exports.f = Object.assign(() => 1, { isQuery: true, "
    "exportArgs: () => JSON.stringify({ type: 'x'.repeat(5e6) }), exportReturns: () => 'null' });",
    "a validator that is deep": "module.exports.f = Object.assign(() => 1, { isQuery: true, "
    "exportArgs: () => '{\"type\":\"array\",\"value\":'.repeat(1e4) + '}'.repeat(1e4), exportReturns: () => 'null' });",
    "ten thousand functions": "for (let i = 0; i < 1e4; i++) module.exports['f' + i] = Object.assign(() => 1, "
    "{ isQuery: true, exportArgs: () => '{\"type\":\"any\"}', exportReturns: () => 'null' });",
    "names that are none": "module.exports['\\ud800'] = Object.assign(() => 1, "
    "{ isQuery: true, exportArgs: () => '{\"type\":\"any\"}', exportReturns: () => 'null' });",
    "pollution before the analysis": "(Object.prototype as any).toJSON = () => 1; "
    "(Array.prototype as any).toJSON = () => 2;",
    "a setter on the way": "Object.defineProperty(Array.prototype, '0', { set() { throw new Error('trap'); } }); "
    "module.exports.f = Object.assign(() => 1, { isQuery: true });",
    "a thenable of a schema": "module.exports.default = { export: () => ({ toString() { for (;;); } }), "
    "then() { for (;;); } };",
    "routes without end": "module.exports.default = { isRouter: true, "
    "getRoutes: function* () { for (;;) yield ['/a', 'GET']; } };",
    "crons that explode": "module.exports.default = { isCrons: true, export: () => '['.repeat(1e6) };",
}
# What is read of every module, and what of one of them alone.
READ = [("other", name) for name in EXPORTS] + [
    (module, name)
    for module in ("schema", "crons", "http")
    for name in EXPORTS
    if "default" in EXPORTS[name] or name in ("a Proxy that throws", "exports of nothing")
]


@pytest.mark.parametrize(("module", "name"), READ)
async def test_what_exports_do_when_they_are_read_harms_nobody(learner, module, name):
    """Not all of it is wrong in every module; what goes live all the same is a project that works."""
    error = await attempt(learner, {module: f"declare const module: any;\n{EXPORTS[name]}\n"})
    if error is None:
        assert (await learner.call()).value_json == '"fine"'
        await learner.deploy(code=FINE)
    await stays_live(learner)


POLLUTION = """
(Object.prototype as any).toJSON = () => "stolen"; (Object.prototype as any).then = () => {};
(Array.prototype as any).push = () => 0; JSON.parse = (() => 5) as any; JSON.stringify = (() => "x") as any;
(Promise.prototype as any).then = () => {}; (Function.prototype as any).call = () => {};
(globalThis as any).Promise = (globalThis as any).Map = (globalThis as any).Object = undefined;
"""


async def test_pollution_of_a_project_is_gone_in_the_next_one(learner):
    await attempt(learner, {"other": POLLUTION + "export {};\n"})
    await learner.deploy(code=query("return [JSON.stringify({ a: [1] }), typeof Promise, typeof Map];"))
    assert (await learner.call()).value_json == '["{\\"a\\":[1]}","function","function"]'


async def test_module_scope_is_as_new_in_every_call(learner):
    source = f"""{IMPORTS}let count = 0; const kept: any[] = [];
const left = () => (globalThis as any).left ?? null;
export const f = query(async () => {{ kept.push(1); return [++count, kept.length, left()]; }});
export const g = query(async () => {{ (globalThis as any).left = 1; return 1; }});
"""
    await learner.deploy(code=source)
    await learner.call("code:g")
    assert [(await learner.call()).value_json for _ in range(2)] == ["[1,1,null]"] * 2
