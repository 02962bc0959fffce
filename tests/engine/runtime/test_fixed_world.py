"""A query gives the same answer every time: fixed clock, seeded randomness, no outside world."""

from __future__ import annotations

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
        ("setTimeout(() => {}, 1)", "setTimeout()"),
        ("setInterval(() => {}, 1)", "setInterval()"),
        ("crypto.randomUUID()", "cryptographic randomness"),
        ("crypto.getRandomValues(new Uint8Array(1))", "cryptographic randomness"),
    ],
)
async def test_the_outside_world_is_refused(learner, expression, what):
    assert (await learner.error(f"{expression};")).message.startswith(
        f"Uncaught Error: Can't use {what} in queries and mutations. Please consider using an action. "
        "See https://docs.convex.dev/functions/actions for more details.\n    at handler (../convex/code.ts:5:"
    )


async def test_weak_references_never_end(learner):
    assert await learner.run("const one = {}; return new WeakRef(one).deref() === one;") is True


async def test_module_scope_sees_the_same_values_in_every_call(learner):
    from tests.engine.runtime.conftest import IMPORTS

    await learner.deploy(
        code=f"{IMPORTS}const made = [Date.now(), Math.random()];\nexport const f = query(() => made);\n"
    )
    assert len({(await learner.call(seed=seed)).value_json for seed in range(3)}) == 1
