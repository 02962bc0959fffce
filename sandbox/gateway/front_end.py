"""The built front end: whether it is stale, how it is built, and where its files lie.

static/src/build.mjs builds; this module starts it with the Deno that came with the Python packages, and reads the
manifest it wrote. Nothing here knows what is inside a bundle.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from sandbox.engine import Toolchain

Report = Callable[[str], None]
LINES_KEPT = 30


class FrontEndUnavailable(Exception):
    """The front end is not built and cannot be built. The message says what to do."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """`entries` and `imports` map a name to its file in static/dist; `tools` to a path below static/src."""

    sources: str
    entries: dict[str, str]
    imports: dict[str, str]
    tools: dict[str, str]


def sources_folder() -> Path:
    return Path(settings.BASE_DIR) / "static" / "src"


def dist_folder() -> Path:
    return Path(settings.BASE_DIR) / "static" / "dist"


def hash_sources() -> str:
    """The hash of all sources. static/src/build/sources.mjs computes the same one and describes it."""
    root = sources_folder()
    files = sorted((file.relative_to(root).as_posix(), file) for file in _source_files(root))
    lines = "".join(f"{name}\0{hashlib.sha256(file.read_bytes()).hexdigest()}\n" for name, file in files)
    return hashlib.sha256(lines.encode()).hexdigest()


def _source_files(root: Path) -> Iterator[Path]:
    for folder, folders, names in os.walk(root):
        folders[:] = [name for name in folders if name != "node_modules"]
        yield from (Path(folder, name) for name in names)


_read: tuple[int, Manifest] | None = None


def manifest() -> Manifest:
    """The manifest of the last build. Raises FrontEndUnavailable when there is none."""
    global _read
    file = dist_folder() / "manifest.json"
    try:
        changed_ns = file.stat().st_mtime_ns
        if _read is None or _read[0] != changed_ns:
            _read = changed_ns, Manifest(**json.loads(file.read_bytes()))
    except FileNotFoundError:
        raise FrontEndUnavailable("The front end is not built; run `uv run manage.py start` once.") from None
    return _read[1]


def is_stale() -> bool:
    """Whether static/dist was built from other sources, or a file of it or a tool is gone."""
    try:
        current = manifest()
    except (FrontEndUnavailable, ValueError, TypeError):
        return True
    outputs = [dist_folder() / name for name in {*current.entries.values(), *current.imports.values()}]
    tools = [sources_folder() / name for name in current.tools.values()]
    return current.sources != hash_sources() or not all(file.exists() for file in (*outputs, *tools))


def find_deno() -> Path:
    """The Deno of the Python package `deno`. Raises FrontEndUnavailable."""
    try:
        from deno import find_deno_bin  # type: ignore[import-untyped]

        return Path(os.fsdecode(find_deno_bin()))
    except (ImportError, FileNotFoundError):
        raise FrontEndUnavailable(
            "Deno is missing from this Python environment; run `uv sync` and try again."
        ) from None


def build(report: Report) -> None:
    """Build static/dist. Blocks for 2 to 60 s; `report` gets the lines of the tools. Raises FrontEndUnavailable."""
    deno = find_deno()
    with _build_lock():
        if not is_stale():
            return  # another process built while we waited
        stamp = sources_folder() / "node_modules" / ".installed"
        wanted = _hash_of_packages()
        if not stamp.exists() or stamp.read_text() != wanted:
            report("front end: installing packages")
            _run([str(deno), "ci"], report)
            # A fresh file: checkouts may share the old one by a hard link.
            stamp.unlink(missing_ok=True)
            stamp.write_text(wanted)
        _run([str(deno), "run", "-A", "build.mjs"], report)


def _hash_of_packages() -> str:
    files = (sources_folder() / name for name in ("package.json", "deno.json", "deno.lock"))
    return hashlib.sha256(b"\0".join(file.read_bytes() for file in files)).hexdigest()


@contextlib.contextmanager
def _build_lock() -> Iterator[None]:
    """One build at a time on this machine: two would delete each other's files."""
    folder = os.open(sources_folder(), os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def _run(command: list[str], report: Report) -> None:
    environment = {**os.environ, "DENO_TLS_CA_STORE": "system,mozilla", "NO_COLOR": "1"}
    last_lines: list[str] = []
    with subprocess.Popen(
        command, cwd=sources_folder(), env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        assert process.stdout is not None  # noqa: S101 - it is a pipe
        for line in process.stdout:
            last_lines = [*last_lines[-LINES_KEPT:], line.rstrip()]
            if line.startswith("front end:"):
                report(line.rstrip())
    if process.returncode != 0:
        said = "\n  ".join(last_lines)
        raise FrontEndUnavailable(f"The front end could not be built (`{' '.join(command[-3:])}` failed):\n  {said}")


def dist_path(name: str) -> str:
    """The path below STATIC_URL of the entry `workspace.js`, with its hash."""
    return f"dist/{manifest().entries[name]}"


def toolchain() -> Toolchain:
    """Where the tools lie that deployments need. Raises FrontEndUnavailable before the first build."""
    current = manifest()
    work = Path(settings.DATA_DIR) / "work"
    work.mkdir(parents=True, exist_ok=True)
    return Toolchain(
        deno=find_deno(),
        esbuild=sources_folder() / current.tools["esbuild"],
        convex_library=dist_folder() / current.entries["convex-library.js"],
        web_streams=dist_folder() / current.entries["web-streams.js"],
        work=work,
        allow_unhardened=settings.UNSAFE_RUNNER,
        type_checker=sources_folder() / current.tools["tsc"],
        types=sources_folder(),
    )
