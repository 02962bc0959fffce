"""A failed check once more, step by step, in the panes: a short-lived deployment of the revision that was checked.

It has the task's rows, a folder below stores/ and tokens of its own, and it ends after three minutes, or when another
one of the same workspace begins. Alice's and Bob's calls are made by their panes; what a pane cannot do (somebody
else's call, rows put in by the check, the clock, a crash) is done here. The learner's own store is never opened.
"""

from __future__ import annotations

import asyncio
import logging
import shutil
import time
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lessons.clients import identity_of
from lessons.evidence import RowNumbers, name_of
from lessons.lesson import Lesson
from lessons.replay_ids import PREFIX, new_replay_id
from lessons.seed_rows import insert_seed, row_ids
from lessons.verdict import Step
from lessons.workspaces import Project
from sandbox.engine import Deployment, EngineError, LearnerError, Stepper
from sandbox.gateway.registry import folder_of, registry

logger = logging.getLogger(__name__)

SECONDS_MAX = 180.0
REPLAYS_MAX = 20
LEFT_BEHIND_SECONDS = 900.0
PERSONAS = ("alice", "bob")
KINDS = frozenset(("call", "insert", "forward"))


class NoReplay(Exception):
    """There is nothing to replay, or it has ended."""


@dataclass(slots=True)
class Replay:
    """One that is open. `steps` are those of the check's evidence that do something."""

    id: str
    workspace_id: str
    revision: int
    steps: tuple[Mapping[str, Any], ...]
    deployment: Deployment
    numbers: RowNumbers
    opened: AsyncExitStack
    ends_at: float = field(default_factory=lambda: time.monotonic() + SECONDS_MAX)
    ending: asyncio.Task[None] | None = None

    @property
    def seconds_left(self) -> float:
        return max(0.0, self.ends_at - time.monotonic())


@dataclass(frozen=True, slots=True)
class Turn:
    """What happens at a step. With `persona` that pane makes the call; else it was made here and came to `result`."""

    persona: str | None
    kind: str
    path: str
    args: Any
    result: str


_open: dict[str, Replay] = {}
_turns: dict[str, asyncio.Lock] = {}


def steps_of(evidence: Sequence[Step]) -> tuple[Mapping[str, Any], ...]:
    return tuple(step.about for step in evidence if step.about.get("kind") in KINDS)


async def begin(workspace_id: str, lesson: Lesson, task: int, project: Project, evidence: Sequence[Step]) -> Replay:
    """Opens one with the task's rows; the workspace's earlier one ends. Raises NoReplay with a sentence."""
    steps = steps_of(evidence)
    if not steps:
        raise NoReplay("This verdict has no calls to replay.")
    async with _turns.setdefault(workspace_id, asyncio.Lock()):
        await _make_room(workspace_id)
        replay = await _start(new_replay_id(workspace_id), workspace_id, project, steps)
        try:
            await insert_seed(replay.deployment, lesson.seed_of(task))
            await _note_rows(replay)
        except (EngineError, LookupError) as error:
            await end(replay.id)
            raise NoReplay("The schema of this revision refuses the rows of the check.") from error
        return replay


async def _start(id_: str, workspace_id: str, project: Project, steps: tuple[Mapping[str, Any], ...]) -> Replay:
    folder_of(id_).mkdir(parents=True)
    opened = AsyncExitStack()
    try:
        deployment = await opened.enter_async_context(registry.use(id_))
        deployed = await deployment.deploy(project.number, project.files)
    except BaseException:
        await _remove(id_, opened)
        raise
    if not deployed.ok:
        await _remove(id_, opened)
        raise NoReplay("This revision does not go live, so there is nothing to replay.")
    numbers = RowNumbers()
    deployment.add_listener(numbers.listen)
    replay = Replay(id_, workspace_id, project.number, steps, deployment, numbers, opened)
    replay.ending = asyncio.create_task(_end_later(id_))
    _open[id_] = replay
    return replay


