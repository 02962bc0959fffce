"""The index laboratory's actions: find a function's plan, measure it, show the refusal, keep predictions and figures.

Each tells what it has to say as it goes (laboratory_views.py passes that on to the page). The work is done by
processes of their own; see laboratory_office.py for the queue and laboratory_worker.py for learners' functions.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

from asgiref.sync import sync_to_async
from django.conf import settings

from lessons import workspaces
from lessons.catalogue import Laboratory
from lessons.fork import STACK_FRAME
from lessons.laboratory_office import folder, office
from lessons.laboratory_worker import ALICE, JAVASCRIPT
from lessons.models import Event, Workspace
from lessons.seeding import laboratory_rows
from sandbox.engine import LearnerError, laboratory, limits
from sandbox.gateway import front_end
from sandbox.gateway.registry import registry

BUILD = "lessons.laboratory_build"
FUNCTIONS = "lessons.laboratory_worker"
FORK_DOCUMENTS_MAX = 10_000
FORK_RUNS = 5
TOGETHER_MAX = 10_000
WRITE_ROWS = 400
ROWS_PER_INSERT = 250
DOCUMENTS_BEYOND_REFUSAL = 500

Tell = laboratory.Tell


@dataclass(frozen=True, slots=True)
class Ask:
    """What a page wants measured. `function` None is the lesson's own, `args` None those that fit its validator."""

    function: str | None
    args: Any | None
    lines: tuple[str, ...] = ()
    largest: int = laboratory.SIZES[-1]
    cache: str = "warm"
    runs: int = 5


def shelf_of(lab: Laboratory) -> laboratory.Shelf:
    return laboratory.Shelf(folder() / lab.data, lab.table, sizes())


def sizes() -> tuple[int, ...]:
    """Ascending."""
    return tuple(settings.LABORATORY_SIZES)


# ── what a page asks


async def plan(workspace: Workspace, lab: Laboratory, ask: Ask, tell: Tell) -> laboratory.Message:
    """Runs the function once on ten documents; tells which functions there are and what this one asked."""
    shelf = shelf_of(lab)
    smallest = shelf.path(min(shelf.sizes))
    if shelf.missing:
        await _build(shelf).follow(_building(shelf, tell), until=smallest.exists)
    task = {
        "do": "plan",
        "files": await _files(workspace),
        "tools": _tools(),
        "source": str(smallest),
        "table": lab.table,
        "sample": dict(lab.sample),
        "other": list(lab.other),
        "default": lab.function,
        "function": ask.function,
        "args": ask.args,
    }
    found: laboratory.Message = {}
    async for message in office().work(FUNCTIONS, task, tell):
        tell(message)
        found = message
    return found


async def measure(workspace: Workspace, lab: Laboratory, ask: Ask, tell: Tell) -> None:
    """Times the chosen lines at every size up to the largest, then whole calls, then writes. Keeps the figures."""
    kept: list[laboratory.Message] = []

    def tell_and_keep(message: laboratory.Message) -> None:
        if message["type"] in ("plan", "point", "total", "writes"):
            kept.append(message)
        tell(message)

    found = await plan(workspace, lab, ask, tell_and_keep)
    chosen = [line for line in found["lines"] if line["key"] == "own" or line["key"] in ask.lines]
    shelf = shelf_of(lab)
    wanted = [size for size in shelf.sizes if size <= ask.largest]
    await _be_ready(shelf, wanted, chosen, tell)
    await _measure_lines(shelf, found["question"], chosen, wanted, ask, tell_and_keep)
    await _measure_calls(workspace, shelf, found, wanted, ask, tell_and_keep)
    await _measure_writes(lab, tell_and_keep)
    done = {"type": "done", "at": datetime.now(UTC).isoformat(), "machine": machine(), "cache": ask.cache}
    await sync_to_async(record_figures)(workspace, [*kept, done])
    tell(done)


