"""The code that is live in a deployment: brought there whole or not at all, and followed when another brought it.

A deploy compiles a project, loads it into the JS process, and puts code, schema and crons into the store as one
commit. Every other process, and this one after a restart, finds them there: the code in the store is the truth, what
is loaded follows it (`follow`). What clients see of new code is the deployment's to tell. Why: docs/decisions/0006.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from sandbox.engine.clock import Clock
from sandbox.engine.errors import (
    DeployError,
    EngineError,
    LearnerError,
    NewerCodeIsLive,
    Problem,
    PushOvertaken,
    StoreUnavailable,
)
from sandbox.engine.jobs.cron_definitions import CronDefinition, CronError, parse_crons, place_in_crons
from sandbox.engine.jobs.cron_jobs import push_crons
from sandbox.engine.runtime.actions.actions import Actions
from sandbox.engine.runtime.bundle import source_of
from sandbox.engine.runtime.call import Analysis, FunctionInfo
from sandbox.engine.runtime.compile import CompiledProject, compile_project
from sandbox.engine.runtime.environment import environment_of
from sandbox.engine.runtime.executor import Executor
from sandbox.engine.runtime.functions import FunctionTable
from sandbox.engine.runtime.lanes import JsLanes
from sandbox.engine.runtime.schema_places import place_in_schema
from sandbox.engine.runtime.toolchain import Toolchain
from sandbox.engine.schema import SchemaDefinition
from sandbox.engine.store import CodePush, Project, PushProgress, Store, StoredCode, Timestamp, Transaction

logger = logging.getLogger(__name__)

PASSING_CODES = frozenset(("NotBegun", "LoadTimedOut", "ProcessEnded", "ProcessKilled"))
"""Errors of a load that say nothing of the code: another try may end well."""

EARLIER_PLACE = "project.json"
"""Where deployments kept their code before the store did."""


@dataclass(frozen=True, slots=True)
class DeployResult:
    """What became of a deploy. Where it is not ok, the code that was live before is still live.

    Without problems it came too late: a newer revision is live.
    """

    ok: bool
    problems: tuple[Problem, ...]
    total_ms: float


class LiveCode:
    """One deploy at a time; calls wait while the code changes.

    `report` hears how far a deploy is with the stored documents. `on_load` is called whenever other code has been
    loaded, with what that took in ms, and before any call runs on it.
    """

    def __init__(
        self,
        store: Store,
        tools: Toolchain,
        host: JsLanes,
        executor: Executor,
        actions: Actions,
        clock: Clock,
        *,
        origin: str,
        site_origin: str,
        report: Callable[[PushProgress], None],
        on_load: Callable[[float], None],
    ) -> None:
        self.revision: int | None = None
        self.variables: Mapping[str, str] = {}
        """The environment without the built-in variables."""
        self._origin, self._site_origin = origin, site_origin
        self._store = store
        self._tools = tools
        self._host = host
        self._executor = executor
        self._actions = actions
        self._clock = clock
        self._report = report
        self._on_load = on_load
        self._project: CompiledProject | None = None
        self._files: Mapping[str, str] = {}
        self._changing = asyncio.Lock()
        executor.load_code = self.follow

    @property
    def environment(self) -> Mapping[str, str]:
        """What functions find in `process.env`."""
        return environment_of(self.variables, origin=self._origin, site_origin=self._site_origin)

    # ── from here into the store ────────────────────────────────────────────

    async def deploy(self, revision: int, files: Mapping[str, str], *, unless_newer: bool = False) -> DeployResult:
        """Makes the project the live code: all of it or nothing. Learner mistakes come back as problems."""
        started = time.perf_counter()
        problems: tuple[Problem, ...] = ()
        is_live = False
        async with self._changing:
            try:
                await self._go_live_at_last(Project(revision, dict(files)), unless_newer, started)
                is_live = True
            except NewerCodeIsLive as error:
                logger.info("%s", error.message)
            except (DeployError, StoreUnavailable) as error:
                problems = error.problems if isinstance(error, DeployError) else ()
                problems = problems or (Problem(self._first_change(files), 0, 0, error.message),)
        return DeployResult(is_live, problems, (time.perf_counter() - started) * 1000)

    async def set_environment(self, variables: Mapping[str, str]) -> None:
        """Loads the modules again with other variables. Raises LearnerError, DeployError; then nothing has changed."""
        environment_of(variables, origin=self._origin, site_origin=self._site_origin)
        async with self._changing:
            is_set = False
            while not is_set:
                await self._catch_up()
                before = self.variables
                push = CodePush(environment=dict(variables), based_on=self._executor.code_ts)
                try:
                    await self._change_environment(push, variables, time.perf_counter())
                    is_set = True
                except PushOvertaken:
                    continue
                finally:
                    if not is_set:
                        self.variables = before

    async def _change_environment(self, push: CodePush, variables: Mapping[str, str], started: float) -> None:
        if self._project is None or not self._executor.can_run:
            await self._store.push_schema(None, code=push)
            await self._catch_up()
            return
        self.variables = dict(variables)
        project = replace(self._project, environment=self.environment)
        node_functions = await self._actions.analyze(project)
        async with self._executor.changing_code:
            analysis = await self._load(project, node_functions)
            ts = await self._pushed(lambda: None, push)
            self._make_current(project, analysis, ts, started)

    async def _go_live_at_last(self, project: Project, unless_newer: bool, started: float) -> None:
        """Again when another process was faster: its variables are to be seen, too."""
        while True:
            stored = await self._store.stored_code()
            self.variables = stored.environment
            try:
                await self._go_live(project, stored.ts, unless_newer, started)
                return
            except PushOvertaken:
                continue

    async def _go_live(self, project: Project, based_on: Timestamp, unless_newer: bool, started: float) -> None:
        """Raises DeployError, StoreUnavailable, NewerCodeIsLive, PushOvertaken."""
        compiled = replace(await compile_project(project.files, self._tools), environment=self.environment)
        node_functions = await self._actions.analyze(compiled)
        async with self._executor.changing_code:
            analysis = await self._load(compiled, node_functions)
            try:
                crons = _crons(analysis, project.files)
            except BaseException:
                await self._load_before()
                raise

            async def write_rows(transaction: Transaction) -> None:
                await push_crons(transaction, crons, self._clock.now_ns() // 1_000_000)

            push = CodePush(project, based_on=based_on, write_rows=write_rows, unless_newer=unless_newer)
            try:
                ts = await self._pushed(lambda: _schema(analysis), push)
            except LearnerError as error:
                place = place_in_schema(error.message, project.files)
                raise DeployError(error.message, (place,), code=error.code) from error
            self.revision, self._files = project.revision, project.files
            self._make_current(compiled, analysis, ts, started)

    async def _pushed(self, schema: Callable[[], SchemaDefinition | None], push: CodePush) -> Timestamp:
        """While no call runs: puts into the store what the JS process has loaded, or loads what was there before."""
        try:
            return await self._store.push_schema(schema(), report=self._report, code=push)
        except BaseException:
            await self._load_before()
            raise

    async def _load_before(self) -> None:
        if self._project is not None:
            await self._host.load(self._project)

    # ── from the store to here ──────────────────────────────────────────────

    async def open(self, variables: Mapping[str, str]) -> None:
        """Loads what is live. `variables` are set over those that were set before. Raises LearnerError."""
        stored = await self._store.stored_code()
        wanted = {**stored.environment, **variables}
        environment_of(wanted, origin=self._origin, site_origin=self._site_origin)
        if wanted != stored.environment:
            await self._store.push_schema(None, code=CodePush(environment=wanted))
        await self.follow()
        if stored.project is None:
            await self._take_over()

    async def follow(self) -> None:
        """Loads the code that is live in the store, unless that is what is loaded.

        Code that went live elsewhere and does not load here is an error of ours: it is logged, and every call is told.
        Raises EngineError for what may be otherwise at the next try.
        """
        async with self._changing:
            await self._catch_up()

    async def _catch_up(self) -> None:
        if await self._store.code_ts() != self._executor.code_ts:
            await self._follow(await self._store.stored_code(), time.perf_counter())

    async def _follow(self, stored: StoredCode, started: float) -> None:
        self.variables = stored.environment
        if stored.project is None:
            self._note_environment(stored.ts)
            return
        try:
            compiled = await compile_project(stored.project.files, self._tools)
            compiled = replace(compiled, environment=self.environment)
            node_functions = await self._actions.analyze(compiled)
            async with self._executor.changing_code:
                analysis = await self._load(compiled, node_functions)
                self.revision, self._files = stored.project.revision, stored.project.files
                self._make_current(compiled, analysis, stored.ts, started)
        except DeployError as error:
            if error.code in PASSING_CODES:
                raise EngineError(f"Revision {stored.project.revision} could not be loaded: {error.message}") from error
            await self._give_up(stored, error)

    async def _give_up(self, stored: StoredCode, error: DeployError) -> None:
        assert stored.project is not None
        message = f"Revision {stored.project.revision} is live and does not load: {error.message}"
        logger.error("%s", message)
        async with self._executor.changing_code:
            self.revision = stored.project.revision
            self._executor.table = FunctionTable({}, LearnerError(message, code="CodeDoesNotLoad"))
            self._executor.code_ts = stored.ts

    async def _take_over(self) -> None:
        """The code of a deployment from before the store kept it."""
        place = self._store.folder / EARLIER_PLACE
        if not place.exists():
            return
        earlier = json.loads(place.read_text())
        result = await self.deploy(earlier["revision"], earlier["files"])
        if result.ok:
            place.unlink()
        else:
            logger.error("Revision %s no longer loads: %s", earlier["revision"], result.problems[0].message)

    def _note_environment(self, ts: Timestamp) -> None:
        """Without a project there is nothing that would have to be loaded again."""
        self._executor.services.environment = self.environment
        self._executor.code_ts = ts

    # ── both ────────────────────────────────────────────────────────────────

    async def _load(self, project: CompiledProject, node_functions: Mapping[str, FunctionInfo]) -> Analysis:
        """Loads the project's realms; the functions of its `"use node"` files are known before. Raises DeployError."""
        analysis = await self._host.load(project)
        return replace(analysis, functions={**analysis.functions, **node_functions})

    def _make_current(self, project: CompiledProject, analysis: Analysis, ts: Timestamp, started: float) -> None:
        self._project = project
        self._executor.functions = analysis.functions
        services = self._executor.services
        services.modules, services.http_routes = frozenset(project.maps), analysis.http_routes or ()
        services.environment = project.environment
        self._executor.code_ts = ts
        self._actions.use(project)
        self._on_load((time.perf_counter() - started) * 1000)

    def _first_change(self, files: Mapping[str, str]) -> str:
        """Where to look when nothing more is known: the first file that differs from the live project."""
        changed = [path for path, text in files.items() if self._files.get(path) != text]
        modules = [path for path in changed if path.startswith("convex/") and not path.endswith(".map")]
        return source_of(min(modules, default="convex/schema.ts"), files)


def _schema(analysis: Analysis) -> SchemaDefinition:
    """Raises LearnerError."""
    return SchemaDefinition.EMPTY if analysis.schema_json is None else SchemaDefinition.parse(analysis.schema_json)


def _crons(analysis: Analysis, files: Mapping[str, str]) -> Mapping[str, CronDefinition]:
    try:
        return parse_crons(analysis.crons_json, analysis.functions)
    except CronError as error:
        raise DeployError(error.message, (place_in_crons(error, files),), code=error.code) from error
