"""Attacks by "use node" actions, each really run. Their code has the whole world of its process, so what is tested is
the wall around the process: nothing of the machine can be read or reached, and the next call meets nothing.
"""

from __future__ import annotations

import json
import os

import pytest
import pytest_asyncio

from sandbox.engine import limits
from sandbox.engine.runtime.actions import node_host
from sandbox.engine.runtime.actions import process as action_process
from tests.engine.runtime.actions.conftest import FakeOperations, NodeActor, action

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.slow]

# The world behind the one that learner code is shown: what Deno's own modules see.
DENO = 'const deno = (0, eval)("(() => Deno)\\n//# sourceURL=ext:spy.js")();'

READS = {
    "a file": "return new TextDecoder().decode(deno.readFileSync('/etc/passwd'));",
    "a folder": "return [...deno.readDirSync('/')].length;",
    "the environment": "return deno.env.toObject();",
    "the parent's environment": "return deno.readTextFileSync('/proc/PARENT/environ');",
    "its own process": "return deno.readTextFileSync('/proc/self/maps');",
    "the network": "return await deno.connect({ hostname: '127.0.0.1', port: 3210 });",
    "a listener": "return deno.listen({ port: 3999 });",
    "another program": "return new deno.Command('/bin/ls').outputSync();",
    "a signal": "return deno.kill(PARENT, 'SIGTERM');",
    "a foreign library": "return deno.dlopen('/lib/x86_64-linux-gnu/libc.so.6', {});",
    "a permission": "if ((await deno.permissions.request({ name: 'read' })).state !== "
    "'granted') throw new Error('NotCapable');",
    "a file on disk": "return deno.writeTextFileSync('/tmp/left', 'x');",
    "a temporary file": "return deno.makeTempFileSync();",
    "a symbolic link": "return deno.symlinkSync('/etc', '/tmp/etc');",
    "the kv store": "return await deno.openKv();",
}


IMPORTS = {
    "a file as text": "await import('file:///etc/passwd', { with: { type: 'text' } })",
    "a file by a script": "await "
    "require('vm').runInThisContext(`import('file:///etc/passwd', { with: { type: 'text' } })`)",
    "a file by code from strings": "await new Function(`return "
    "import('file:///etc/passwd', { with: { type: 'text' } })`)()",
    "a module from the network": "await new Function(`return import('https://example.com/a.js')`)()",
    "a package": "await new Function(`return import('npm:lodash')`)()",
}


REACHES = {
    "process.binding": "return process.binding('fs');",
    "process.dlopen": "return process.dlopen({}, '/lib/x86_64-linux-gnu/libc.so.6');",
    "process.kill": f"return process.kill({os.getpid()}, 'SIGTERM');",
    "the loader's class": "return module.constructor._load('fs').readFileSync('/etc/passwd');",
    "the loader": "return require('module')._load('fs').readFileSync('/etc/passwd');",
    "process.mainModule": "return process.mainModule.require('fs').readFileSync('/etc/passwd');",
    "getBuiltinModule": "return process.getBuiltinModule('fs').readFileSync('/etc/passwd');",
    "localStorage": "localStorage.setItem('a', 'b');",
    "caches": "await caches.open('a');",
    "a worker": "new Worker('data:,');",
    "a socket of the web": "new WebSocket('ws://127.0.0.1:3210');",
    "stdin": "return require('fs').readSync(0, Buffer.alloc(1));",
}


ATTEMPTS = {
    **{f"read {name}": f"{DENO} {body.replace('PARENT', str(os.getpid()))}" for name, body in READS.items()},
    **{f"import {name}": f"return Object.keys({expression});" for name, expression in IMPORTS.items()},
    **{f"reach {name}": body for name, body in REACHES.items()},
}


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def prepared(tools):
    """All attempts in one module, each an action of its own: a deploy takes longer than a call."""
    actor = NodeActor(tools)
    actions = (
        f"export const f{n} = action(async (): Promise<any> => {{ {body} }});"
        for n, body in enumerate(ATTEMPTS.values())
    )
    await actor.deploy(code='"use node"; import { action } from "./_generated/server";\n' + "\n".join(actions))
    yield actor
    await actor.host.close()


@pytest.mark.parametrize("name", ATTEMPTS)
async def test_nothing_of_the_machine_can_be_reached(prepared, name):
    result = await prepared.call(f"code:f{list(ATTEMPTS).index(name)}")
    assert result.value_json is None, result.value_json
    assert result.error.code == "UncaughtError"
    if name.startswith("read "):  # the others end in errors of many kinds
        assert "NotCapable" in result.error.message or "is not a function" in result.error.message


# Frames that learner code writes to the real stdout: they can only be about its own run.
WRITE = f"{DENO} const write = (text: string) => deno.stdout.writeSync(new TextEncoder().encode(text));"
FORGERIES = {
    "an outcome of no run": (
        f"{WRITE} write('R0000000000000000\\t{{\"ok\":true}}\\t1\\n'); return 1;",
        {"ForgedMessage"},
    ),
    "an answer to a ping": (f"{WRITE} write('P0000\\n'); return 1;", {"ForgedMessage"}),
    "nonsense": (f"{WRITE} write('\\n\\n'); return 1;", {"ForgedMessage"}),
    "half a line": (f"{WRITE} write('R'); return 1;", {"ForgedMessage"}),
    "a flood": (f"{WRITE} const text = 'x'.repeat(1 << 20); for (;;) write(text);", {"MessageTooLarge"}),
}


