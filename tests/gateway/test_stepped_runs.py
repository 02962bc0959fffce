"""What a page says and hears of the runs that it steps through. How a run goes is tested in tests/engine."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from sandbox.engine import LearnerError, Outcome, Stepper, Timestamp
from sandbox.engine.runtime.frames import CallStopped
from sandbox.engine.store import ReadSet
from sandbox.gateway import keys
from sandbox.gateway.stepped_runs import SteppedRuns
from tests.gateway.test_workspace_consumer import RUN


class Steps:
    """Runs that have two steps each, whatever is called."""

    def __init__(self) -> None:
        self.tasks: list[asyncio.Task[None]] = []
        self.calls: list[tuple[str, Any, Any]] = []
        self.refusal: LearnerError | None = None

    def run_to_end(self, work: Any) -> None:
        self.tasks.append(asyncio.create_task(work))

    async def run(self, path: str, args: Any, *, identity: Any, stepper: Stepper) -> Outcome:
        self.calls.append((path, args, identity["subject"]))
        if self.refusal is not None:
            raise self.refusal
        error = None
        try:
            stepper.begin_attempt(7)
            await stepper.reach("db.get", path)
            await stepper.reach("commit", path)
        except CallStopped as stopped:
            error = LearnerError(stopped.message, code=stopped.code)
        return Outcome(None, error, (), Timestamp(7), ReadSet(), False, RUN)


@pytest.fixture
def said() -> list[dict[str, Any]]:
    return []


@pytest.fixture
def steps() -> Steps:
    return Steps()


@pytest.fixture
def runs(steps: Steps, said: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch) -> SteppedRuns:
    monkeypatch.setattr(keys, "issue_identity", lambda deployment, side: side)
    monkeypatch.setattr(keys, "verify_identity", lambda deployment, token: {"subject": token})
    return SteppedRuns(steps, "k3h4", said.append)  # type: ignore[arg-type]


async def turns() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


def start(side: str, run: int = 1) -> dict[str, Any]:
    return {"type": "step-start", "side": side, "run": run, "path": "m:seat", "args": {"by": side}}


def go(side: str, how: str, run: int = 1) -> dict[str, Any]:
    return {"type": "step-go", "side": side, "run": run, "how": how}


def kinds(said: list[dict[str, Any]], side: str) -> list[str]:
    return [message["event"]["kind"] for message in said if message["side"] == side]


async def test_two_people_step_each_through_their_own_run(runs, steps, said):
    assert runs.obey(start("alice"))
    assert runs.obey(start("bob"))
    await turns()
    assert steps.calls == [("m:seat", {"by": "alice"}, "alice"), ("m:seat", {"by": "bob"}, "bob")]
    runs.obey(go("bob", "step"))
    await turns()
    assert kinds(said, "alice") == ["began", "reached"]
    assert kinds(said, "bob") == ["began", "reached", "reached"]
    runs.obey(go("bob", "step"))
    runs.obey(go("alice", "crash"))
    await turns()
    (alice,) = [
        message["event"] for message in said if message["side"] == "alice" and message["event"]["kind"] == "ended"
    ]
    assert alice["crashed"] is True
    assert kinds(said, "bob")[-1] == "ended"


async def test_a_second_run_of_the_same_person_is_refused_in_words(runs, said):
    runs.obey(start("alice"))
    runs.obey(start("alice", run=2))
    await turns()
    assert [(message["run"], message["event"]["error"]) for message in said if message["event"]["kind"] == "ended"] == [
        (2, "A run of this person is under way. Let it end first.")
    ]
    runs.close()


async def test_what_the_engine_refuses_is_told_and_the_next_run_may_begin(runs, steps, said):
    steps.refusal = LearnerError("2 runs are held at a time.")
    runs.obey(start("alice"))
    await turns()
    assert said[-1]["event"]["error"] == "2 runs are held at a time."
    steps.refusal = None
    runs.obey(start("alice", run=2))
    await turns()
    assert said[-1]["event"]["kind"] == "reached"
    runs.close()


async def test_a_wish_for_a_run_that_has_ended_does_nothing(runs, steps, said):
    runs.obey(start("alice"))
    await turns()
    assert runs.obey(go("alice", "crash", run=9))
    assert runs.obey(go("bob", "step"))
    await turns()
    assert kinds(said, "alice") == ["began", "reached"]
    runs.close()


async def test_when_the_page_is_gone_its_runs_end_and_nobody_is_told(runs, steps, said):
    runs.obey(start("alice"))
    await turns()
    before = len(said)
    runs.close()
    await asyncio.gather(*steps.tasks)
    assert len(said) == before


@pytest.mark.parametrize(
    "message",
    [
        {"type": "step-start", "side": "carol", "run": 1, "path": "m:x", "args": {}},
        {"type": "step-start", "side": "alice", "run": 1, "path": "m:x", "args": [1]},
        {"type": "step-start", "side": "alice", "run": "1", "path": "m:x", "args": {}},
        {"type": "step-go", "side": "alice", "run": 1, "how": "fly"},
        {"type": "step-dance"},
    ],
)
async def test_what_makes_no_sense_starts_nothing(runs, steps, message):
    assert not runs.obey(message)
    assert steps.calls == []
