"""The deployment that one check plays with: same revision, own store, thrown away afterwards.

A fork is what a lesson's `checks.py` sees: call a function as somebody, subscribe, look at the rows, say what was
found. It writes down everything it saw as evidence. The words of findings are in the lesson's messages.toml.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, NoReturn

from lessons.clients import NOBODY, Answer, Call, Client, Planned, Read, Write, identity_of
from lessons.evidence import Evidence, Row, name_of
from lessons.findings import Finding
from lessons.fork_schema import Schema
from lessons.interleaving import ROUNDS, Broken, find_broken
from lessons.live_query import LiveQuery
from lessons.project_types import type_problems
from lessons.refusals import STACK_FRAME, CallRefused
from lessons.verdict import Advice, NotYet, Place, Step, Verdict
from sandbox.engine import Deployment, FunctionInfo, LearnerError, PracticeService, Problem, Toolchain

__all__ = [
    "STACK_FRAME",
    "Answer",
    "Broken",
    "Call",
    "CallRefused",
    "Client",
    "Fork",
    "LiveQuery",
    "Planned",
    "Read",
    "Row",
    "Verdict",
    "Write",
]

PAGE_ROWS = 1_000

LookAt = Place | CallRefused | str | None
"""A place, a refused call (the line that threw), or the path of a function (where it is written)."""


class Fork:
    def __init__(
        self,
        deployment: Deployment,
        *,
        tools: Toolchain,
        files: Mapping[str, str],
        findings: Mapping[str, Finding],
        seed: int,
        roles: Mapping[str, str] | None = None,
    ) -> None:
        self.files = files
        """The project's source text. For tasks that are about how something is written, and for no others."""
        self.roles = roles or {}
        """Which function plays which part, where the names are the learner's: role → path."""
        self.seed = seed
        self.random = random.Random(seed)  # noqa: S311 – a check's choices, no secret
        self._deployment = deployment
        self._tools = tools
        self._findings = findings
        self._at = Evidence()
        self._live: list[LiveQuery] = []
        self._advice: list[Advice] = []
        self._people: dict[str, Client] = {}
        self._schema = Schema({}, False)
        deployment.add_listener(self._at.rows.listen)
        self.nobody = self._client(NOBODY)
        self.alice = self.person("alice")
        self.bob = self.person("bob")

    # ── who calls ───────────────────────────────────────────────────────────

    def person(self, subject: str) -> Client:
        """Somebody who is signed in: `ctx.auth.getUserIdentity()` has this subject."""
        if subject not in self._people:
            self._people[subject] = self._client(subject)
        return self._people[subject]

    async def together(self, calls: Sequence[Planned]) -> list[Answer]:
        """Makes all calls at the same moment; their answers in the order of the calls."""
        self._at.note(f"{len(calls)} calls at the same moment", kind="together", calls=len(calls))
        return list(await asyncio.gather(*(call.make() for call in calls)))

    async def interleave(
        self,
        prepare: Callable[[], Awaitable[Sequence[Planned]]],
        holds: Callable[[Sequence[Answer]], Awaitable[bool]],
        *,
        rounds: int = ROUNDS,
    ) -> Broken | None:
        """Lets two calls meet in many orders of their steps; the smallest order found that breaks the promise.

        `prepare` makes a fresh scene each time and returns the two calls; `holds` looks at the answers and the store.
        """
        with self._at.quietly():
            broken = await find_broken(prepare, holds, self.random, rounds)
        found = "none broke the promise" if broken is None else f"this one breaks the promise: {broken.schedule}"
        self._at.note(f"two calls met in up to {rounds} orders of their steps; {found}", kind="order")
        return broken

    async def settle(self) -> None:
        """Waits until every subscription has seen the last commit: then emissions and runs are final."""
        await self._deployment.settle()
        for live in self._live:
            await live.drain()

    # ── the store ───────────────────────────────────────────────────────────

    async def rows(self, table: str) -> dict[str, Row]:
        """All rows of the table by id, in the order in which they were made. Empty where there is no such table."""
        found: list[Row] = []
        after: bytes | None = None
        while True:
            page = await self._deployment.store.table_page(table, index=None, order="asc", limit=PAGE_ROWS, after=after)
            found += map(json.loads, page.rows)
            if page.next is None:
                break
            after = page.next
        found.sort(key=lambda row: row["_creationTime"])
        self._at.rows.note(table, [row["_id"] for row in found])
        return {row["_id"]: row for row in found}

    async def insert(self, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """Puts rows into the store without a function. Raises LearnerError when the schema refuses one."""
        what = f"put {len(rows)} row{'' if len(rows) == 1 else 's'} into {table}"
        symbolic = self._at.rows.symbolic(list(rows))
        try:
            await self._deployment.insert_rows(table, rows, cause="seed")
        except LearnerError as error:
            self._at.note(f"{what} → refused: {error.message}")
            raise
        self._at.note(what, kind="insert", table=table, rows=symbolic)
        await self.rows(table)

    async def remove(self, table: str, ids: Sequence[str]) -> None:
        """Deletes rows without a function."""
        await self._deployment.tables.delete(table, ids, writer="check")

    # ── time and the outside world ──────────────────────────────────────────

    async def forward(self, *, days: float = 0, hours: float = 0, minutes: float = 0, seconds: float = 0) -> bool:
        """Moves the fork's clock on. What is due on the way runs at its time. Whether all of it ended in time."""
        total = ((days * 24 + hours) * 60 + minutes) * 60 + seconds
        self._at.note(f"the clock goes forward: {_duration(total)}", kind="forward", seconds=total)
        return await self._deployment.time.forward(total)

    async def finish_scheduled(self) -> bool:
        """Waits until everything that is due now has ended, failures too. False where it did not in 20 seconds."""
        return await self._deployment.time.settle()

    @property
    def now_ms(self) -> float:
        """The time that the fork's functions see, in milliseconds since 1970."""
        return self._deployment.time.now_ms

    @property
    def practice(self) -> PracticeService:
        """The fork's own https://practice.test: `.calls`, `.charges`, `.mails`, `.fail_next(n)`, `.fail_rate(0.3)`."""
        return self._deployment.practice

    # ── the project ─────────────────────────────────────────────────────────

    @property
    def functions(self) -> Mapping[str, FunctionInfo]:
        """Every exported function by its path, `signups:archive`."""
        return self._deployment.functions

    @property
    def schema(self) -> Schema:
        """The schema that is live: `.tables["signups"].fields` and `.indexes`."""
        return self._schema

    async def types(self) -> tuple[Problem, ...]:
        """What TypeScript says of the whole project: a problem for every type error in convex/ and src/."""
        return await type_problems(self.files, self._tools)

    async def try_deploy(self, files: Mapping[str, str]) -> tuple[Problem, ...]:
        """Deploys these files over the project's (other files stay). No problems: they are live now."""
        self.files = {**self.files, **files}
        deployed = await self._deployment.deploy((self._deployment.revision or 0) + 1, self.files)
        self._at.note(
            f"deployed {', '.join(sorted(files))} → {'live' if deployed.ok else deployed.problems[0].message}"
        )
        await self.read_schema()
        return deployed.problems

    def place(self, path: str) -> Place | None:
        """Where the function is written."""
        function = self.functions.get(path)
        return None if function is None else Place(function.file, function.line, 1)

    def place_of(self, refused: CallRefused) -> Place | None:
        """The line that threw, or else where the function is written."""
        return refused.place or self.place(refused.path)

    # ── what is found ───────────────────────────────────────────────────────

    def expect(self, condition: object, finding: str, *, look_at: LookAt = None, **values: Any) -> None:
        """Goes on when the condition holds; otherwise ends the check with this finding."""
        if not condition:
            self.fail(finding, look_at=look_at, **values)

    def fail(self, finding: str, *, look_at: LookAt = None, **values: Any) -> NoReturn:
        """Ends the check with this finding."""
        raise NotYet(self._finding(finding).verdict(values, self._place(look_at)))

    def advise(self, finding: str, *, look_at: LookAt = None, **values: Any) -> None:
        """Says something beside a pass. It never blocks."""
        self._advice.append(self._finding(finding).advice(values, self._place(look_at)))

    def passed(self, finding: str, **values: Any) -> Verdict:
        return self._finding(finding).passed(values)

    def expect_function(self, path: str, kind: str, *, visibility: str = "public", look_at: LookAt = None) -> None:
        """Ends the check unless there is such a function. For names that the task's text fixes."""
        function = self.functions.get(path)
        name, file = name_of(path), f"convex/{path.partition(':')[0]}.ts"
        if function is None:
            self.fail("function-missing", look_at=look_at or Place(file, 1, 1), name=name, file=file)
        is_kind = function.kind == kind and function.visibility == visibility
        found, wanted = f"{function.visibility} {function.kind}", f"{visibility} {kind}"
        self.expect(is_kind, "function-other-kind", look_at=path, name=name, found=found, wanted=wanted)

    def _finding(self, id_: str) -> Finding:
        if id_ not in self._findings:
            raise LookupError(f"There is no finding [{id_}] in the lesson's messages.toml.")
        return self._findings[id_]

    def _place(self, look_at: LookAt) -> Place | None:
        match look_at:
            case str():
                return self.place(look_at)
            case CallRefused():
                return self.place_of(look_at)
            case _:
                return look_at

    # ── for whoever runs the check ──────────────────────────────────────────

    @property
    def evidence(self) -> tuple[Step, ...]:
        return self._at.steps

    @property
    def advice(self) -> tuple[Advice, ...]:
        return tuple(self._advice)

    async def table_names(self) -> list[str]:
        """Every table that has rows or is in the schema."""
        return [table.name for table in await self._deployment.store.tables()]

    async def read_schema(self) -> None:
        self._schema = Schema.of(await self._deployment.schema_json())

    async def close(self) -> None:
        self._deployment.remove_listener(self._at.rows.listen)
        for live in self._live:
            await live.close()

    def _client(self, name: str) -> Client:
        return Client(self._deployment, name, identity_of(name), self._at, self._come_to_rest, self._live.append)

    async def _come_to_rest(self) -> None:
        """Until nothing more follows from the calls so far."""
        await self._deployment.time.settle()
        await self._deployment.settle()


def _duration(seconds: float) -> str:
    for name, size in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds >= size and seconds % size == 0:
            return f"{seconds / size:g} {name}{'' if seconds == size else 's'}"
    return f"{seconds:g} seconds"


@asynccontextmanager
async def closing(fork: Fork) -> AsyncIterator[Fork]:
    try:
        await fork.read_schema()
        yield fork
    finally:
        await fork.close()
