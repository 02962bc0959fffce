"""Attacks by actions, each really run: each ends, is told, and the next action works as if nothing had happened."""

from __future__ import annotations

import asyncio
import json

import pytest

from sandbox.engine import limits
from sandbox.engine.runtime.actions import process as action_process
from sandbox.engine.runtime.actions.process import ActionProcess
from sandbox.engine.runtime.actions.running import ActionCall
from sandbox.engine.runtime.frames import CallStopped
from tests.engine.runtime.actions.conftest import FakeOperations, action

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.slow]

ASK = "const ask = (globalThis as any).Convex.asyncSyscall;"
BLOCKED, NO_MEMORY, THROWN = {"ActionBlocked"}, {"OutOfMemory"}, {"UncaughtError"}
SLEEP = "const sleep = (ms: number) => new Promise((on) => setTimeout(on, ms));"

ATTACKS = {
    "endless loop": ("for (;;) {}", BLOCKED),
    "endless loop in a timer": ("setTimeout(() => { for (;;) {} }, 1); await new Promise(() => {});", BLOCKED),
    "endless microtasks": (
        "const on = (): any => Promise.resolve().then(on); on(); await new Promise(() => {});",
        BLOCKED | NO_MEMORY,
    ),
    "endless microtasks after the return": (
        "const on = (): any => Promise.resolve().then(on); on(); return 1;",
        BLOCKED | NO_MEMORY,
    ),
    "array bomb": ("const all: any[] = []; for (;;) all.push(new Array(1e5).fill({}));", NO_MEMORY | BLOCKED),
    "slow array bomb": (
        f"{SLEEP} const all: any[] = []; for (;;) {{ all.push(new Array(1e6).fill(7.5)); await sleep(1); }}",
        NO_MEMORY,
    ),
    "array buffers": (
        "const all: any[] = []; for (;;) all.push(new Uint8Array(1 << 24).fill(1));",
        THROWN | NO_MEMORY | BLOCKED,
    ),
    "string doubling": ("let text = 'x'; for (;;) text += text;", THROWN),
    "deep recursion": ("const deep = (n: number): number => deep(n + 1) + 1; return deep(0);", THROWN),
    "regular expression backtracking": ("/^(a+)+$/.test('a'.repeat(40) + 'b');", BLOCKED),
    "a result of 100 MB": ("return 'x'.repeat(100e6);", NO_MEMORY | {"LearnerError", "MessageTooLarge"}),
    "a result of 17 MB": ("return 'x'.repeat(17 * 1024 * 1024);", {"LearnerError"}),
    "a message getter that loops": (
        "throw Object.defineProperty(new Error(), 'message', { get() { for (;;); } });",
        BLOCKED,
    ),
    "a thenable that loops": ("return { then() { for (;;); } };", BLOCKED),
    "a Proxy thrown": ("throw new Proxy({}, { get() { throw 1; }, has() { for (;;); } });", BLOCKED | THROWN),
    "a flood of operations": (
        f"{ASK} for (;;) await Promise.allSettled(Array.from({{ length: 999 }}, () => ask('1.0/echo', '1')));",
        {"TooManySyscalls"},
    ),
    "a flood of operations that nobody awaits": (
        f"{ASK} for (;;) {{ for (let i = 0; i < 5000; i++) ask('1.0/wait', '1').catch(() => {{}}); "
        "await new Promise((on) => setTimeout(on, 0)); }",
        {"TooManySyscalls"} | NO_MEMORY,
    ),
    "arguments of 80 MB": (
        f"{ASK} await ask('1.0/echo', JSON.stringify('x'.repeat(80e6)));",
        NO_MEMORY | THROWN | {"MessageTooLarge"},
    ),
    "a flood of timers": ("for (;;) setTimeout(() => {}, 1e9);", THROWN),
    "a flood of intervals": ("for (let i = 0; ; i++) setInterval(() => {}, 0);", THROWN),
    "a forged frame in an operation": (f"{ASK} await ask('1.0/get\\nR\\t{{}}\\t1', '{{}}');", THROWN),
    "a forged frame in arguments": (f"{ASK} await ask('1.0/get', '{{}}\\nR\\t{{}}\\t1');", THROWN),
    "a tab in an operation": (f"{ASK} await ask('1.0/get\\t1', '{{}}');", THROWN),
    "an operation of the runner": (f"{ASK} await ask('fetch', '{{}}');", THROWN),
    "no operation": (f"{ASK} await ask('', '');", THROWN),
}


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(action_process, "BLOCKED_CPU_SECONDS", 1.0)
    monkeypatch.setattr(action_process, "PING_SECONDS", 0.2)
    monkeypatch.setattr(limits, "SYSCALLS_MAX", 20_000)


