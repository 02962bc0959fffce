"""A workspace's deployment: bringing a saved revision live, and opening the doors to it.

Everything the course asks of the gateway is in here. A revision that cannot go live stays saved; the last good one
keeps running.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from weakref import WeakValueDictionary

from asgiref.sync import sync_to_async

from lessons import workspaces
from lessons.catalogue import Lesson
from lessons.models import Revision, Workspace
from lessons.requests import Edit, compiled_names
from lessons.seed_rows import insert_seed
from sandbox.engine import Deployment, LearnerError, Problem, RunnerRefused, StoreUnavailable
from sandbox.gateway.registry import registry

logger = logging.getLogger(__name__)

_turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()


@dataclass(frozen=True, slots=True)
class Saved:
    """`deployed` says whether this revision runs now, `good_revision` which one runs. Problems say why not."""

    revision: int
    deployed: bool
    good_revision: int | None
    problems: tuple[Problem, ...]


async def save_and_deploy(workspace: Workspace, lesson: Lesson, edit: Edit) -> Saved:
    """Saves the edit as a revision and makes it live. Raises workspaces.Stale; then nothing was changed."""
    # Revisions of one workspace go live in the order in which they were saved. Another web process may be at one, too:
    # then the newer one stays (`unless_newer`).
    async with _turns.setdefault(workspace.id, asyncio.Lock()):
        revision = await sync_to_async(workspaces.save_revision)(
            workspace, edit.base_revision, edit.files, edit.compiled, edit.removed
        )
        try:
            async with registry.use(workspace.id) as deployment:
                return await _deploy(deployment, workspace, lesson, revision)
        except StoreUnavailable as error:
            logger.error("Revision %s of %s is not live: %s", revision.number, workspace.id, error.message)
            return Saved(revision.number, False, None, (Problem("convex/schema.ts", 0, 0, error.message),))


async def good_revision(workspace: Workspace) -> int | None:
    """The revision that runs, if any; another web process may have deployed it."""
    deployment = await registry.get(workspace.id)
    await deployment.follow()
    return deployment.revision


async def _deploy(deployment: Deployment, workspace: Workspace, lesson: Lesson, revision: Revision) -> Saved:
    await deployment.follow()
    if deployment.revision == revision.number:
        return Saved(revision.number, True, revision.number, ())
    if not compiled_names(revision.files) <= set(revision.compiled):
        # A file for the panes has a syntax error; the tab that left it out knows the place and shows it.
        return Saved(revision.number, False, deployment.revision, ())
    is_first = deployment.revision is None
    project = await sync_to_async(workspaces.read_project)(revision)
    try:
        result = await deployment.deploy(revision.number, project.files, unless_newer=True)
    except RunnerRefused as error:
        logger.error("Revision %s of %s was not deployed: %s", revision.number, workspace.id, error.message)
        return Saved(revision.number, False, deployment.revision, (Problem("convex/schema.ts", 0, 0, error.message),))
    if not result.ok and not result.problems:
        await deployment.follow()
        return Saved(revision.number, False, deployment.revision, ())
    await sync_to_async(workspaces.record_deploy)(workspace, revision, is_good=result.ok, problems=len(result.problems))
    if is_first and result.ok:
        await _fill(deployment, lesson)
    return Saved(revision.number, result.ok, deployment.revision, result.problems)


async def _fill(deployment: Deployment, lesson: Lesson) -> None:
    """Gives a new deployment the rows with which the lesson begins."""
    filled = frozenset(table.name for table in await deployment.store.tables() if table.count)
    try:
        await insert_seed(deployment, lesson.seed, skip=filled)
    except LearnerError as error:
        # The first revision that went live was not the starter, and its schema wants other rows: start empty.
        logger.info("The rows of lesson %s do not fit: %s", lesson.slug, error.message)
