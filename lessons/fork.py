"""The deployment that one check plays with: same revision, own store, thrown away afterwards.

A fork is what a lesson's `checks.py` sees: call a function, subscribe, look at the rows. It writes down everything it
saw as evidence. Calls that the deployment refuses raise CallRefused, so a check says in one place what that means.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from lessons.verdict import Place
from sandbox.engine import Deployment, Emission, FunctionInfo, LearnerError, Outcome, Watch

EMISSION_SECONDS_MAX = 8.0
EVIDENCE_LINE_LENGTH_MAX = 300
EVIDENCE_LINES_MAX = 60
PAGE_ROWS = 1_000

# `    at handler (../convex/signups.ts:12:9)` (docs/spec/semantics.md §9)
STACK_FRAME = re.compile(r"\(\.\./(?P<file>convex/[^():]+):(?P<line>\d+):(?P<column>\d+)\)")

Row = dict[str, Any]


class CallRefused(Exception):
    """A function of the learner's ended with an error, or an argument was refused."""

    def __init__(self, path: str, error: LearnerError) -> None:
        super().__init__(error.message)
        self.path = path
        self.message = error.message
        self.code = error.code

    @property
    def first_line(self) -> str:
        return self.message.partition("\n")[0]


class LiveQuery:
    """One subscription that stays open while the check goes on."""

    def __init__(self, path: str, watch: Watch, note: Callable[[str], None]) -> None:
        self._path = path
        self._watch = watch
        self._note = note
        self._last: Emission | None = None

    async def wait_until(self, condition: Callable[[Any], bool]) -> bool:
        """Whether an emission comes, or has come last, whose value fulfils the condition. Raises CallRefused."""
        try:
            async with asyncio.timeout(EMISSION_SECONDS_MAX):
                while self._last is None or not self._fulfils(self._last, condition):
                    self._last = await anext(self._watch)
                    self._note(f"live {_name(self._path)} → {_shown(self._last.value)}")
        except TimeoutError:
            return False
        return True

    @property
    def value(self) -> Any:
        """The value of the last emission."""
        return None if self._last is None else self._last.value

    async def close(self) -> None:
        await self._watch.close()

    def _fulfils(self, emission: Emission, condition: Callable[[Any], bool]) -> bool:
        if emission.error is not None:
            raise CallRefused(self._path, emission.error)
        return condition(emission.value)


class Fork:
    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self._live: list[LiveQuery] = []
        self._evidence: list[str] = []

    @property
    def functions(self) -> Mapping[str, FunctionInfo]:
        """Every exported function by its path, `signups:archive`."""
        return self._deployment.functions

    @property
    def evidence(self) -> tuple[str, ...]:
        return tuple(self._evidence[:EVIDENCE_LINES_MAX])

    def place(self, path: str) -> Place | None:
        """Where the function is written."""
        function = self.functions.get(path)
        return None if function is None else Place(function.file, function.line, 1)

    def place_of(self, refused: CallRefused) -> Place | None:
        """The line that threw, or else where the function is written."""
        frame = STACK_FRAME.search(refused.message)
        if frame is None:
            return self.place(refused.path)
        return Place(frame["file"], int(frame["line"]), int(frame["column"]))

    async def query(self, path: str, args: Mapping[str, Any]) -> Any:
        """Calls the query once. Raises CallRefused."""
        return self._value(path, args, await self._deployment.run_query(path, args))

    async def mutate(self, path: str, args: Mapping[str, Any]) -> Any:
        """Calls the mutation. Raises CallRefused."""
        return self._value(path, args, await self._deployment.run_mutation(path, args, writer="check"))

    async def subscribe(self, path: str, args: Mapping[str, Any]) -> LiveQuery:
        """Subscribes and waits for the first result. Raises CallRefused."""
        live = LiveQuery(path, await self._deployment.subscribe(path, args), self._note)
        self._live.append(live)
        await live.wait_until(lambda value: True)
        return live

    async def rows(self, table: str) -> dict[str, Row]:
        """All rows of the table by id."""
        found: dict[str, Row] = {}
        after: bytes | None = None
        while True:
            page = await self._deployment.store.table_page(table, index=None, order="asc", limit=PAGE_ROWS, after=after)
            found |= {row["_id"]: row for row in map(json.loads, page.rows)}
            if page.next is None:
                return found
            after = page.next

    async def insert(self, table: str, rows: list[Row]) -> None:
        """Puts rows into the store without a function. Raises LearnerError when the schema refuses one."""
        await self._deployment.insert_rows(table, rows, cause="seed")

    async def close(self) -> None:
        for live in self._live:
            await live.close()

    def _value(self, path: str, args: Mapping[str, Any], outcome: Outcome) -> Any:
        shown = f"{_name(path)}({_shown(args)})"
        if outcome.error is not None:
            self._note(f"{shown} → refused: {outcome.error.message.strip()}")
            raise CallRefused(path, outcome.error)
        self._note(f"{shown} → {_shown(outcome.value)}{_reads(outcome)}")
        return outcome.value

    def _note(self, line: str) -> None:
        line = " ".join(line.split())
        self._evidence.append(line if len(line) <= EVIDENCE_LINE_LENGTH_MAX else line[:EVIDENCE_LINE_LENGTH_MAX] + "…")


@asynccontextmanager
async def closing(fork: Fork) -> AsyncIterator[Fork]:
    try:
        yield fork
    finally:
        await fork.close()


def _name(path: str) -> str:
    return path.partition(":")[2]


def _shown(value: Any) -> str:
    if isinstance(value, list) and value and all(isinstance(entry, dict) for entry in value):
        names = ", ".join(str(entry.get("name", entry.get("_id", "…"))) for entry in value[:6])
        return f"{len(value)} row{'s' if len(value) > 1 else ''}: {names}{', …' if len(value) > 6 else ''}"
    if value == []:
        return "no rows"
    return json.dumps(value, ensure_ascii=False)


def _reads(outcome: Outcome) -> str:
    """How much the run read, as the Runs panel says it."""
    return "".join(f" · {read.index or 'full table scan'}, {read.documents} read" for read in outcome.note.reads)
