"""TypeScript to CommonJS through esbuild's native binary: one process per deploy, all files over its stdin.

Only the transform service is used. It reads no file at all, neither imports nor source maps that a comment names,
so learner code cannot make it read the server's disk; bundling would (docs/architecture.md).
A small file can ask for endless work (an enum whose members double each other), so time, memory and output are bounded:
by what an ordinary project takes, and more for each byte of one that brings its packages along.
"""

from __future__ import annotations

import asyncio
import contextlib
import resource
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.engine.errors import DeployError, EngineError, Problem
from sandbox.engine.limits import MIB
from sandbox.engine.runtime.child import Child
from sandbox.engine.runtime.esbuild_packets import PacketReader, pack, unpack

DEADLINE_SECONDS = 5.0
START_SECONDS = 20.0
# The largest project that a lesson saves comes to about 3 MiB with its maps.
OUTPUT_BYTES_MAX = 16 * MIB
# Writable memory; an ordinary project needs 60 MiB. Go gives up at a stack of 1 GiB, which is too late here.
MEMORY_BYTES_MAX = 512 * MIB
SECONDS_PER_MIB = 1.0
OUTPUT_PER_BYTE = 4
MEMORY_PER_BYTE = 64
_FLAGS = (
    "--format=cjs",
    "--platform=neutral",
    "--target=es2022",
    # import() must never reach V8: it becomes a call of the realm's own require.
    "--supported:dynamic-import=false",
    "--sourcemap=external",
    "--sources-content=false",
    '--define:process.env.NODE_ENV="production"',
    "--tsconfig-raw={}",
    "--log-level=silent",
    "--log-limit=20",
)
# What CommonJS does not have; js/node_runner.js gives every module these names.
_NODE_FLAGS = (
    "--define:import.meta.url=__moduleUrl",
    "--define:import.meta.filename=__filename",
    "--define:import.meta.dirname=__dirname",
)
# How esbuild says what Convex says in other words (docs/spec/runtime-abi.md §3).
_TOP_LEVEL_AWAIT = "Top-level await is currently not supported"


@dataclass(frozen=True, slots=True)
class SourceFile:
    """`path` is what messages and maps call it; `loader` is ts, tsx, js or jsx; `is_node` says where it runs."""

    path: str
    loader: str
    text: str
    is_node: bool = False


@dataclass(frozen=True, slots=True)
class Transformed:
    """Either the compiled text and its map, or the problems that prevent it."""

    code: str
    map_json: str
    problems: tuple[Problem, ...]


_versions: dict[Path, str] = {}


async def transform(esbuild: Path, files: Sequence[SourceFile]) -> list[Transformed]:
    """Compiles every file, in order.

    Raises DeployError for a file that takes more time, memory or output than a compiler may spend on it, EngineError
    when the binary does not do its part.
    """
    if not files:
        return []
    version = await version_of(esbuild)
    requests = b"".join(pack(number, _request(file)) for number, file in enumerate(files))
    service = _Service([str(esbuild), f"--service={version}"], len(requests))
    service.write(requests)
    packets = await service.collect(len(files) + 1, DEADLINE_SECONDS + SECONDS_PER_MIB * len(requests) / MIB)
    if not packets:
        raise EngineError("esbuild did not start", code="CompilerFailed")
    unpacked = map(unpack, packets[1:])  # the first one is the version
    answers = {number: answer for number, _, answer in unpacked}
    for number, file in enumerate(files):
        if number not in answers:
            raise _given_up(file)
    return [_transformed(file, answers[number]) for number, file in enumerate(files)]


def _given_up(file: SourceFile) -> DeployError:
    message = "The compiler gave up on this file: it is nested too deeply, or what it makes of it is too large."
    return DeployError(f"{file.path}: {message}", (Problem(file.path, 0, 0, message),), code="CompilerGaveUp")


async def version_of(esbuild: Path) -> str:
    """The version of the binary, which `--service` wants to be told."""
    if esbuild not in _versions:
        service = _Service([str(esbuild), "--version"])
        await service.collect(None, START_SECONDS)
        _versions[esbuild] = bytes(service.output).decode().strip()
    return _versions[esbuild]


class _Service(Child):
    """Collects packets until the wanted number is there, the process ends, or a bound is passed."""

    def __init__(self, argv: Sequence[str], input_bytes: int = 0) -> None:
        self.output = bytearray()
        self._output_bytes_max = OUTPUT_BYTES_MAX + OUTPUT_PER_BYTE * input_bytes
        self._wanted: int | None = None
        self._packets: list[bytes] = []
        self._reader = PacketReader()
        self._done = asyncio.Event()
        super().__init__(argv)
        bound_memory(self.pid, MEMORY_BYTES_MAX + MEMORY_PER_BYTE * input_bytes)

    async def collect(self, wanted: int | None, seconds: float) -> list[bytes]:
        """The whole packets that came, at most `wanted`; with None the output is only gathered, to its end."""
        self._wanted = wanted
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._done.wait()
        # It drops work in progress when its stdin ends, so stdin stays open until every answer is there.
        self.kill()
        await self.ended()
        return self._packets

    def on_output(self, data: bytes) -> None:
        self.output += data
        if self._wanted is not None and not self._done.is_set():
            self._packets += self._reader.feed(data)
            if len(self._packets) >= self._wanted:
                self._done.set()
        if len(self.output) > self._output_bytes_max:
            self._done.set()
            self.kill()

    def on_end(self) -> None:
        self._done.set()


def bound_memory(pid: int, bytes_max: int) -> None:
    """From outside, and before it has read anything: no launcher, which would take longer than the whole transform."""
    if sys.platform == "linux":
        with contextlib.suppress(ProcessLookupError):
            resource.prlimit(pid, resource.RLIMIT_DATA, (bytes_max, bytes_max))


def _request(file: SourceFile) -> dict[str, Any]:
    flags = [*_FLAGS, *(_NODE_FLAGS if file.is_node else ()), f"--loader={file.loader}", f"--sourcefile={file.path}"]
    return {"command": "transform", "flags": flags, "inputFS": False, "input": file.text.encode()}


def _transformed(file: SourceFile, answer: dict[str, Any]) -> Transformed:
    if "error" in answer:
        raise EngineError(f"esbuild refused its options: {answer['error']}", code="CompilerFailed")
    problems = tuple(problem_of(message, file.path) for message in answer["errors"])
    return Transformed(_text(answer["code"]), _text(answer["map"]), problems)


def problem_of(message: dict[str, Any], file: str) -> Problem:
    """An error as esbuild tells it; `file` is blamed when it names none."""
    location, text = message["location"], message["text"]
    if text.startswith(_TOP_LEVEL_AWAIT):
        text = "Top-level awaits in source files are unsupported"
    if location is None:
        return Problem(file, 0, 0, text)
    # esbuild counts columns in bytes from 0, everybody else here in UTF-16 units from 1.
    before = location["lineText"].encode()[: location["column"]].decode(errors="ignore")
    return Problem(location["file"], location["line"], len(before.encode("utf-16-le")) // 2 + 1, text)


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value
