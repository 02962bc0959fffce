"""The one deployment of `manage.py host`: where its data lies, its admin key, and bringing the folder's code live."""

from __future__ import annotations

import asyncio
import hashlib
import re
import secrets
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus
from pathlib import Path
from urllib.parse import urlsplit

from sandbox import data_folder
from sandbox.engine import (
    DeployError,
    Deployment,
    DeployNote,
    DeployResult,
    Fetcher,
    FetchPolicy,
    FetchRequest,
    FetchResponse,
    HttpActionRequest,
    HttpActionResponse,
    LearnerError,
    Problem,
    Toolchain,
    TraceNote,
    accept_admin_key,
    bundle_project,
    without_type_prefix,
)
from sandbox.gateway import keys
from sandbox.gateway.host_configs import AppConfig, AuthConfig, read_app_config, read_auth_config
from sandbox.gateway.host_log import FunctionLog
from sandbox.gateway.host_project import ProjectFolder
from sandbox.gateway.host_providers import Providers, ProvidersUnusable
from sandbox.gateway.host_watch import Watch

Say = Callable[[str], None]

ADMIN_KEY_FILE = "admin.key"


def default_data(data_dir: Path, project: ProjectFolder) -> Path:
    """Where a project keeps its rows unless `--data` says: not in the project, which may be read by its own code."""
    name = re.sub(r"[^a-z0-9]+", "-", project.root.name.lower()).strip("-")[:32]
    digest = hashlib.sha256(str(project.root).encode()).hexdigest()[:8]
    return data_dir / "hosts" / (f"{name}-{digest}" if name else digest)


def admin_key(data: Path, given: str | None) -> tuple[str, bool]:
    """The key that opens admin functions, and whether it was made just now. A given one is not kept."""
    if given:
        return given, False
    is_new = not (data / "secret" / ADMIN_KEY_FILE).exists()
    fresh = f"{data.name}|{secrets.token_hex(32)}"
    return data_folder.secret(data, ADMIN_KEY_FILE, make=fresh.encode()).decode(), is_new


@dataclass(frozen=True, slots=True)
class HostOptions:
    """How a project is served. `name` is the issuer of the tokens that its own data folder signs."""

    name: str
    data: Path
    admin_key: str
    origin: str
    site_origin: str
    environment: Mapping[str, str]
    fetch_policy: FetchPolicy


