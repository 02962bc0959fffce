"""`host --watch`: looks at the project's files a few times a second, and says when they have come to rest changed.

Polling: it needs no package, and it sees changes on network drives and in containers, too. What went into the last
good bundle is looked at, and what lies in the functions folder; while the project does not bundle, also its other
sources, because the file that is missing may be among them.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Iterable, Iterator
from pathlib import Path

from sandbox.gateway.host_project import ProjectFolder

POLL_S = 0.25
# What npm, pnpm, yarn, bun and deno touch when they install.
_INSTALLED = (".package-lock.json", ".modules.yaml", ".yarn-state.yml", ".deno")
_CONFIGURATION = ("convex.json", "package.json", "tsconfig.json")
_SOURCES = (".js", ".mjs", ".cjs", ".ts", ".tsx", ".mts", ".cts", ".jsx", ".json")
_SEEN_MAX = 20_000

Stamp = dict[str, tuple[int, int]]
"""Path → time of change in ns, and size."""


class Watch:
    """Set `inputs` and `is_whole` after each deploy; `changes` answers with an item for each time to deploy again."""

    def __init__(self, project: ProjectFolder, poll_s: float = POLL_S) -> None:
        self._project = project
        self._poll_s = poll_s
        self.inputs: tuple[str, ...] = ()
        self.is_whole = True

    async def changes(self) -> AsyncIterator[None]:
        """Ends never. What changes while the caller deploys is told next."""
        before = await self._stamp()
        while True:
            await asyncio.sleep(self._poll_s)
            now = await self._stamp()
            if now != before:
                settled = await self._settled(now)
                yield
                before = self._known(settled, await self._stamp())

    async def _settled(self, seen: Stamp) -> Stamp:
        """Whoever writes several files shall come to an end."""
        while True:
            await asyncio.sleep(self._poll_s)
            now = await self._stamp()
            if now == seen:
                return now
            seen = now

    def _known(self, before: Stamp, after: Stamp) -> Stamp:
        """The stamps from before a deploy, for the files that are looked at after it.

        The deploy may have brought other inputs; but a module that appeared meanwhile was not deployed.
        """
        inputs = {str(self._project.root / path) for path in self.inputs}
        modules = f"{self._project.functions}{os.sep}"
        is_known = (path for path in after if path in before or path in inputs or not path.startswith(modules))
        return {path: before.get(path, after[path]) for path in is_known}

    async def _stamp(self) -> Stamp:
        return await asyncio.to_thread(_stamp_of, self._paths())

    def _paths(self) -> Iterator[str]:
        root = self._project.root
        yield from (str(root / name) for name in (*_CONFIGURATION, *self.inputs))
        yield from (str(root / "node_modules" / name) for name in _INSTALLED)
        yield from _sources_below(self._project.functions)
        if not self.is_whole:
            yield from _sources_below(root)


def _stamp_of(paths: Iterable[str]) -> Stamp:
    stamp: Stamp = {}
    for path in paths:
        try:
            found = os.stat(path)
        except OSError:
            stamp[path] = (0, 0)
        else:
            stamp[path] = (found.st_mtime_ns, found.st_size)
        if len(stamp) == _SEEN_MAX:
            break
    return stamp


def _sources_below(folder: Path) -> Iterator[str]:
    for parent, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name not in ("node_modules", "_generated") and name[0] != "."]
        yield from (os.path.join(parent, name) for name in names if name.endswith(_SOURCES))
