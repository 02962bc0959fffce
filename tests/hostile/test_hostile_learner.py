"""A hostile learner on the real server: every attack ends in Convex's text, and the neighbour goes on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hostile.clients import Client, Neighbour
from tests.visitor import Visitor

pytestmark = pytest.mark.slow

HANG_S = 5.0
HEAD = """import { mutation, query } from "./_generated/server";
import { ConvexError } from "convex/values";
export const fine = mutation(async () => "fine");
"""
NO_MEMORY = "ran out of memory"
TIMED_OUT = "Function execution timed out (maximum duration: 1s)"
# The body of a function, and what the client must be told; None where the call may succeed.
ATTACKS = {
    "loop": ("for (;;);", (TIMED_OUT,)),
    "never": ("await new Promise(() => {});", ("Returned promise will never resolve",)),
    "bomb": ("const all: any[] = []; for (;;) all.push(new Array(1e5).fill({}));", (NO_MEMORY, TIMED_OUT)),
    "log": ("for (let i = 0; i < 1e5; i++) console.log('x'.repeat(30000));", None),
    "large": ("return 'x'.repeat(1e8);", (NO_MEMORY,)),
    "sixteen": ("return 'x'.repeat(12 * 1024 * 1024);", None),
    "syscalls": (
        "for (;;) (globalThis as any).Convex.asyncSyscall('1.0/getUserIdentity', '{}');",
        ("Too many", TIMED_OUT, NO_MEMORY),  # nothing is asked before the loop ends, so what waits fills the memory
    ),
    "rows": (
        "for (let i = 0; ; i++) await ctx.db.insert('signups', row);",
        ("Too many writes", TIMED_OUT, "not a function"),
    ),
    "nothing": ("throw null;", ("Uncaught null",)),
    "data": ("throw new ConvexError('\\ud800');", ("ConvexError",)),
    "proxy": ("throw new Proxy({}, { get() { throw 1; } });", ("Uncaught",)),
}


def functions(name: str, body: str) -> str:
    handler = f"(async (ctx: any): Promise<any> => {{ const row = {{ ownerId: 'a', name: 'b', bus: 1 }}; {body} }});\n"
    return f"export const {name} = mutation{handler}export const {name}Query = query{handler}"


@pytest.fixture(scope="module")
def neighbour(live_server_url: str) -> Iterator[Neighbour]:
    visitor = Visitor(live_server_url, "Neighbour")
    assert visitor.save()["deployed"]
    neighbour = Neighbour(visitor)
    yield neighbour
    neighbour.stop()
    assert neighbour.failures == []


@pytest.fixture(scope="module")
def attacker(live_server_url: str) -> Visitor:
    visitor = Visitor(live_server_url, "Mallory")
    saved = visitor.save(
        {"convex/signups.ts": HEAD + "".join(functions(name, body) for name, (body, _) in ATTACKS.items())}
    )
    assert saved["deployed"], saved
    return visitor


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_is_answered_and_the_next_call_works(attacker, neighbour, name):
    texts = ATTACKS[name][1]
    client = Client(attacker)
    response = client.mutate(f"signups:{name}")
    shown = client.subscribe(f"signups:{name}Query")
    assert client.mutate("signups:fine")["result"] == "fine"
    client.close()
    if texts is not None:
        assert not response["success"]
        assert shown["type"] == "QueryFailed"
        for told in (response["result"], shown["errorMessage"]):
            assert any(text in told for text in texts), told[:500]


def test_the_neighbour_never_waited_for_long(neighbour):
    assert neighbour.failures == []
    assert len(neighbour.seconds) > 20
    assert max(neighbour.seconds) < HANG_S


def test_a_broken_deploy_leaves_the_last_good_code_live(attacker):
    for text in (
        "for (;;);",
        "export const x = ",
        "import x from '/etc/passwd' with { type: 'text' }; console.log(x);",
    ):
        saved = attacker.save({"convex/signups.ts": HEAD + text})
        assert not saved["deployed"]
        assert saved["problems"][0]["message"]
    client = Client(attacker)
    assert client.mutate("signups:fine")["result"] == "fine"
    client.close()


def test_the_server_logged_no_failure(live_server_log: Path):
    assert "Traceback" not in live_server_log.read_text()
