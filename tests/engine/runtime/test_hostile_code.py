"""Attacks, each really run, each followed by a call that works as if nothing had happened."""

from __future__ import annotations

import json
import resource
from pathlib import Path

import pytest

from tests.engine.runtime.conftest import query

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.slow]

TIMED_OUT, NO_MEMORY, THROWN = {"FunctionTimedOut"}, {"OutOfMemory"}, {"UncaughtError"}
CALL_HOST = "await (globalThis as any).Convex.asyncSyscall"
OUT_OF_MEMORY_TEXT = "JavaScript execution ran out of memory (maximum memory usage: 64 MB)"

ATTACKS = {
    "endless loop": ("for (;;) {}", TIMED_OUT),
    "endless microtasks": (
        "const on = (): any => Promise.resolve().then(on); on(); await new Promise(() => {});",
        TIMED_OUT | NO_MEMORY,
    ),
    "endless microtasks after the return": (
        "const on = (): any => Promise.resolve().then(on); on(); return 1;",
        TIMED_OUT | NO_MEMORY,
    ),
    "array bomb": ("const all: any[] = []; for (;;) all.push(new Array(1e5).fill({}));", NO_MEMORY | TIMED_OUT),
    "string doubling": ("let text = 'x'; for (;;) text += text;", THROWN),
    "many strings": (
        "const all: any[] = []; for (let i = 0; ; i++) { all.push(`${i}`.repeat(1e6)); JSON.stringify(all[i]); }",
        NO_MEMORY | TIMED_OUT,
    ),
    "array buffers": (
        "const all: any[] = []; for (;;) all.push(new Uint8Array(1 << 24).fill(1));",
        THROWN | NO_MEMORY | TIMED_OUT,
    ),
    "a 64 GB array buffer": ("new ArrayBuffer(64 * 1024 ** 3);", THROWN),
    "deep recursion": ("const deep = (n: number): number => deep(n + 1) + 1; return deep(0);", THROWN),
    "a deeply nested result": (
        "let a: any = []; for (let i = 0; i < 1e6; i++) a = [a]; return a;",
        THROWN | NO_MEMORY | TIMED_OUT,
    ),
    "regular expression backtracking": ("/^(a+)+$/.test('a'.repeat(40) + 'b');", TIMED_OUT),
    "a result of 100 MB": ("return 'x'.repeat(100e6);", NO_MEMORY),
    "a result of 17 MB": ("return 'x'.repeat(17 * 1024 * 1024);", {"LearnerError"}),
    "a message getter that loops": (
        "throw Object.defineProperty(new Error(), 'message', { get() { for (;;); } });",
        TIMED_OUT,
    ),
    "a stack getter that loops": ("throw Object.defineProperty({}, 'stack', { get() { for (;;); } });", TIMED_OUT),
    "a thenable that loops": ("return { then() { for (;;); } };", TIMED_OUT),
    "a thenable that resolves to itself": (
        "const same: any = { then: (ok: any) => Promise.resolve().then(() => ok(same)) }; return same;",
        TIMED_OUT | NO_MEMORY,
    ),
    "a Proxy that loops": ("return new Proxy({}, { ownKeys() { for (;;); } });", TIMED_OUT | THROWN),
    "a Proxy thrown": ("throw new Proxy({}, { get() { throw 1; }, has() { for (;;); } });", TIMED_OUT | THROWN),
    "a syscall flood": (f"for (;;) {CALL_HOST}('1.0/getUserIdentity', '{{}}');", TIMED_OUT | {"TooManySyscalls"}),
    "a syscall of 50 MB": (
        f"{CALL_HOST}('1.0/getUserIdentity', JSON.stringify('x'.repeat(50e6)));",
        NO_MEMORY | {"MessageTooLarge"},
    ),
    "a syscall of 20 MB": (
        f"{CALL_HOST}('1.0/getUserIdentity', JSON.stringify('x'.repeat(20e6)));",
        {"MessageTooLarge"},
    ),
    "a forged frame in an operation": (f"{CALL_HOST}('1.0/get\\nR\\t{{}}\\t1', '{{}}');", THROWN),
    "a forged frame in arguments": (f"{CALL_HOST}('1.0/get', '{{}}\\nR\\t{{}}\\t1');", THROWN),
    "arguments nested too deep to parse": (f"{CALL_HOST}('1.0/get', '['.repeat(1e5));", THROWN),
    "a query plan that is none": (f"{CALL_HOST}('1.0/queryStreamNext', '{{\"queryId\":77}}');", THROWN),
}