async def refuse(workspace: Workspace, lab: Laboratory, ask: Ask, tell: Tell) -> None:
    """Runs the function on the learner's own table; where it is not refused, its question as a full scan on a copy."""
    found = await plan(workspace, lab, ask, lambda message: None)
    async with registry.use(workspace.id) as deployment:
        count = await _count(deployment, lab.table)
        if deployment.revision is None:
            raise LearnerError("Your code is not live yet. Open the lesson once, then come back.", code="NotLive")
        outcome = await deployment.run_query(found["function"], found["args"], identity=ALICE)
        tell(
            {
                "type": "ran",
                "name": found["name"],
                "count": count,
                "documents": sum(read.documents for read in outcome.note.reads),
                "ms": outcome.note.total_ms,
                "limit": limits.DOCUMENTS_READ_MAX,
                **_ending(None if outcome.error is None else outcome.error.message),
            }
        )
        if outcome.error is not None or count <= limits.DOCUMENTS_READ_MAX:
            return
        source = deployment.store.path
        task = {
            "do": "refusal",
            "files": await _files(workspace),
            "tools": _tools(),
            "source": str(source),
            "question": found["question"],
        }
        async for message in office().work(FUNCTIONS, task, tell):
            tell({**message, **_ending(message["error"])})


async def seed(workspace: Workspace, lab: Laboratory, tell: Tell) -> None:
    """Fills the learner's own table beyond what one function may read."""
    wanted = limits.DOCUMENTS_READ_MAX + DOCUMENTS_BEYOND_REFUSAL
    async with registry.use(workspace.id) as deployment:
        before = await _count(deployment, lab.table)
        rows = laboratory_rows(lab.table, wanted)
        added = 0
        while before + added < wanted and (chunk := list(islice(rows, min(ROWS_PER_INSERT, wanted - before - added)))):
            await deployment.insert_rows(lab.table, chunk, writer="laboratory")
            added += len(chunk)
            tell({"type": "seeding", "documents": before + added, "total": wanted})
        tell({"type": "seeded", "count": before + added})


# ── what is kept


def record_prediction(workspace: Workspace, prediction: Mapping[str, Any]) -> None:
    _announce(workspace, Event.Kind.PREDICTED, dict(prediction))


def record_figures(workspace: Workspace, messages: Sequence[laboratory.Message]) -> None:
    _announce(workspace, Event.Kind.MEASURED, {"messages": list(messages)})


def last_prediction(workspace: Workspace) -> dict[str, Any] | None:
    last = workspace.events.filter(kind=Event.Kind.PREDICTED).order_by("id").last()
    return None if last is None else last.payload


def last_figures(workspace: Workspace) -> list[laboratory.Message]:
    """What the last measurement said, in its order."""
    last = workspace.events.filter(kind=Event.Kind.MEASURED).order_by("id").last()
    return [] if last is None else last.payload["messages"]


def machine() -> str:
    cores = os.cpu_count() or 1
    return f"{cores} core{'' if cores == 1 else 's'}"


# ── steps


def _build(shelf: laboratory.Shelf) -> Any:
    return office().share(f"build {shelf.folder}", BUILD, {"shelf": shelf.to_json()})


async def _be_ready(
    shelf: laboratory.Shelf, wanted: Sequence[int], lines: Sequence[laboratory.Message], tell: Tell
) -> None:
    """The files of these sizes are there, with the indexes that the lines need."""
    if shelf.missing:
        await _build(shelf).follow(
            _building(shelf, tell), until=lambda: all(shelf.path(size).exists() for size in wanted)
        )
    part = dataclasses.replace(shelf, sizes=tuple(wanted))
    for line in lines:
        if not line["fields"]:
            continue
        lacking = await sync_to_async(laboratory.missing_indexes)(part, [line["fields"]])
        if lacking:
            name = f"index {shelf.folder} {line['fields']} {max(wanted)}"
            task = {"do": "index", "shelf": part.to_json(), "fields": [line["fields"]]}
            await office().share(name, laboratory.WORKER, task).follow(_indexing(part, line, lacking, tell))


