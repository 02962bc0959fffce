"""What TypeScript says of a project: the native compiler, one process per check, behind the launcher.

Types are a programming language: a few lines can ask for endless work, and an import with an absolute path would have
the compiler quote any file of this account. So it sees a scratch folder with the project and the packages that
learners may import, has no network, and is killed when it takes too long; two run at a time.
"""

from __future__ import annotations

import asyncio
import re
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from weakref import WeakKeyDictionary

from sandbox.engine.errors import DeployError, EngineError, Problem
from sandbox.engine.limits import MIB
from sandbox.engine.runtime.child import Child
from sandbox.engine.runtime.hardening import reader_command
from sandbox.engine.runtime.toolchain import Toolchain
from sandbox.engine.scratch import scratch_folder

DEADLINE_SECONDS = 20.0
CHECKS_AT_ONCE_MAX = 2
# Writable memory. An ordinary project needs 130 MiB; a type bomb that may take more would only take longer.
MEMORY_BYTES_MAX = 400 * MIB
OUTPUT_BYTES_MAX = MIB
PROBLEMS_MAX = 200

_FOLDERS = ("convex", "src")
_CONFIG = "learner-tsconfig.json"
_GAVE_UP = "The types of this project take too much time or memory to check."
_DIAGNOSTIC = re.compile(r"(?:(?P<file>.+?)\((?P<line>\d+),(?P<column>\d+)\): )?error (?P<code>TS\d+): (?P<text>.*)")

_turns: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()


async def check_types(tools: Toolchain, files: Mapping[str, str]) -> tuple[Problem, ...]:
    """A Problem for every type error in the files under convex/ and src/; others are not looked at.

    The declarations in convex/_generated/ are the caller's. Lines and columns count from 1, columns in UTF-16 units.
    Raises DeployError `TypeCheckGaveUp` for types that explode, EngineError when the compiler does not do its part,
    RunnerRefused.
    """
    if tools.type_checker is None or tools.types is None:
        raise EngineError("This toolchain has no type checker", code="CompilerFailed")
    turn = _turns.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(CHECKS_AT_ONCE_MAX))
    async with turn, scratch_folder(tools.work, "types") as folder:
        await asyncio.to_thread(_write, folder, files, tools.types)
        return await _check(tools, tools.type_checker, tools.types, folder)


async def _check(tools: Toolchain, compiler: Path, types: Path, folder: Path) -> tuple[Problem, ...]:
    argv = [str(compiler.resolve()), "-p", str(folder / "tsconfig.json"), "--singleThreaded", "--pretty", "false"]
    packages = (types / "node_modules").resolve()
    compilation = _Compilation(await reader_command(tools, folder, argv, also=(packages,), data_bytes=MEMORY_BYTES_MAX))
    output = await compilation.run()
    problems = tuple(_problems(output, folder))
    # 0: nothing to complain of; 1 and 2: something; the Go runtime ends with 2 as well when its memory is used up.
    if compilation.exit_code not in (0, 1, 2) or (compilation.exit_code != 0 and not problems):
        if b"memory" in compilation.stderr or b"goroutine" in compilation.stderr:
            raise DeployError(_GAVE_UP, code="TypeCheckGaveUp")
        said = (compilation.stderr.decode(errors="replace") or output).strip()
        raise EngineError(f"The type checker ended without an answer: {said[:500]}", code="CompilerFailed")
    return problems


def _write(folder: Path, files: Mapping[str, str], types: Path) -> None:
    """The project as the compiler shall see it. Its own tsconfig.json and package.json, if any, count for nothing."""
    for path, text in files.items():
        parts = PurePosixPath(path).parts
        if parts[:1] and parts[0] in _FOLDERS and _is_plain(path, parts):
            target = folder.joinpath(*parts)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8", errors="replace")
    shutil.copyfile(types / _CONFIG, folder / "tsconfig.json")
    (folder / "node_modules").symlink_to((types / "node_modules").resolve())


def _is_plain(path: str, parts: tuple[str, ...]) -> bool:
    names_folder = any(part in ("..", "node_modules", "package.json", "tsconfig.json") for part in parts)
    return not names_folder and "\0" not in path and "\\" not in path and len(path) < 512


def _problems(output: str, folder: Path) -> Iterator[Problem]:
    """The compiler's lines; what is indented belongs to the line before."""
    found: list[tuple[str, int, int, str]] = []
    for line in output.splitlines():
        match = _DIAGNOSTIC.fullmatch(line)
        if match is not None and len(found) == PROBLEMS_MAX:
            break
        if match is not None:
            file = _named(match["file"] or "", folder)
            found.append(
                (file, int(match["line"] or 0), int(match["column"] or 0), f"{match['code']}: {match['text']}")
            )
        elif found and line.startswith(" "):
            *place, text = found[-1]
            found[-1] = (*place, f"{text}\n{line}")  # type: ignore[assignment]
    return (Problem(*each) for each in found)


def _named(file: str, folder: Path) -> str:
    """The path below the project. The compiler names files from the working directory, which is the root."""
    return file.removeprefix(f"{folder.relative_to('/')}/")


class _Compilation(Child):
    """One run of the compiler; what it prints, up to OUTPUT_BYTES_MAX."""

    def __init__(self, argv: list[str]) -> None:
        self._output = bytearray()
        self._done = asyncio.Event()
        super().__init__(argv)

    async def run(self) -> str:
        """Raises DeployError when it takes too long."""
        try:
            async with asyncio.timeout(DEADLINE_SECONDS):
                await self._done.wait()
        except TimeoutError:
            raise DeployError(_GAVE_UP, code="TypeCheckGaveUp") from None
        finally:
            self.kill()
            await self.ended()
        return self._output[:OUTPUT_BYTES_MAX].decode(errors="replace")

    def on_output(self, data: bytes) -> None:
        self._output += data
        if len(self._output) > OUTPUT_BYTES_MAX:
            self._done.set()

    def on_end(self) -> None:
        self._done.set()