async def works(learner) -> None:
    assert await learner.run("return (await ctx.db.query('rows').collect()).length;", documents=300) == 300


@pytest.mark.parametrize(("body", "codes"), ATTACKS.values(), ids=ATTACKS.keys())
async def test_an_attack_ends_and_harms_nobody(learner, body, codes):
    await learner.deploy(code=query(body))
    result = await learner.call()
    assert result.error is not None, result.value_json
    assert result.error.code in codes, result.error
    assert result.total_ms < 20_000
    # The same project must work again, not only the next one.
    await learner.deploy(code=query("if (args.attack) {" + body + "} return 'fine';"))
    await learner.call(args={"attack": True})
    assert (await learner.call()).value_json == '"fine"'
    await works(learner)


@pytest.mark.parametrize(
    "body",
    [
        "for (let i = 0; i < 1e6; i++) console.log('x'.repeat(100));",
        "console.log('x'.repeat(30e6)); console.log(new Array(1e6).fill('abc'));",
        "let a: any = []; for (let i = 0; i < 1e5; i++) a = [a]; console.log(a);",
        "(Convex as any) = 1;".replace("(Convex as any)", "try { (globalThis as any).Convex") + " } catch {}",
    ],
)
async def test_noise_is_bounded_and_the_function_still_returns(learner, body):
    await learner.deploy(code=query(body + " return 1;"))
    result = await learner.call()
    assert result.value_json == "1"
    assert sum(len(line) for line in result.log_lines) < 10_000_000
    await works(learner)


POLLUTION = """
(Object.prototype as any).toJSON = () => "stolen";
(Object.prototype as any).then = () => {};
(Array.prototype as any).push = () => 0;
(String.prototype as any).split = () => [];
(Promise.prototype as any).then = () => {};
(Function.prototype as any).call = () => {};
JSON.parse = (() => 5) as any;
JSON.stringify = (() => "x") as any;
Object.defineProperty(Object.prototype, "plan", { set() {}, get() { return 1; } });
(globalThis as any).Promise = (globalThis as any).Object = (globalThis as any).JSON = undefined;
"""


async def test_pollution_of_the_intrinsics_is_gone_in_the_next_call(learner):
    source = query(f"if (args.attack) {{ {POLLUTION} }} return (await ctx.db.query('rows').collect()).length;")
    await learner.deploy(code=source)
    await learner.call(args={"attack": True}, documents=5)
    assert (await learner.call(documents=5)).value_json == "5"


@pytest.mark.parametrize("result", ["'not json'", "'1\\n2'", "5", "undefined", "{}", "'['.repeat(1e5)"])
async def test_a_function_object_made_by_hand_cannot_return_nonsense(learner, result):
    invoke = f"invokeQuery: async () => ({result}) as any"
    await learner.deploy(
        code=f"export const f: any = Object.assign(() => 1, {{ isQuery: true, isPublic: true, {invoke}, "
        "exportArgs: () => '{\"type\":\"any\"}', exportReturns: () => 'null' });\n"
    )
    outcome = await learner.call()
    assert outcome.error is not None or json.loads(outcome.value_json) == 5
    await works(learner)


async def test_running_out_of_stack_inside_the_host_leaks_nothing(learner):
    body = """
    const strangers: any[] = [];
    const attempts = [
      () => console.log("x"),
      () => (globalThis as any).Convex.asyncSyscall("1.0/get", "{}").catch(() => {}),
      () => (globalThis as any).Convex.syscall("1.0/queryCleanup", '{"queryId":1}'),
      () => eval("1"),
      () => structuredClone({ a: [1] }),
    ];
    const deep = (): void => {
      try { deep(); } catch {}
      for (const attempt of attempts) {
        try { attempt(); } catch (error: any) { if (!(error instanceof Error)) strangers.push(1); }
      }
    };
    try { deep(); } catch {}
    return strangers.length;"""
    await learner.deploy(code=query(body))
    result = await learner.call()
    assert result.value_json == "0" or result.error.code == "FunctionTimedOut"
    await works(learner)


async def test_memory_stays_within_its_bound_under_a_bomb(learner):
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    await learner.run("return 1;")
    pid = learner.host._process.pid
    data_limit = next(line for line in Path(f"/proc/{pid}/limits").read_text().splitlines() if "Max data size" in line)
    used = next(line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmData"))
    assert int(data_limit.split()[3]) < int(used.split()[1]) * 1024 + 200 * 1024 * 1024
    await learner.error("const all: any[] = []; for (;;) all.push(new Uint8Array(1 << 24).fill(1));")
    assert max(before, 450_000) >= resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