class HostedProject:
    """A project folder and its deployment. Belongs to one event loop: `open` it, and end it with `close`."""

    def __init__(self, project: ProjectFolder, tools: Toolchain, options: HostOptions, say: Say) -> None:
        self.project = project
        self.watch = Watch(project)
        self.log = FunctionLog()
        self.deployment: Deployment
        self._tools = tools
        self._options = options
        self._say = say
        self._providers = Providers(keys.verifier(options.name), options.name)
        self._fetcher = Fetcher(options.fetch_policy)
        self._app_notes: list[str] = []
        self._changing = asyncio.Lock()
        self._following: set[asyncio.Task[None]] = set()

    @property
    def name(self) -> str:
        """As tools are told: what stands before the bar in its admin key."""
        return without_type_prefix(self._options.admin_key).partition("|")[0] or self._options.name

    async def open(self) -> None:
        """Raises EngineError where the data cannot be opened."""
        self.deployment = await Deployment.open(
            self._options.data,
            tools=self._tools,
            verify_token=self._providers.verify,
            verify_admin_key=accept_admin_key(self._options.admin_key),
            origin=self._options.origin,
            site_origin=self._options.site_origin,
            environment=self._options.environment,
            fetch_policy=self._options.fetch_policy,
        )
        self.deployment.add_listener(self._hear)
        self.deployment.add_listener(self.log.hear)

    async def close(self) -> None:
        for task in self._following:
            task.cancel()
        await asyncio.gather(*self._following, return_exceptions=True)
        await self.deployment.close()
        self._fetcher.close()

    async def deploy(self) -> DeployResult:
        """Brings what the folder holds now live. Mistakes in it come back as problems; then the code before stays."""
        started = time.perf_counter()
        try:
            async with self._changing:
                result = await self._deploy()
        except DeployError as error:
            problems = error.problems or (Problem(self.project.functions.name, 0, 0, error.message),)
            result = DeployResult(False, problems, 0.0)
        self.watch.is_whole = result.ok
        return replace(result, total_ms=(time.perf_counter() - started) * 1000)

    async def set_variables(self, variables: Mapping[str, str]) -> None:
        """Other environment variables, kept for the next start. Raises LearnerError, DeployError."""
        async with self._changing:
            await self.deployment.set_environment(variables)
            await self._read_auth_config()

    def _hear(self, note: TraceNote) -> None:
        """Another process that serves this folder may have deployed what it holds now: auth.config is part of that."""
        if isinstance(note, DeployNote) and not self._changing.locked():
            task = asyncio.create_task(self._follow_auth_config())
            self._following.add(task)
            task.add_done_callback(self._following.discard)

    async def _follow_auth_config(self) -> None:
        async with self._changing:
            try:
                await self._read_auth_config()
            except DeployError as error:
                self._say(f"auth.config: {error.message}")

    async def _read_auth_config(self) -> None:
        await self._let_sign_in(await read_auth_config(self._tools, self.project, self.deployment.environment))

    async def deploy_on_changes(self) -> None:
        """Deploys whenever the folder's files have changed, until it is cancelled, and says what became of it."""
        async for _ in self.watch.changes():
            result = await self.deploy()
            if result.ok:
                self._say(f"deployed again in {result.total_ms:.0f} ms")
            else:
                self._say("\n".join(["not deployed; the last good code stays live:", *problem_lines(result.problems)]))

    async def _deploy(self) -> DeployResult:
        bundle = await bundle_project(self._tools, self.project.root, self.project.functions)
        auth_config = await read_auth_config(self._tools, self.project, self.deployment.environment)
        self.watch.inputs = (*bundle.inputs, *auth_config.inputs)
        await self.deployment.follow()
        result = await self.deployment.deploy((self.deployment.revision or 0) + 1, bundle.files)
        if result.ok:
            await self._let_sign_in(auth_config)
            await self._read_app_config()
        return result

    async def _read_app_config(self) -> None:
        """Says what convex.config.ts asks for that is not here, once."""
        try:
            config = await read_app_config(self._tools, self.project, self.deployment.environment)
            notes = [] if config is None else list(_missing(config))
        except DeployError as error:
            notes = problem_lines(error.problems) or [error.message]
        if notes != self._app_notes:
            self._app_notes = notes
            for note in notes:
                self._say(f"convex.config: {note}")

    async def _let_sign_in(self, config: AuthConfig) -> None:
        complaints = [_unset(name) for name in config.unset]
        try:
            complaints += await self._providers.load(config.providers, self._fetch)
        except ProvidersUnusable as error:
            complaints.append(str(error))
        for complaint in complaints:
            self._say(f"auth.config: {complaint}")

    async def _fetch(self, address: str) -> bytes:
        """The body of a provider's answer. Raises LearnerError."""
        headers = (("accept", "application/json"),)
        response: HttpActionResponse | FetchResponse
        if address.startswith(f"{self._options.site_origin}/"):
            response = await self.deployment.http_action(HttpActionRequest("GET", address, headers))
        else:
            response = await self._fetch_outside(FetchRequest("GET", address, headers))
        if response.status != HTTPStatus.OK:
            raise LearnerError(f"{address} answers {response.status}", code="FetchFailed")
        return response.body

    async def _fetch_outside(self, request: FetchRequest) -> FetchResponse:
        try:
            return await self._fetcher.fetch(request)
        except LearnerError as error:
            if error.code != "FetchRefused":
                raise
            message = f"it may not be reached; start with --allow-fetch {urlsplit(request.url).netloc}"
            raise LearnerError(message, code=error.code) from None


def _unset(name: str) -> str:
    return f"the environment variable {name} is not set: start with --env {name}=VALUE"


def _missing(config: AppConfig) -> Iterator[str]:
    if config.components:
        yield f"components are not available here, so calls of {', '.join(config.components)} will fail; the rest runs"
    for name, fault in config.variables.items():
        yield _unset(name) if fault is None else f"the environment variable {name} {fault}"


def problem_lines(problems: Iterable[Problem]) -> list[str]:
    """A line for each problem: `convex/messages.ts:3:7: reason`; further lines of a reason are indented."""
    return [f"{_place(problem)}: {problem.message.rstrip()}".replace("\n", "\n    ") for problem in problems]


def _place(problem: Problem) -> str:
    return f"{problem.file}:{problem.line}:{problem.column}" if problem.line else problem.file
