"""A query gives the same answer every time: fixed clock, seeded randomness, no outside world."""

from __future__ import annotations

import json
import re

import pytest

from tests.engine.runtime.conftest import NOW_MS

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.mark.parametrize(
    "expression",
    [
        "Date.now()",
        "new Date().getTime()",
        "Reflect.construct(Date, []).getTime()",
        "new Date().valueOf()",
        "new (class Mine extends Date {})().getTime()",
        "new (Date.prototype.constructor as any)().getTime()",
        "performance.timeOrigin",
        "(globalThis as any).Temporal.Now.instant().epochMilliseconds",
        "(globalThis as any).Temporal.Now.zonedDateTimeISO().epochMilliseconds",
        "Date.parse(Date())",
    ],
)
async def test_the_clock_stands_still(learner, expression):
    assert await learner.run(f"return {expression};") == NOW_MS


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("new Intl.DateTimeFormat('en').format()", "11/14/2023"),
        ("new Intl.DateTimeFormat('en').formatToParts()[4].value", "2023"),
        ("new Date().toLocaleDateString('en')", "11/14/2023"),
        ("new Intl.DateTimeFormat().resolvedOptions().timeZone", "UTC"),
        ("new Date(0).getTimezoneOffset()", 0),
        ("String((globalThis as any).Temporal.Now.plainDateISO())", "2023-11-14"),
        ("performance.now()", 0),
        ("new Date(2020, 0).toISOString()", "2020-01-01T00:00:00.000Z"),
        ("[Date.name, Date.length, new Date() instanceof Date, typeof Date()].join()", "Date,7,true,string"),
    ],
)
async def test_calendar_and_zone_are_fixed(learner, expression, value):
    assert await learner.run(f"return {expression};") == value


async def test_the_stopwatch_of_a_mutation_runs(learner):
    body = "const start = performance.now(); while (performance.now() < start + 2); return performance.now() - start;"
    assert 2 <= await learner.run(body, kind="mutation") < 500


async def test_randomness_follows_the_seed(learner):
    body = "return Array.from({ length: 50 }, () => Math.random());"
    first, again, other = [await learner.run(body, seed=seed) for seed in (1, 1, 2)]
    assert first == again != other
    assert len(set(first)) == 50
    assert all(0 <= number < 1 for number in first)
    assert 0.35 < sum(first) / 50 < 0.65


@pytest.mark.parametrize(
    ("expression", "what"),
    [
        ("fetch('http://example.org')", "fetch()"),
        ("setTimeout(() => {}, 1)", "setTimeout"),
        ("setInterval(() => {}, 1)", "setInterval"),
    ],
)
async def test_the_outside_world_is_refused(learner, expression, what):
    assert (await learner.error(f"{expression};")).message.startswith(
        f"Uncaught Error: Can't use {what} in queries and mutations. Please consider using an action. "
        "See https://docs.convex.dev/functions/actions for more details.\n    at handler (../convex/code.ts:5:"
    )


@pytest.mark.parametrize("timer", ["setTimeout", "setInterval"])
async def test_a_refused_timer_cannot_be_caught(learner, timer):
    error = await learner.error(f"try {{ return {timer}(() => {{}}, 1); }} catch {{ return 'caught'; }}")
    assert error.message.startswith(f"Uncaught Error: Can't use {timer} in queries and mutations.")


UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


@pytest.mark.parametrize("kind", ["query", "mutation"])
async def test_random_values_of_crypto_follow_the_seed(learner, kind):
    body = """
    const bytes = crypto.getRandomValues(new Uint16Array(7));
    return [crypto.randomUUID(), crypto.randomUUID(), ...bytes, Math.random()];"""
    first, again, other = [await learner.run(body, seed=seed, kind=kind) for seed in (2**52 + 1, 2**52 + 1, 1)]
    assert first == again
    assert not set(first) & set(other)
    assert all(UUID.fullmatch(uuid) for uuid in [*first[:2], *other[:2]])
    assert first[0] != first[1]
    assert len(set(first[2:9])) > 1


async def test_module_scope_may_make_an_id(learner):
    from tests.engine.runtime.conftest import IMPORTS

    await learner.deploy(code=f"{IMPORTS}const id = crypto.randomUUID();\nexport const f = query(() => id);\n")
    made = {(await learner.call(seed=seed)).value_json for seed in range(3)}
    assert len(made) == 1
    assert UUID.fullmatch(json.loads(made.pop()))


async def test_too_many_random_bytes_are_refused(learner):
    error = await learner.error("crypto.getRandomValues(new Uint8Array(65537));")
    assert error.message.startswith("Uncaught TypeError: Byte length (65537) exceeds the number of bytes of entropy")


async def test_a_refused_fetch_is_a_rejection(learner):
    assert "Can't use fetch()" in await learner.run("return fetch('http://x').catch((error: any) => error.message);")


async def test_weak_references_never_end(learner):
    assert await learner.run("const one = {}; return new WeakRef(one).deref() === one;") is True


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        ("new WeakRef(1 as any)", "TypeError: target must be an object"),
        ("new WeakRef(null as any)", "TypeError: target must be an object"),
        ("new FinalizationRegistry(1 as any)", "TypeError: cleanup must be callable"),
        ("new FinalizationRegistry(() => {}).register(1 as any, 2)", "TypeError: target must be an object"),
    ],
)
async def test_weak_references_refuse_what_the_language_refuses(learner, expression, text):
    assert (await learner.error(f"{expression};")).message.startswith(f"Uncaught {text}\n")


async def test_finalizers_never_run_but_can_be_unregistered(learner):
    body = """
    const token = {}, registry = new FinalizationRegistry(() => { throw 1; });
    registry.register({}, 1, token);
    return [registry.unregister(token), registry.unregister(token), String(registry), String(new WeakRef(token))];"""
    assert await learner.run(body) == [True, False, "[object FinalizationRegistry]", "[object WeakRef]"]


async def test_the_last_match_is_not_kept(learner):
    body = (
        "'abc'.match(/b/); const kept = RegExp as any; return ['$1', 'lastMatch', '$_'].filter((name) => name in kept);"
    )
    assert await learner.run(body) == []
    assert await learner.run("return typeof (Intl as any).v8BreakIterator;") == "undefined"


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        ("setTimeout(() => {}, 1)", "Uncaught Error: setTimeout unsupported at import time"),
        ("fetch('http://x')", "Uncaught Error: fetch() unsupported at import time"),
        ("(globalThis as any).Convex.syscall('x', '{}')", "Uncaught Error: Can't use database at import time"),
        ("Promise.reject(new Error('lost'))", "Uncaught Error: lost"),
    ],
)
async def test_what_module_scope_may_not_do_ends_the_deploy(learner, expression, text):
    from sandbox.engine.errors import DeployError

    with pytest.raises(DeployError) as refused:
        await learner.deploy(code=f"{expression};\nexport {{}};\n")
    assert refused.value.message.startswith(text)
    assert refused.value.problems[0].line == 1


async def test_module_scope_sees_the_same_values_in_every_call(learner):
    from tests.engine.runtime.conftest import IMPORTS

    await learner.deploy(
        code=f"{IMPORTS}const made = [Date.now(), Math.random()];\nexport const f = query(() => made);\n"
    )
    assert len({(await learner.call(seed=seed)).value_json for seed in range(3)}) == 1