@pytest.mark.parametrize(("body", "codes"), FORGERIES.values(), ids=FORGERIES.keys())
async def test_a_forged_frame_ends_its_own_call_alone(node, body, codes):
    await node.deploy(code=f'"use node"; {action("if (args.attack) {" + body + "} return `fine`;")}')
    assert (await node.call(args={"attack": True})).error.code in codes
    assert (await node.call()).value_json == '"fine"'


async def test_a_forged_outcome_is_no_more_than_the_call_could_return(node):
    """It learns the number of its run by listening, answers for itself, and is answered by the end of its process."""
    spy = f"""{DENO} let said = ""; const encode = TextEncoder.prototype.encode;
    TextEncoder.prototype.encode = function (text?: string) {{ said += text; return encode.call(this, text); }};"""
    body = """const run = /B([0-9a-f]{16})\\n$/.exec(said)![1];
    deno.stdout.writeSync(encode.call(new TextEncoder(), `R${run}\\t{"ok":true}\\t"forged"\\n`));
    await new Promise(() => {});"""
    await node.deploy(code=f'"use node"; {spy} {action(body)}')
    for _ in range(2):
        assert (await node.call()).value_json == '"forged"'


ENDS = {
    "endless loop": ("for (;;) {}", {"ActionBlocked"}),
    "endless ticks": ("const on = () => process.nextTick(on); on(); await new Promise(() => {});", {"ActionBlocked"}),
    "array bomb": (
        "const all: any[] = []; for (;;) all.push(new Array(1e5).fill({}));",
        {"OutOfMemory", "ActionBlocked"},
    ),
    "buffers": (
        "const all: any[] = []; for (;;) all.push(Buffer.alloc(1 << 24, 1));",
        {"UncaughtError", "OutOfMemory", "ActionBlocked"},
    ),
    "process.exit": ("process.exit();", {"LearnerError"}),
    "process.reallyExit": ("(process as any).reallyExit(0);", {"LearnerError"}),
    "process.abort": ("process.abort();", {"LearnerError"}),
    "the runtime's exit": (f"{DENO} deno.exit(0);", {"ProcessEnded"}),
    "stdin closed": (
        f"{DENO} deno.stdin.close(); return await new Promise(() => {{}});",
        {"ProcessEnded", "UncaughtError"},
    ),
    "a scripted engine": (
        "require('v8').setFlagsFromString('--max-old-space-size=1'); for (const all: any[] = []; ;) all.push({});",
        {"OutOfMemory", "UncaughtError", "ActionBlocked"},
    ),
}


@pytest.mark.parametrize(("body", "codes"), ENDS.values(), ids=ENDS.keys())
async def test_an_attack_ends_its_own_process_alone(node, monkeypatch, body, codes):
    monkeypatch.setattr(node_host, "BLOCKED_CPU_SECONDS", 1.0)
    monkeypatch.setattr(action_process, "PING_SECONDS", 0.2)
    await node.deploy(code=f'"use node"; {action("if (args.attack) {" + body + "} return `fine`;")}')
    assert (await node.call(args={"attack": True})).error.code in codes
    assert (await node.call()).value_json == '"fine"'


async def test_what_an_action_leaves_running_ends_with_it(node):
    body = "setInterval(() => { for (let until = Date.now() + 50; Date.now() < until;); }, 0); return process.pid;"
    await node.run(body)
    assert not node.host._running


async def test_patched_modules_and_prototypes_are_whole_in_the_next_call(node):
    body = """const fs = require("fs");
    const before = [fs.mine, (Object.prototype as any).mine, typeof Promise.prototype.then];
    if (args.attack) {
      fs.mine = (Object.prototype as any).mine = 1;
      (JSON as any).parse = () => ({}); (Promise.prototype as any).then = null; (globalThis as any).Convex = null;
      Object.freeze(globalThis);
    }
    return before.map((each) => each ?? null);"""
    await node.deploy(code=f'"use node"; {action(body)}')
    node.operations = FakeOperations()
    await node.call(args={"attack": True})
    for _ in range(2):
        assert json.loads((await node.call()).value_json) == [None, None, "function"]


async def test_a_flood_of_operations_ends(node, monkeypatch):
    monkeypatch.setattr(limits, "SYSCALLS_MAX", 2_000)
    ask = "const ask = (globalThis as any).Convex.asyncSyscall;"
    error = await node.error(
        f"{ask} for (;;) await Promise.allSettled(Array.from({{ length: 500 }}, () => ask('1.0/echo', '1')));"
    )
    assert error.code == "TooManySyscalls"


async def test_too_many_operations_at_once_are_refused_in_convexs_words(node):
    ask = "const ask = (globalThis as any).Convex.asyncSyscall;"
    body = f"{ask} const all = Array.from({{ length: 1001 }}, () => ask('1.0/wait', '1')); await all[1000];"
    assert (
        "Too many concurrent operations. See https://docs.convex.dev/functions/actions#limits"
        in (await node.error(body)).message
    )
