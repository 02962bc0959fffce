"""Who calls in a check: Alice, Bob, somebody else, or nobody, each with the identity that a pane would have."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from lessons.evidence import Evidence, name_of, reads_and_writes, reads_in_words, shown
from lessons.live_query import LiveQuery, Settle
from lessons.refusals import CallRefused
from sandbox.engine import Deployment, FunctionKind, Identity, Outcome, RunNote, Stepper

Args = Mapping[str, Any]


ISSUER = "https://sandbox.test"
NOBODY = "nobody"


def identity_of(subject: str) -> Identity | None:
    """What `ctx.auth.getUserIdentity()` returns for somebody of that subject; None for nobody."""
    if subject == NOBODY:
        return None
    return {
        "tokenIdentifier": f"{ISSUER}|{subject}",
        "issuer": ISSUER,
        "subject": subject,
        "name": subject.capitalize(),
    }


@dataclass(frozen=True, slots=True)
class Answer:
    """What a call came to: a value, or why it was refused."""

    value: Any
    refused: CallRefused | None = None

    @property
    def ok(self) -> bool:
        return self.refused is None

    def value_or_raise(self) -> Any:
        """Raises CallRefused."""
        if self.refused is not None:
            raise self.refused
        return self.value


@dataclass(frozen=True, slots=True)
class Read:
    """One database read of a call. `index` is None for a full table scan, "by_id" for a get."""

    table: str
    index: str | None
    documents: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Write:
    """One row that a call changed: None before an insert, None after a delete."""

    table: str
    id: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class Call:
    """A call and its cost: `documents` is how many were read in all."""

    value: Any
    documents: int
    reads: tuple[Read, ...]
    writes: tuple[Write, ...]


@dataclass(frozen=True, slots=True)
class Planned:
    """A call that is made later, by `fork.together`."""

    client: Client
    path: str
    args: Args

    async def make(self, stepper: Stepper | None = None) -> Answer:
        return (await self.client.run(None, self.path, self.args, stepper))[0]


class Client:
    """Calls functions of a fork with one identity. Arguments and values are Convex-encoded JSON."""

    def __init__(
        self,
        deployment: Deployment,
        name: str,
        identity: Identity | None,
        at: Evidence,
        settle: Settle,
        keep: Callable[[LiveQuery], None],
    ) -> None:
        self.name = name
        self.identity = identity
        self._deployment = deployment
        self._at = at
        self._settle = settle
        self._keep = keep

    async def query(self, path: str, args: Args | None = None) -> Any:
        """Raises CallRefused."""
        return (await self.try_query(path, args)).value_or_raise()

    async def mutate(self, path: str, args: Args | None = None) -> Any:
        """Raises CallRefused."""
        return (await self.try_mutate(path, args)).value_or_raise()

    async def act(self, path: str, args: Args | None = None) -> Any:
        """Runs an action. Raises CallRefused."""
        return (await self.try_act(path, args)).value_or_raise()

    async def try_query(self, path: str, args: Args | None = None) -> Answer:
        return (await self.run("query", path, args))[0]

    async def try_mutate(self, path: str, args: Args | None = None) -> Answer:
        return (await self.run("mutation", path, args))[0]

    async def try_act(self, path: str, args: Args | None = None) -> Answer:
        return (await self.run("action", path, args))[0]

    async def try_call(self, path: str, args: Args | None = None) -> Answer:
        """Of whichever kind the function is."""
        return (await self.run(None, path, args))[0]

    def call(self, path: str, args: Args | None = None) -> Planned:
        """For `fork.together`."""
        return Planned(self, path, args or {})

    async def measure(self, path: str, args: Args | None = None) -> Call:
        """Calls the function, of whichever kind it is, and tells what it read and wrote. Raises CallRefused."""
        answer, note = await self.run(None, path, args)
        reads = tuple(Read(read.table, read.index, read.documents, read.bytes) for read in note.reads)
        writes = tuple(Write(write.table, write.id, write.before, write.after) for write in note.writes)
        return Call(answer.value_or_raise(), sum(read.documents for read in reads), reads, writes)

    async def crash(self, path: str, args: Args | None = None, *, at: int) -> bool:
        """Kills the run before its step of that number, from 1: a database operation, a run* call, a fetch.

        Whether it came so far: False when it had ended before, as it would have without a crash.
        """
        stepper = Stepper.crashing_at(at)
        await self.run(None, path, args, stepper)
        return stepper.crashed

    async def subscribe(self, path: str, args: Args | None = None) -> LiveQuery:
        """Subscribes and waits for the first result. Raises CallRefused."""
        args = args or {}
        watch = await self._deployment.subscribe(path, args, identity=self.identity)
        live = LiveQuery(self.name, path, args, watch, self._at, self._settle)
        self._keep(live)
        await live.first()
        return live

    async def run(
        self, kind: FunctionKind | None, path: str, args: Args | None, stepper: Stepper | None = None
    ) -> tuple[Answer, RunNote]:
        """One call and what the engine noted of it. A stepper holds it before its steps, or ends it there."""
        args = args or {}
        symbolic = self._at.rows.symbolic(args)
        outcome = await self._deployment.run(path, args, identity=self.identity, kind=kind, stepper=stepper)
        answer = _answer(path, outcome)
        crash_at = stepper.step.number if stepper is not None and stepper.crashed and stepper.step else None
        self._note(path, args, symbolic, outcome, answer, crash_at)
        return answer, outcome.note

    def _note(
        self, path: str, args: Args, symbolic: Any, outcome: Outcome, answer: Answer, crash_at: int | None
    ) -> None:
        refused = answer.refused
        what = (
            f"refused: {refused.message.strip()}" if refused else f"{shown(answer.value)}{reads_in_words(outcome.note)}"
        )
        self._at.note(
            f"{self.name}: {name_of(path)}({shown(symbolic)}) → {what}",
            kind="call",
            who=self.name,
            path=path,
            function=outcome.note.kind,
            args=symbolic,
            shown_args=shown(symbolic),
            result=what,
            refused=refused is not None,
            crash_at=crash_at,
            **reads_and_writes(outcome.note),
        )


def _answer(path: str, outcome: Outcome) -> Answer:
    if outcome.error is not None:
        return Answer(None, CallRefused(path, outcome.error))
    return Answer(None if outcome.value_json is None else json.loads(outcome.value_json))
