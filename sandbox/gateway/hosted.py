"""The one deployment of `manage.py host`: where its data lies, its admin key, and bringing the folder's code live."""

from __future__ import annotations

import hashlib
import re
import secrets
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from sandbox import data_folder
from sandbox.engine import DeployError, Deployment, DeployResult, Problem, Toolchain, accept_admin_key, bundle_project
from sandbox.gateway.host_project import ProjectFolder
from sandbox.gateway.host_watch import Watch

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


@dataclass(slots=True)
class HostedProject:
    """A project folder and its open deployment. Belongs to one event loop; end it with `deployment.close()`."""

    project: ProjectFolder
    tools: Toolchain
    deployment: Deployment
    watch: Watch

    @classmethod
    async def open(cls, project: ProjectFolder, data: Path, tools: Toolchain, admin_key: str) -> HostedProject:
        """Opens the deployment in `data`. Raises EngineError where it cannot be opened."""
        deployment = await Deployment.open(data, tools=tools, verify_admin_key=accept_admin_key(admin_key))
        return cls(project, tools, deployment, Watch(project))

    async def deploy(self) -> DeployResult:
        """Brings what the folder holds now live. Mistakes in it come back as problems; then the code before stays."""
        result = await self._deploy()
        self.watch.is_whole = result.ok
        return result

    async def deploy_on_changes(self, say: Callable[[str], None]) -> None:
        """Deploys whenever the folder's files have changed, until it is cancelled, and says what became of it."""
        async for _ in self.watch.changes():
            result = await self.deploy()
            if result.ok:
                say(f"deployed again in {result.total_ms:.0f} ms")
            else:
                say("\n".join(["not deployed; the last good code stays live:", *problem_lines(result.problems)]))

    async def _deploy(self) -> DeployResult:
        started = time.perf_counter()
        try:
            bundle = await bundle_project(self.tools, self.project.root, self.project.functions)
        except DeployError as error:
            problems = error.problems or (Problem(self.project.functions.name, 0, 0, error.message),)
            return DeployResult(False, problems, 0.0)
        self.watch.inputs = bundle.inputs
        result = await self.deployment.deploy((self.deployment.revision or 0) + 1, bundle.files)
        return replace(result, total_ms=(time.perf_counter() - started) * 1000)


def problem_lines(problems: Iterable[Problem]) -> list[str]:
    """A line for each problem: `convex/messages.ts:3:7: reason`; further lines of a reason are indented."""
    return [f"{_place(problem)}: {problem.message.rstrip()}".replace("\n", "\n    ") for problem in problems]


def _place(problem: Problem) -> str:
    return f"{problem.file}:{problem.line}:{problem.column}" if problem.line else problem.file
