"""A run that is held before each of its steps, until its owner lets it go on or ends it.

A step is what a function asks of the engine and waits for: an operation on the database, a call of another function,
and at last the commit. Each crosses from the JS process to the host as one line, so holding it is not answering yet;
the function, the store and the commit are the real ones. What counts as a step is told in steps.py.

    held(step) ── let_go ──▶ running ── next step ──▶ held(step)       run_on: running, and never held again
         └────── end ──────▶ ended                                     a crash is an end in the middle: the process is
                                                                       killed and nothing of the run is committed
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

from sandbox.engine.errors import LearnerError
from sandbox.engine.runtime.frames import CallStopped
from sandbox.engine.trace import ConflictNote, ReadNote, WriteNote

HELD_SECONDS_MAX = 120.0
HELD_RUNS_MAX = 2
STEPS_TOLD_MAX = 200
"""Of one run: what comes after them is neither described nor held, so that nobody steps through a loop of thousands."""

CRASHED_CODE = "RunCrashed"
HELD_TOO_LONG_CODE = "HeldTooLong"
ENDED_CODE = "RunEnded"
COMMIT = "commit"


@dataclass(frozen=True, slots=True)
class Step:
    """`number` counts from 1 in each attempt; `path` is the function that asks, which another one may have called.

    `operation` is in the learner's words ("db.insert", "ctx.runMutation", "commit"), `subject` what it is done to: a
    table, an id or a function. `arguments` is what it is given, as JSON text, cut where it is long. `file` and `line`
    say where the learner's code asks; line 0 where that is not known.
    """

    attempt: int
    number: int
    path: str
    operation: str
    subject: str
    arguments: str
    file: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class AttemptBegan:
    attempt: int
    snapshot_ts: int


@dataclass(frozen=True, slots=True)
class StepReached:
    """The run stands before this step, or has come by where nothing holds it."""

    step: Step


@dataclass(frozen=True, slots=True)
class StepDone:
    """What the step read and wrote; writes are not committed yet. Told again when a query went on reading later.

    `values` are the documents or the value that the function was given, as JSON texts; `refused` is the error's text.
    """

    step: Step
    reads: tuple[ReadNote, ...]
    writes: tuple[WriteNote, ...]
    values: tuple[str, ...]
    refused: str | None


@dataclass(frozen=True, slots=True)
class AttemptLost:
    """Another commit changed what this attempt had read; the next one starts from the beginning."""

    attempt: int
    conflict: ConflictNote


StepEvent = AttemptBegan | StepReached | StepDone | AttemptLost
State = Literal["held", "running", "ended"]


class Stepper:
    """One run's gate. Its owner calls `let_go`, `run_on`, `crash`, `end`; the engine calls what stands below them.

    `told` hears what happens, in its order, and must not raise. With `crash_at` the run is ended before that step;
    without `holds` it is not held anywhere else.
    """

    def __init__(
        self,
        told: Callable[[StepEvent], None] | None = None,
        *,
        holds: bool = True,
        crash_at: int | None = None,
        seconds_max: float = HELD_SECONDS_MAX,
    ) -> None:
        self.holds = holds
        self.step: Step | None = None
        """The step before which the run is held, or the last one that it came by."""
        self.state: State = "running"
        self.held_seconds = 0.0
        self.attempt = 0
        self.crashed = False
        self._told = told
        self._crash_at = crash_at
        self._seconds_max = seconds_max
        self._number = 0
        self._steps_told = 0
        self._may_go = asyncio.Event()
        self._end: CallStopped | None = None

    @classmethod
    def crashing_at(cls, number: int) -> Stepper:
        """Ends the run before its step of that number; `crashed` says whether it came so far."""
        return cls(holds=False, crash_at=number)

    # ── the owner's side ────────────────────────────────────────────────────

    def let_go(self) -> None:
        """Lets the step happen before which the run is held. Does nothing where it is not held."""
        if self.state == "held":
            self.state = "running"
            self._may_go.set()

    def run_on(self) -> None:
        """The run is not held any more."""
        self.holds = False
        self.let_go()

    def crash(self) -> None:
        """Pulls the plug: the process is killed before the step at which the run is, or comes next."""
        self.end(self._crash_message(), CRASHED_CODE)

    def end(self, message: str, code: str = ENDED_CODE) -> None:
        """Ends the run before its next step, for another reason. The first end counts."""
        if self._end is None:
            self._end = CallStopped(message, code=code)
        self._may_go.set()

    # ── the engine's side ───────────────────────────────────────────────────

    def begin_attempt(self, snapshot_ts: int) -> None:
        self.attempt += 1
        self._number = 0
        self._tell(AttemptBegan(self.attempt, snapshot_ts))

    def lose_attempt(self, conflict: ConflictNote) -> None:
        self._tell(AttemptLost(self.attempt, conflict))

    async def reach(
        self, operation: str, path: str, subject: str = "", arguments: str = "", place: tuple[str, int] = ("", 0)
    ) -> Step:
        """Comes to the next step; returns when it may happen. Raises CallStopped when the run ends here."""
        self._number += 1
        step = self.step = Step(self.attempt, self._number, path, operation, subject, arguments, *place)
        self._steps_told += 1
        self._tell(StepReached(step))
        if self._crash_at == self._number and operation != COMMIT:
            self.crash()
        self._raise_if_ended()
        if self.holds and self._steps_told <= STEPS_TOLD_MAX:
            await self._held()
            self._raise_if_ended()
        return step

    def note(self, done: StepDone) -> None:
        self._tell(done)

    @property
    def describes(self) -> bool:
        """Whether anybody is told of the steps."""
        return self._told is not None and self._steps_told <= STEPS_TOLD_MAX

    def finish(self) -> None:
        self.state = "ended"

    # ── how it is done ──────────────────────────────────────────────────────

    async def _held(self) -> None:
        self.state = "held"
        self._may_go.clear()
        loop = asyncio.get_running_loop()
        started = loop.time()
        try:
            async with asyncio.timeout(self._seconds_max - self.held_seconds):
                await self._may_go.wait()
        except TimeoutError:
            raise CallStopped(
                f"The run was held for {self._seconds_max:.0f} seconds and ended. Nothing of it was written.",
                code=HELD_TOO_LONG_CODE,
            ) from None
        finally:
            self.state = "running"
            self.held_seconds += loop.time() - started

    def _raise_if_ended(self) -> None:
        if self._end is not None:
            self.crashed = self._end.code == CRASHED_CODE
            raise self._end

    def _crash_message(self) -> str:
        where = "" if self.step is None else f" before step {self.step.number} ({self.step.operation})"
        return f"The run crashed{where}."

    def _tell(self, event: StepEvent) -> None:
        if self._told is not None and self._steps_told <= STEPS_TOLD_MAX:
            self._told(event)


class HeldRuns:
    """The runs of one deployment that are being stepped: HELD_RUNS_MAX at most."""

    def __init__(self) -> None:
        self._steppers: set[Stepper] = set()

    @contextmanager
    def admit(self, stepper: Stepper | None) -> Iterator[None]:
        """Counts the run until the block ends. Raises LearnerError for one too many."""
        if stepper is None:
            yield
            return
        if stepper.holds and sum(known.holds for known in self._steppers) >= HELD_RUNS_MAX:
            raise LearnerError(
                f"{HELD_RUNS_MAX} runs are held at a time, and they are here already. Let one of them end first.",
                code="TooManyHeldRuns",
            )
        self._steppers.add(stepper)
        try:
            yield
        finally:
            self._steppers.discard(stepper)
            stepper.finish()

    @property
    def is_empty(self) -> bool:
        return not self._steppers

    def end_all(self, message: str) -> None:
        for stepper in list(self._steppers):
            stepper.end(message)
