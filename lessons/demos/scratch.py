"""A small deployment for one demonstration: its own functions and rows, and gone when the demonstration is over."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from sandbox.engine import Deployment, DeployResult, Quota, scratch_folder
from sandbox.gateway import front_end

AT_ONCE_MAX = 3
REVISION = 1

# A class that presses Run together shares the machine with everybody's panes.
_places = asyncio.Semaphore(AT_ONCE_MAX)


@asynccontextmanager
async def scratch_store() -> AsyncIterator[Deployment]:
    """An empty deployment."""
    tools = front_end.toolchain()
    async with _places, scratch_folder(tools.work, "demo") as folder:
        deployment = await Deployment.open(folder, tools=tools, quota=Quota())
        try:
            yield deployment
        finally:
            await deployment.close()


@asynccontextmanager
async def scratch_project(files: Mapping[str, str]) -> AsyncIterator[Deployment]:
    """A deployment with these files live. For files that do go live."""
    async with scratch_store() as deployment:
        deployed = await bring_live(deployment, files)
        if not deployed.ok:
            raise RuntimeError(deployed.problems[0].message)
        yield deployment


async def bring_live(deployment: Deployment, files: Mapping[str, str]) -> DeployResult:
    return await deployment.deploy((deployment.revision or 0) + REVISION, files)


def project(folder: Path) -> dict[str, str]:
    """The files below a folder, by their path in the project."""
    paths = sorted(path for path in folder.rglob("*.ts") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8") for path in paths}
