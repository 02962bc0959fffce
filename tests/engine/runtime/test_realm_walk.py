"""Nothing of the outer realm is reachable: not from any global, and not by calling everything there is to call.

In the realms of queries, of mutations and of actions, while a function runs and while modules load.
"""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from sandbox.engine import limits
from sandbox.engine.errors import DeployError
from sandbox.engine.runtime import process
from sandbox.engine.runtime.realm_sources import realm_sources
from tests.engine.runtime.actions.conftest import actor  # noqa: F401 - a fixture
from tests.engine.runtime.conftest import IMPORTS, Learner
from tests.engine.runtime.realm_walk import ESCAPES, WALK

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.slow]

MODULE = f"""{IMPORTS}{WALK}{ESCAPES}
declare const require: any, module: any, exports: any;
const library = {{ server: require("convex/server"), values: require("convex/values") }};
"""


@pytest.fixture(autouse=True)
def patient(monkeypatch):
    """The walk makes tens of thousands of calls."""
    monkeypatch.setattr(limits, "CALL_DEADLINE_MS", 60_000)
    monkeypatch.setattr(process, "LOAD_SECONDS", 60.0)


def function(kind: str) -> str:
    roots = "{ globalThis, escaped: await escaped(), require, module, library, given: [ctx, args, arguments] }"
    handler = f"async function (ctx: any, args: any): Promise<any> {{ await exercise({roots}); }}"
    return f"{MODULE}export const f = {kind}({handler});\n"


def check(text: str) -> None:
    """What the walk told. A function that it broke may have failed, but not before that."""
    found = json.loads(text)
    assert found["strangers"] == []
    assert found["seen"] > 2_000
    assert found["calls"] > 20_000


def told(result) -> str:
    lines = [line for line in result.log_lines if line.startswith("[LOG] 'WALK' ")]
    assert len(lines) == 1, (result.log_lines[-5:], result.error)
    return lines[0].removeprefix("[LOG] 'WALK' ").strip("'")


@pytest.mark.parametrize("kind", ["query", "mutation"])
async def test_nothing_of_another_realm_is_reached_from_a_function(learner, kind):
    await learner.deploy(code=function(kind))
    check(told(await learner.call(kind=kind)))


async def test_nothing_of_another_realm_is_reached_from_an_action(actor):  # noqa: F811
    await actor.deploy(code=function("action"))
    check(told(await actor.call()))


@pytest.mark.parametrize("module", ["code", "schema", "crons", "http"])
async def test_nothing_of_another_realm_is_reached_while_modules_load(learner, module):
    source = f"""{MODULE}
const walk = walked({{ globalThis, require, module, library }});
throw new Error("WALK" + JSON.stringify({{ strangers: walk.strangers, calls: walk.calls, seen: walk.count }}) + "KLAW");
"""
    with pytest.raises(DeployError) as caught:
        await learner.deploy(**{module: source})
    check(caught.value.message.partition("WALK")[2].partition("KLAW")[0])


async def test_the_walk_notices_a_function_of_another_realm(tools, tmp_path, monkeypatch):
    """What the tests above rely on: with a single leak, and that in the object that a call gives, they fail."""
    leak = ("leak.js", "(function (realm) { const { bare } = realm; globalThis.f = () => ({ deep: [bare] }); });")

    def leaking(*args, **options):
        (name, prelude), *others = realm_sources(*args, **options)
        unguarded = prelude.replace('"use strict";', '"use strict"; realm.bare = realm.address;')
        return [(name, unguarded), *others, leak]

    monkeypatch.setattr(process, "realm_sources", leaking)
    process._boot_sources.cache_clear()
    learner = Learner(replace(tools, work=tmp_path))
    try:
        await learner.deploy(code=function("query"))
        found = json.loads(told(await learner.call()))
    finally:
        await learner.host.close()
        process._boot_sources.cache_clear()
    assert "globalThis.f().deep.0" in found["strangers"]