@pytest.mark.parametrize(("body", "codes"), ATTACKS.values(), ids=ATTACKS.keys())
async def test_an_attack_ends_and_harms_nobody(actor, body, codes):
    actor.operations = FakeOperations()
    await actor.deploy(code=action("if (args.attack) {" + body + "} return 'fine';"))
    result = await actor.call(args={"attack": True})
    # What goes on after the return keeps the process busy, and the process is ended for it: not the action's result.
    if result.value_json is None:
        assert result.error.code in codes, result.error
    else:
        assert "after the return" in body or result.value_json == "1"
    assert result.total_ms < 30_000
    actor.operations = FakeOperations()
    assert (await actor.call()).value_json == '"fine"'


# What only an action's realm has tells module scope where it is.
ONLY_HERE = "if (!/refuseFetch/.test(fetch.toString())) {{ {} }}\n"
LOADING = {
    "endless loop": ("for (;;);", {"LoadTimedOut"}),
    "array bomb": ("const all: any[] = []; for (;;) all.push(new Array(1e5).fill({}));", NO_MEMORY | {"LoadTimedOut"}),
    "an error": ("throw new Error('only here');", THROWN),
    "a rejection nobody handles": ("Promise.reject(new Error('x'));", THROWN),
    "a timer": ("setTimeout(() => {}, 1);", THROWN),
    "a fetch": ("fetch('http://127.0.0.1:1/');", THROWN),
}


@pytest.mark.parametrize(("body", "codes"), LOADING.values(), ids=LOADING.keys())
async def test_modules_that_misbehave_in_actions_alone_are_told_to_who_calls(actor, monkeypatch, body, codes):
    monkeypatch.setattr(limits, "ACTION_DEADLINE_MS", 5_000)
    actor.operations = FakeOperations()
    await actor.deploy(code=ONLY_HERE.format(body) + action("return 1;"))
    result = await actor.call()
    assert result.value_json == "1" or result.error.code in codes, result.error
    await actor.deploy(code=action("return 'fine';"))
    assert (await actor.call()).value_json == '"fine"'


async def test_who_blocks_the_process_ends_the_others_with_a_reason(actor):
    actor.operations = FakeOperations()
    await actor.deploy(code=action(f"{ASK} if (args.wait) await ask('1.0/wait', '1'); for (;;) {{}}"))
    innocent = asyncio.ensure_future(actor.call(args={"wait": True}))
    await actor.operations.until(1)
    guilty = await actor.call()
    assert {guilty.error.code, (await innocent).error.code} == {"ActionBlocked"}
    assert "without awaiting anything" in guilty.error.message


async def test_hard_work_that_pauses_is_no_block(actor):
    body = f"""{SLEEP} const until = Date.now() + 2500;
    while (Date.now() < until) {{ const step = Date.now() + 100; while (Date.now() < step); await sleep(0); }}
    return "done";"""
    assert await actor.run(body) == "done"


async def test_log_lines_are_bounded(actor):
    result = await actor.result("for (let i = 0; i < 1e5; i++) console.log('x'.repeat(100)); return 1;")
    assert result.value_json == "1"
    assert len(result.log_lines) <= limits.LOG_LINES_MAX


async def test_too_many_operations_at_once_are_refused_and_can_be_caught(actor):
    body = f"""{ASK} const all = Array.from({{ length: 1500 }}, () => ask('1.0/wait', '1'));
    return await Promise.any(all.map((each) => each.then(() => 0, (error: any) => error.message)));"""
    await actor.deploy(code=action(body))
    actor.operations = FakeOperations()
    result = await actor.call()
    assert result.error is None, result.error
    value = json.loads(result.value_json)
    assert value.startswith("Too many operations at once in one action (limit: 1000).")
    actor.operations.released.set()


async def test_after_its_end_an_action_asks_for_nothing(actor):
    body = f"{ASK} setTimeout(() => ask('1.0/late', '1'), 1); Promise.resolve().then(() => {{}}); return 1;"
    result = await actor.result(body)
    assert result.value_json == "1"
    assert await actor.run(f"{SLEEP} await sleep(20); return 'later';") == "later"
    assert actor.operations.asked == []


