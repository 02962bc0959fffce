"""An action runs beside others, waits for what it asks, and ends in one clear way."""

from __future__ import annotations

import asyncio

import pytest

from tests.engine.runtime.actions.conftest import Actor, FakeOperations, action

pytestmark = pytest.mark.asyncio(loop_scope="module")

ASK = "const ask = (globalThis as any).Convex.asyncSyscall;"


async def test_an_action_returns_a_value(actor):
    assert await actor.run("return { sum: args.a + 1 };", {"a": 2}) == {"sum": 3}


async def test_what_it_asks_is_answered(actor):
    assert await actor.run(f"{ASK} return JSON.parse(await ask('1.0/echo', '{{\"n\":5}}')).n;") == 5


async def test_several_operations_are_under_way_at_once(actor):
    body = f"{ASK} return (await Promise.all([1, 2, 3].map((n) => ask('1.0/wait', String(n))))).join();"
    await actor.deploy(code=action(body))
    actor.operations = FakeOperations()
    running = asyncio.ensure_future(actor.call())
    await actor.operations.until(3)
    actor.operations.released.set()
    assert (await running).value_json == '"1,2,3"'


async def test_a_slow_action_does_not_hold_up_another(actor):
    await actor.deploy(code=action(f"{ASK} if (args.wait) await ask('1.0/wait', '1'); return 'done';"))
    actor.operations.released.clear()
    slow = asyncio.ensure_future(actor.call(args={"wait": True}))
    assert (await actor.call()).value_json == '"done"'
    assert not slow.done()
    actor.operations.released.set()
    assert (await slow).value_json == '"done"'


async def test_a_refused_operation_is_an_error_the_action_can_catch(actor):
    body = f"{ASK} try {{ await ask('1.0/refuse', '1'); }} catch (error: any) {{ return error.message; }}"
    assert await actor.run(body) == "refused"
    body = f"{ASK} try {{ await ask('1.0/refuseWithData', '1'); }} catch (error: any) {{ return error.data; }}"
    assert await actor.run(body) == {"n": 1}


async def test_a_bug_of_ours_is_told_without_its_text(actor, caplog):
    body = f"{ASK} try {{ await ask('1.0/bug', '1'); }} catch (error: any) {{ return error.message; }}"
    assert (await actor.run(body)).startswith("InternalServerError")
    assert "ours" in caplog.text


async def test_what_it_throws_has_the_place(actor):
    error = await actor.error("throw new Error('boom');")
    assert error.message == "Uncaught Error: boom\n    at handler (../convex/code.ts:6:7)\n"


async def test_a_convex_error_keeps_its_data(actor):
    error = await actor.error("throw new ConvexError({ code: 7 });")
    assert (error.code, error.data) == ("ConvexError", {"code": 7.0})


async def test_a_rejection_that_nobody_handles_fails_it(actor):
    body = "void Promise.reject(new Error('lost')); await new Promise((done) => setTimeout(done, 1000)); return 1;"
    assert (await actor.error(body)).message.startswith("Uncaught Error: lost")


async def test_a_promise_that_never_settles_is_told_at_once(actor):
    assert (await actor.error("await new Promise(() => {});")).message == "Returned promise will never resolve"


async def test_what_was_not_awaited_is_told(actor):
    result = await actor.result(f"{ASK} ask('1.0/actions/query', '1'); ask('1.0/wait', '2'); return 1;")
    assert result.value_json == "1"
    assert set(result.unawaited) == {"query", "wait"}
    assert result.log_lines[-1].startswith("[WARN] 2 unawaited operations: [query, wait]. Async operations should")


async def test_console_lines_are_kept(actor):
    result = await actor.result("console.log('a'); await new Promise((on) => setTimeout(on, 1)); console.error('b');")
    assert result.log_lines == ("[LOG] 'a'", "[ERROR] 'b'")


async def test_the_time_it_may_take_is_bounded(actor):
    error = await actor.error("await new Promise((on) => setTimeout(on, 60_000));", seconds=1.0)
    assert (error.code, error.message) == (
        "FunctionTimedOut",
        "Function execution timed out (maximum duration: 1s)",
    )
    assert await actor.run("return 'others go on';") == "others go on"


async def test_module_scope_is_fresh_in_every_call(actor):
    await actor.deploy(code="let count = 0;\n" + action("return ++count;"))
    assert [(await actor.call()).value_json for _ in range(3)] == ["1", "1", "1"]


async def test_the_clock_runs(actor):
    body = """const [before, stopwatch] = [Date.now(), performance.now()];
    await new Promise((on) => setTimeout(on, 20));
    return [before >= 1700000000000, Date.now() - before >= 15, performance.now() - stopwatch >= 15];"""
    assert await actor.run(body) == [True, True, True]


async def test_timers_fire_in_their_order_and_can_be_stopped(actor):
    body = """const seen: string[] = [];
    setTimeout((name: string) => seen.push(name), 20, "late");
    setTimeout(() => seen.push("soon"), 1);
    const never = setTimeout(() => seen.push("never"), 5);
    clearTimeout(never);
    const every = setInterval(() => seen.push("tick"), 4);
    await new Promise((on) => setTimeout(on, 60));
    clearInterval(every);
    const ticks = seen.filter((name) => name === "tick").length;
    return [seen.filter((name) => name !== "tick"), ticks > 2];"""
    assert await actor.run(body) == [["soon", "late"], True]


async def test_what_a_timer_throws_fails_the_action(actor):
    body = "setTimeout(() => { throw new Error('in a timer'); }, 1); await new Promise((on) => setTimeout(on, 1000));"
    assert (await actor.error(body)).message.startswith("Uncaught Error: in a timer")


async def test_a_module_can_be_imported_while_it_runs(actor):
    await actor.deploy(code=action("return (await import('./other')).value;"), other="export const value = 5;\n")
    assert (await actor.call()).value_json == "5"


async def test_module_scope_may_not_reach_outside(actor):
    module = """let said: string[] = [];
    try { setTimeout(() => {}, 1); } catch (error: any) { said.push(error.message); }
    fetch("https://practice.sandbox.test/").catch((error: any) => said.push(error.message));
    """
    await actor.deploy(code=module + action("return said;"))
    expected = '["setTimeout unsupported at import time","fetch() unsupported at import time"]'
    assert (await actor.call()).value_json == expected


async def test_actions_that_run_go_on_with_the_code_they_began_with(actor):
    await actor.deploy(code=action(f"{ASK} await ask('1.0/wait', '1'); return 'old';"))
    actor.operations.released.clear()
    actor.operations.arrived.clear()
    old = asyncio.ensure_future(actor.call())
    await actor.operations.arrived.wait()
    await actor.deploy(code=action("return 'new';"))
    assert (await actor.call()).value_json == '"new"'
    actor.operations.released.set()
    assert (await old).value_json == '"old"'


async def test_an_action_that_runs_when_the_deployment_closes_says_so(tools):
    actor = Actor(tools)
    await actor.deploy(code=action(f"{ASK} await ask('1.0/wait', '1');"))
    running = asyncio.ensure_future(actor.call())
    await actor.operations.arrived.wait()
    await actor.host.close()
    assert (await running).error.code == "Closed"
    assert (await actor.call()).error.code == "Closed"
