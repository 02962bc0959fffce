"""Starting, keeping and ending JS processes: nothing survives its owner, nobody pays for another's death."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import pytest_asyncio

from sandbox.engine.runtime import host as host_module
from sandbox.engine.runtime.host import JsHost, close_pools
from sandbox.engine.runtime.pool import pool_of
from tests.engine.runtime.conftest import Learner, query

ROOT = Path(__file__).parents[3]


@pytest_asyncio.fixture
async def own(tools):
    """A learner of this test's own loop."""
    learner = Learner(tools)
    yield learner
    await learner.host.close()
    await close_pools()


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] not in "ZX"
    except FileNotFoundError:
        return False


async def until(condition) -> None:
    """Waits for what no event announces: another process's state."""
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.005)


async def test_close_ends_the_process(own):
    assert await own.run("return 1;") == 1
    pid = own.host._process.pid
    await own.host.close()
    assert not Path(f"/proc/{pid}").exists()


async def test_close_ends_a_call_that_would_not_end(own):
    await own.deploy(code=query("for (;;) {}"))
    call = asyncio.create_task(own.call())
    await until(lambda: own.host._lock.locked())
    await own.host.close()
    assert (await call).error.code == "FunctionTimedOut"


async def test_a_cancelled_call_does_not_confuse_the_next_one(own):
    await own.deploy(code=query("if (args.loop) for (;;) {} return args.n;"))
    call = asyncio.create_task(own.call(args={"loop": True}))
    await until(lambda: own.syscalls is not None)
    await asyncio.sleep(0)
    call.cancel()
    await asyncio.gather(call, return_exceptions=True)
    assert (await own.call(args={"n": 5})).value_json == "5"


async def test_a_process_that_died_between_calls_is_replaced(own):
    assert await own.run("return 1;") == 1
    os.kill(own.host._process.pid, signal.SIGKILL)
    assert (await own.call()).value_json == "1"


async def test_an_error_of_ours_in_a_syscall_is_raised_and_the_next_call_works(own, monkeypatch):
    await own.deploy(code=query("return await ctx.db.get('x'.repeat(32));"))
    broken = own.call()
    monkeypatch.setattr("tests.engine.runtime.conftest.FakeTransaction.get", None)
    with pytest.raises(TypeError):
        await broken
    monkeypatch.undo()
    assert (await own.call()).value_json == "null"


async def test_calls_queue_up(own):
    await own.deploy(code=query("return args.n;"))
    results = await asyncio.gather(*(own.call(args={"n": n}) for n in range(20)))
    assert [result.value_json for result in results] == [str(n) for n in range(20)]


async def test_a_spare_process_waits_for_the_next_deployment(own, tools):
    await own.run("return 1;")
    pool = pool_of(tools)
    await until(lambda: len(pool._spares) == 1)
    spare = pool._spares[0].pid
    other = Learner(tools)
    assert await other.run("return 2;") == 2
    assert other.host._process.pid == spare
    await other.host.close()


async def test_closing_the_pool_ends_the_spares(own, tools):
    await own.run("return 1;")
    pool = pool_of(tools)
    await until(lambda: len(pool._spares) == 1)
    spare = pool._spares[0].pid
    await close_pools()
    assert not Path(f"/proc/{spare}").exists()


async def test_an_idle_process_is_ended_and_comes_back(own, monkeypatch):
    monkeypatch.setattr(host_module, "TIDY_SECONDS", 0.01)
    monkeypatch.setattr(host_module, "PAUSE_SECONDS", 0.01)
    monkeypatch.setattr(host_module, "IDLE_SECONDS", 0.01)
    await own.run("return 1;")
    pid = own.host._process.pid
    await until(lambda: not is_running(pid))
    assert (await own.call()).value_json == "1"


async def test_a_pause_gives_back_the_memory_of_past_calls(own, monkeypatch):
    await own.run("return Array.from({ length: 100_000 }, (_, n) => ({ n })).length;")
    for _ in range(5):
        await own.call()
    process, full = own.host._process, own.host._process.private_bytes
    monkeypatch.setattr(host_module, "TIDY_SECONDS", 0.01)
    await own.call()
    await until(lambda: process.private_bytes < full - 4 * 2**20)
    assert (await own.call()).value_json == "100000"
    assert own.host._process is process


async def test_a_process_that_grew_large_is_ended_sooner(own, monkeypatch):
    await own.run("return 1;")
    pid = own.host._process.pid
    monkeypatch.setattr(host_module, "PAUSE_BYTES_MAX", own.host._process.private_bytes // 2)
    monkeypatch.setattr(host_module, "TIDY_SECONDS", 0.01)
    monkeypatch.setattr(host_module, "PAUSE_SECONDS", 0.01)
    await own.call()
    await until(lambda: not is_running(pid))


async def test_a_call_before_any_deploy_finds_no_function(tools):
    learner = Learner(tools)
    assert (await learner.call()).error.code == "FunctionNotFound"
    assert isinstance(learner.host, JsHost)


PARENT = """
import asyncio, sys
from pathlib import Path
from sandbox.engine.runtime.toolchain import Toolchain
from tests.engine.runtime.conftest import Learner, query

async def main():
    learner = Learner(Toolchain(*(Path(path) for path in sys.argv[1:6])))
    await learner.deploy(code=query("for (;;) {}"))
    call = asyncio.create_task(learner.call())
    print(learner.host._process.pid, flush=True)
    await call

asyncio.run(main())
"""


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
async def test_learner_code_ends_with_the_server(tools, how):
    paths = [str(path) for path in (tools.deno, tools.esbuild, tools.convex_library, tools.web_streams, tools.work)]
    command = [sys.executable, "-c", PARENT, *paths]
    parent = subprocess.Popen(  # noqa: ASYNC220
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    with parent:
        pid = int(parent.stdout.readline())
        assert is_running(pid)
        parent.send_signal(how)
    await until(lambda: not is_running(pid))