async def test_what_one_action_breaks_is_whole_in_the_next(actor):
    breaking = """(Promise.prototype as any).then = () => {}; JSON.parse = (() => 5) as any;
    (Object.prototype as any).toJSON = 1;
    (globalThis as any).setTimeout = (globalThis as any).fetch = (Array.prototype as any).push = null; return 1;"""
    await actor.deploy(
        code=action(f"{ASK} if (args.attack) {{ {breaking} }} return JSON.parse(await ask('1.0/echo', '[7]'))[0];")
    )
    await actor.call(args={"attack": True}, seconds=2.0)
    assert (await actor.call()).value_json == "7"


# ---- a process that says what it wants --------------------------------------------------------------------------


class LyingChannel:
    """Stands for a process whose outer realm is the learner's: it knows the runs, and says any line."""

    pid = 1
    is_alive = True
    flooded = False
    exit_code = 0
    unsent_bytes = 0

    def __init__(self):
        self.lines: asyncio.Queue[bytes] = asyncio.Queue()
        self.sent: list[bytes] = []

    async def read_line(self, seconds):
        return await self.lines.get()

    def write(self, data):
        self.sent.append(data)

    def kill(self):
        self.is_alive = False

    async def ended(self):
        pass


LIES = [
    b"",
    b"X",
    b"B",
    b"R{run}",
    b"R{run}\t{}",
    b"R{run}\tnot json\t1",
    b"R{run}\t[]\t1",
    b'Rother\t{"ok":true}\t1',
    b"S{run}\t1\top",
    b"S{run}\tx\top\t{}",
    b"S{run}\t-1\top\t{}",
    b"S{run}\t9999999999\top\t{}",
    b"G{run}\tnot json",
    b"G{run}\t[1]",
    b"G{run}\t" + json.dumps("x" * (limits.LOG_LINE_BYTES_MAX + 1)).encode(),
    b"P",
    b"P0123",
    b"B{run}\nB{run}",
]


@pytest.mark.parametrize("lie", LIES)
async def test_a_frame_that_makes_no_sense_ends_the_process(lie):
    channel = LyingChannel()
    process = ActionProcess(channel)
    process._reader = asyncio.create_task(process._read())
    running = asyncio.ensure_future(process.call(ActionCall("m:f", "[{}]", 0.0, 1), FakeOperations(), [], 30.0))
    await asyncio.sleep(0)
    run = json.loads(channel.sent[0])["run"].encode()
    channel.lines.put_nowait(b"B" + run)
    for line in lie.replace(b"{run}", run).split(b"\n"):
        channel.lines.put_nowait(line)
    with pytest.raises(CallStopped) as stopped:
        await running
    assert stopped.value.code == "ForgedMessage"
    assert not channel.is_alive
    process._reader.cancel()


async def test_the_same_operation_number_twice_at_once_is_a_lie():
    channel = LyingChannel()
    process = ActionProcess(channel)
    process._reader = asyncio.create_task(process._read())
    running = asyncio.ensure_future(process.call(ActionCall("m:f", "[{}]", 0.0, 1), FakeOperations(), [], 30.0))
    await asyncio.sleep(0)
    run = json.loads(channel.sent[0])["run"].encode()
    for line in (b"B%s", b"S%s\t1\t1.0/wait\t{}", b"S%s\t1\t1.0/wait\t{}"):
        channel.lines.put_nowait(line % run)
    with pytest.raises(CallStopped):
        await running
    process._reader.cancel()


async def test_what_a_stopped_action_left_behind_is_not_met_by_the_next_one(actor):
    actor.operations = FakeOperations()
    await actor.deploy(code=action(f"{ASK} return await ask('1.0/wait', '1');"))
    innocent = asyncio.ensure_future(actor.call())
    await actor.operations.until(1)
    first = actor.host._process
    assert (await actor.call(seconds=0.1)).error.code == "FunctionTimedOut"
    later = asyncio.ensure_future(actor.call())
    await actor.operations.until(3)
    assert actor.host._process is not first
    actor.operations.released.set()
    assert {(await innocent).value_json, (await later).value_json} == {'"1"'}
    assert not first.is_alive