def _building(shelf: laboratory.Shelf, tell: Tell) -> Tell:
    def told(message: laboratory.Message) -> None:
        if message["type"] == "building":
            done = sum(size for size in shelf.sizes if size < message["size"]) + message["documents"]
            message = {"type": "building", "documents": done, "total": sum(shelf.sizes)}
        tell(message)

    return told


def _indexing(
    shelf: laboratory.Shelf, line: laboratory.Message, lacking: Sequence[tuple[int, Any]], tell: Tell
) -> Tell:
    to_do = [size for size, _ in lacking]

    def told(message: laboratory.Message) -> None:
        if message["type"] == "indexing":
            done = sum(size for size in to_do if size < message["size"]) + message["documents"]
            message = {"type": "indexing", "name": line["name"], "documents": done, "total": sum(to_do)}
        tell(message)

    return told


async def _measure_lines(
    shelf: laboratory.Shelf,
    question: laboratory.Message,
    lines: Sequence[laboratory.Message],
    wanted: Sequence[int],
    ask: Ask,
    tell: Tell,
) -> None:
    """The small tables in one go, of the large ones each line by itself: whoever waits comes in between."""
    task = {
        "do": "measure",
        "shelf": shelf.to_json(),
        "question": question,
        "cache": ask.cache,
        "runs": ask.runs,
    }
    small = [size for size in wanted if size <= TOGETHER_MAX]
    turns = [(small, list(lines))] + [([size], [line]) for size in wanted if size > TOGETHER_MAX for line in lines]
    digests: dict[int, str] = {}
    for of_sizes, of_lines in turns:
        turn = {**task, "sizes": of_sizes, "lines": of_lines}
        async for message in office().work(laboratory.WORKER, turn, tell):
            if message["type"] == "point":
                digest = message.pop("digest")
                message["same"] = digest == digests.setdefault(message["size"], digest)
            tell(message)


async def _measure_calls(
    workspace: Workspace,
    shelf: laboratory.Shelf,
    found: laboratory.Message,
    wanted: Sequence[int],
    ask: Ask,
    tell: Tell,
) -> None:
    task = {
        "do": "totals",
        "files": await _files(workspace),
        "tools": _tools(),
        "shelf": shelf.to_json(),
        "question": found["question"],
        "function": found["function"],
        "args": found["args"],
        "sizes": [size for size in wanted if size <= FORK_DOCUMENTS_MAX],
        "runs": FORK_RUNS,
        "javascript": JAVASCRIPT in ask.lines,
    }
    async for message in office().work(FUNCTIONS, task, tell):
        tell(message)


async def _measure_writes(lab: Laboratory, tell: Tell) -> None:
    task = {
        "do": "writes",
        "table": lab.table,
        "rows": list(laboratory_rows(lab.table, WRITE_ROWS)),
        "fields": list(lab.fields),
        "work": _tools()["work"],
    }
    async for message in office().work(laboratory.WORKER, task, tell):
        tell(message)


async def _files(workspace: Workspace) -> dict[str, str]:
    """The project that last went live; before any did, the last saved one."""

    def read() -> dict[str, str]:
        good = workspace.revisions.filter(is_good=True).order_by("number").last()
        return workspaces.read_project(good or workspaces.head(workspace)).files

    return await sync_to_async(read)()


def _tools() -> dict[str, Any]:
    tools = dataclasses.asdict(front_end.toolchain())
    return {name: str(value) if isinstance(value, Path) else value for name, value in tools.items()}


async def _count(deployment: Any, table: str) -> int:
    return next((one.count for one in await deployment.store.tables() if one.name == table), 0)


def _ending(error: str | None) -> dict[str, Any]:
    """The first line of an error, and the place in the learner's file that it names."""
    if error is None:
        return {"error": None, "place": None}
    frame = STACK_FRAME.search(error)
    place = None if frame is None else {"file": frame["file"], "line": int(frame["line"])}
    return {"error": error.strip().partition("\n")[0], "place": place}


def _announce(workspace: Workspace, kind: Event.Kind, payload: dict[str, Any]) -> None:
    Event.objects.create(person_id=workspace.person_id, workspace=workspace, kind=kind, payload=payload)
