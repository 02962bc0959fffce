"""The code that is live in a deployment: brought there whole or not at all, and again after a restart.

Compiles a project, loads it into the JS process, pushes its schema and crons, and only then lets calls run it. What
clients see of a new deploy is the deployment's to tell.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from sandbox.engine.errors import DeployError, LearnerError, Problem, StoreUnavailable
from sandbox.engine.jobs.cron_definitions import CronDefinition, CronError, parse_crons, place_in_crons
from sandbox.engine.jobs.scheduler import Scheduler
from sandbox.engine.runtime.actions.actions import Actions
from sandbox.engine.runtime.bundle import source_of
from sandbox.engine.runtime.call import Analysis
from sandbox.engine.runtime.compile import CompiledProject, compile_project
from sandbox.engine.runtime.executor import Executor
from sandbox.engine.runtime.lanes import JsLanes
from sandbox.engine.runtime.schema_places import place_in_schema
from sandbox.engine.runtime.toolchain import Toolchain
from sandbox.engine.schema import SchemaDefinition
from sandbox.engine.store import PushProgress, Store
from sandbox.engine.store.faults import fault_of

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class DeployResult:
    """What became of a deploy. With problems, the code that was live before is still live."""

    ok: bool
    problems: tuple[Problem, ...]
    total_ms: float


class LiveCode:
    """One deploy at a time; calls wait while the code changes."""

    def __init__(
        self,
        folder: Path,
        store: Store,
        tools: Toolchain,
        host: JsLanes,
        executor: Executor,
        actions: Actions,
        jobs: Scheduler,
        environment: Mapping[str, str],
        report: Callable[[PushProgress], None],
    ) -> None:
        self.revision: int | None = None
        self.environment = environment
        self._place = folder / "project.json"
        self._store = store
        self._tools = tools
        self._host = host
        self._executor = executor
        self._actions = actions
        self._jobs = jobs
        self._report = report
        self._project: CompiledProject | None = None
        self._files: dict[str, str] = {}
        self._deploying = asyncio.Lock()

    async def deploy(self, revision: int, files: Mapping[str, str]) -> DeployResult:
        """Makes the project the live code: all of it or nothing. Learner mistakes come back as problems."""
        started = time.perf_counter()
        async with self._deploying:
            try:
                # Before the code is live: a full disk shows itself here.
                saved = _ready(self._place, json.dumps({"revision": revision, "files": dict(files)}))
                await self._go_live(files)
            except (DeployError, StoreUnavailable) as error:
                problems = error.problems if isinstance(error, DeployError) else ()
                problems = problems or (Problem(self._first_change(files), 0, 0, error.message),)
                return DeployResult(False, problems, (time.perf_counter() - started) * 1000)
            self.revision = revision
            os.replace(saved, self._place)
        return DeployResult(True, (), (time.perf_counter() - started) * 1000)

    async def set_environment(self, environment: Mapping[str, str]) -> None:
        """Loads the modules again with other variables. Raises DeployError."""
        async with self._deploying:
            if self._project is not None:
                project = replace(self._project, environment=environment)
                async with self._executor.changing_code:
                    self._make_current(project, await self._host.load(project))
            self.environment = environment

    async def _go_live(self, files: Mapping[str, str]) -> None:
        project = replace(await compile_project(files, self._tools), environment=self.environment)
        async with self._executor.changing_code:
            analysis = await self._host.load(project)
            try:
                crons = self._crons(analysis, files)
                await self._push_schema(analysis.schema_json, files)
                await self._jobs.push_crons(crons)
            except BaseException:
                if self._project is not None:
                    await self._host.load(self._project)
                raise
            self._files = dict(files)
            self._make_current(project, analysis)

    def _make_current(self, project: CompiledProject, analysis: Analysis) -> None:
        self._project = project
        self._executor.functions = analysis.functions
        services = self._executor.services
        services.modules, services.http_routes = frozenset(project.maps), analysis.http_routes or ()
        services.environment = project.environment
        self._actions.use(project)
        self._jobs.start()

    def _first_change(self, files: Mapping[str, str]) -> str:
        """Where to look when nothing more is known: the first file that differs from the live project."""
        changed = [path for path, text in files.items() if self._files.get(path) != text]
        modules = [path for path in changed if path.startswith("convex/") and not path.endswith(".map")]
        return source_of(min(modules, default="convex/schema.ts"), files)

    async def _push_schema(self, schema_json: str | None, files: Mapping[str, str]) -> None:
        try:
            schema = SchemaDefinition.EMPTY if schema_json is None else SchemaDefinition.parse(schema_json)
            await self._store.push_schema(schema, report=self._report)
        except LearnerError as error:
            raise DeployError(error.message, (place_in_schema(error.message, files),), code=error.code) from error

    def _crons(self, analysis: Analysis, files: Mapping[str, str]) -> Mapping[str, CronDefinition]:
        try:
            return parse_crons(analysis.crons_json, analysis.functions)
        except CronError as error:
            raise DeployError(error.message, (place_in_crons(error, files),), code=error.code) from error

    async def reload(self) -> None:
        """Brings back the code of an earlier process. It was live before, so a failure is ours and only logged."""
        if not self._place.exists():
            return
        project = json.loads(self._place.read_text())
        try:
            await self._go_live(project["files"])
            self.revision = project["revision"]
        except DeployError as error:
            logger.error("Revision %s no longer loads: %s", project["revision"], error.message)


def _ready(path: Path, text: str) -> Path:
    """The text beside its place, to be moved there by one rename. Raises StoreUnavailable."""
    fresh = path.with_suffix(".new")
    try:
        fresh.write_text(text)
    except OSError as error:
        raise fault_of(error) or error from error
    return fresh