async def take_step(workspace_id: str, replay_id: str, number: int) -> Turn:
    """Does the step of that number, from 0, or tells the pane what to call. Raises NoReplay."""
    replay = _open.get(replay_id)
    if replay is None or replay.workspace_id != workspace_id or not 0 <= number < len(replay.steps):
        raise NoReplay("This replay has ended.")
    about = replay.steps[number]
    await _note_rows(replay)
    try:
        return await _turn(replay, about)
    except LookupError:
        return Turn(
            None, "call", str(about.get("path", "")), {}, "not made: the row it was about is not there this time"
        )
    except LearnerError as error:
        return Turn(None, str(about["kind"]), str(about.get("path", "")), {}, f"refused: {_first_line(error)}")


async def _turn(replay: Replay, about: Mapping[str, Any]) -> Turn:
    deployment, kind = replay.deployment, str(about["kind"])
    if kind == "insert":
        rows = replay.numbers.real(about["rows"])
        await deployment.insert_rows(about["table"], rows, cause="seed")
        return Turn(None, kind, "", {}, f"{len(rows)} rows in {about['table']}")
    if kind == "forward":
        await deployment.time.forward(float(about["seconds"]))
        return Turn(None, kind, "", {}, "")
    path, args = str(about["path"]), replay.numbers.real(about["args"])
    if about["who"] in PERSONAS and about.get("crash_at") is None:
        return Turn(str(about["who"]), str(about["function"]), path, args, "")
    stepper = None if about.get("crash_at") is None else Stepper.crashing_at(int(about["crash_at"]))
    outcome = await deployment.run(path, args, identity=identity_of(str(about["who"])), stepper=stepper)
    result = outcome.value_json if outcome.error is None else f"refused: {_first_line(outcome.error)}"
    return Turn(None, str(about["function"]), path, args, result or "null")


def caption(about: Mapping[str, Any]) -> str:
    """What a step does, in a sentence."""
    match about["kind"]:
        case "insert":
            return f"The check puts rows into {about['table']}."
        case "forward":
            return f"The clock goes forward by {float(about['seconds']):,.0f} seconds."
        case _:
            who = str(about["who"]).capitalize()
            crash = "" if about.get("crash_at") is None else f", and the run is killed before step {about['crash_at']}"
            return f"{who} calls {name_of(str(about['path']))}({about.get('shown_args', '')}){crash}."


async def end(replay_id: str, workspace_id: str | None = None) -> None:
    """Closes it and takes its folder away. Nothing happens to one that is another workspace's, or over."""
    replay = _open.get(replay_id)
    if replay is None or workspace_id not in (None, replay.workspace_id):
        return
    del _open[replay_id]
    if replay.ending is not None and replay.ending is not asyncio.current_task():
        replay.ending.cancel()
    await _remove(replay_id, replay.opened)


async def _end_later(replay_id: str) -> None:
    await asyncio.sleep(SECONDS_MAX)
    await end(replay_id)


async def _make_room(workspace_id: str) -> None:
    """One for a workspace, REPLAYS_MAX for a server; what a server that was killed has left goes, too."""
    own = [id_ for id_, replay in _open.items() if replay.workspace_id == workspace_id]
    for id_ in own or list(_open)[: max(0, len(_open) - REPLAYS_MAX + 1)]:
        await end(id_)
    await asyncio.to_thread(_sweep, folder_of("x").parent)


def _sweep(stores: Path) -> None:
    for folder in stores.glob(f"{PREFIX}*"):
        if folder.name not in _open and time.time() - folder.stat().st_mtime > LEFT_BEHIND_SECONDS:
            shutil.rmtree(folder, ignore_errors=True)


async def _remove(replay_id: str, opened: AsyncExitStack) -> None:
    await opened.aclose()
    await registry.close(replay_id)
    await asyncio.to_thread(shutil.rmtree, folder_of(replay_id), ignore_errors=True)


async def _note_rows(replay: Replay) -> None:
    """Rows that were not made by functions, or by another process."""
    for table in await replay.deployment.store.tables():
        replay.numbers.note(table.name, await row_ids(replay.deployment, table.name))


def _first_line(error: LearnerError) -> str:
    return error.message.partition("\n")[0]
