"""TypeScript to CommonJS through esbuild's native binary: one process per deploy, all files over its stdin.

Only the transform service is used. It reads no file at all, neither imports nor source maps that a comment names,
so learner code cannot make it read the server's disk; bundling would (docs/architecture.md).
The framing is that of esbuild's own JavaScript host: packets of a length and a tagged value, little-endian.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.engine.errors import EngineError, Problem
from sandbox.engine.runtime.child import Child

DEADLINE_SECONDS = 20.0
_UINT32 = struct.Struct("<I")
_FLAGS = (
    "--format=cjs",
    "--platform=neutral",
    "--target=es2022",
    # import() must never reach V8: it becomes a call of the realm's own require.
    "--supported:dynamic-import=false",
    "--sourcemap=external",
    "--sources-content=false",
    "--tsconfig-raw={}",
    "--log-level=silent",
    "--log-limit=20",
)


@dataclass(frozen=True, slots=True)
class SourceFile:
    """`path` is what messages and maps call it; `loader` is ts, tsx, js or jsx."""

    path: str
    loader: str
    text: str


@dataclass(frozen=True, slots=True)
class Transformed:
    """Either the compiled text and its map, or the problems that prevent it."""

    code: str
    map_json: str
    problems: tuple[Problem, ...]


_versions: dict[Path, str] = {}


async def transform(esbuild: Path, files: Sequence[SourceFile]) -> list[Transformed]:
    """Compiles every file, in order. Raises EngineError when the binary does not do its part."""
    if not files:
        return []
    version = await _version(esbuild)
    requests = b"".join(_packet(number, _request(file)) for number, file in enumerate(files))
    output = await _run(esbuild, f"--service={version}", stdin=requests, answers=len(files))
    answers = dict(_unpack(packet) for packet in _packets(output)[1:])  # the first one is the version
    try:
        return [_transformed(file, answers[number]) for number, file in enumerate(files)]
    except KeyError as missing:
        raise EngineError("esbuild ended without an answer", code="CompilerFailed") from missing


async def _version(esbuild: Path) -> str:
    if esbuild not in _versions:
        _versions[esbuild] = (await _run(esbuild, "--version", stdin=b"", answers=0)).decode().strip()
    return _versions[esbuild]


class _Service(Child):
    """Collects output until the wanted number of answers is there, or the process ends."""

    def __init__(self, argv: Sequence[str], answers: int) -> None:
        self._answers = answers
        self.output = b""
        self.done = asyncio.Event()
        super().__init__(argv)

    def on_output(self, data: bytes) -> None:
        self.output += data
        # The service's first packet is its version.
        if self._answers and len(_packets(self.output)) > self._answers:
            self.done.set()

    def on_end(self) -> None:
        self.done.set()


async def _run(esbuild: Path, argument: str, *, stdin: bytes, answers: int) -> bytes:
    """The output: so many answers and the version packet before them, or for 0 answers everything."""
    service = _Service([str(esbuild), argument], answers)
    try:
        service.write(stdin)
        async with asyncio.timeout(DEADLINE_SECONDS):
            await service.done.wait()
    except TimeoutError:
        raise EngineError("esbuild did not answer in time", code="CompilerFailed") from None
    finally:
        # It drops work in progress when its stdin ends, so stdin stays open until every answer is there.
        service.kill()
        await service.ended()
    return service.output


def _request(file: SourceFile) -> dict[str, Any]:
    flags = [*_FLAGS, f"--loader={file.loader}", f"--sourcefile={file.path}"]
    return {"command": "transform", "flags": flags, "inputFS": False, "input": file.text.encode()}


def _transformed(file: SourceFile, answer: dict[str, Any]) -> Transformed:
    if "error" in answer:
        raise EngineError(f"esbuild refused its options: {answer['error']}", code="CompilerFailed")
    problems = tuple(_problem(file, message) for message in answer["errors"])
    return Transformed(_text(answer["code"]), _text(answer["map"]), problems)


def _problem(file: SourceFile, message: dict[str, Any]) -> Problem:
    location = message["location"]
    if location is None:
        return Problem(file.path, 0, 0, message["text"])
    # esbuild counts columns in bytes from 0, everybody else here in UTF-16 units from 1.
    before = location["lineText"].encode()[: location["column"]].decode(errors="ignore")
    return Problem(file.path, location["line"], len(before.encode("utf-16-le")) // 2 + 1, message["text"])


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value


# --- packets


def _packet(number: int, value: dict[str, Any]) -> bytes:
    body = _UINT32.pack(number << 1) + _pack(value)
    return _UINT32.pack(len(body)) + body


def _pack(value: Any) -> bytes:
    match value:
        case bool():
            return bytes((1, value))
        case str():
            return b"\x03" + _sized(value.encode())
        case bytes():
            return b"\x04" + _sized(value)
        case list():
            return b"\x05" + _UINT32.pack(len(value)) + b"".join(map(_pack, value))
        case dict():
            pairs = (_sized(key.encode()) + _pack(inner) for key, inner in value.items())
            return b"\x06" + _UINT32.pack(len(value)) + b"".join(pairs)
    raise TypeError(f"not for esbuild: {value!r}")


def _sized(raw: bytes) -> bytes:
    return _UINT32.pack(len(raw)) + raw


def _packets(output: bytes) -> list[bytes]:
    """The whole packets at the start of the output."""
    packets: list[bytes] = []
    at = 0
    while at + 4 <= len(output):
        (length,) = _UINT32.unpack_from(output, at)
        if at + 4 + length > len(output):
            break
        packets.append(output[at + 4 : at + 4 + length])
        at += 4 + length
    return packets


def _unpack(packet: bytes) -> tuple[int, dict[str, Any]]:
    (number,) = _UINT32.unpack_from(packet)
    value, _ = _unpack_value(packet, 4)
    return number >> 1, value


def _unpack_value(packet: bytes, at: int) -> tuple[Any, int]:
    tag = packet[at]
    at += 1
    match tag:
        case 0:
            return None, at
        case 1:
            return packet[at] != 0, at + 1
        case 2:
            return _UINT32.unpack_from(packet, at)[0], at + 4
        case 3 | 4:
            raw, at = _unpack_sized(packet, at)
            return (raw.decode() if tag == 3 else raw), at
        case 5:
            return _unpack_list(packet, at)
        case 6:
            return _unpack_object(packet, at)
    raise EngineError(f"esbuild sent a value of unknown type {tag}", code="CompilerFailed")


def _unpack_sized(packet: bytes, at: int) -> tuple[bytes, int]:
    (length,) = _UINT32.unpack_from(packet, at)
    return packet[at + 4 : at + 4 + length], at + 4 + length


def _unpack_list(packet: bytes, at: int) -> tuple[list[Any], int]:
    (count,) = _UINT32.unpack_from(packet, at)
    at += 4
    items: list[Any] = []
    for _ in range(count):
        item, at = _unpack_value(packet, at)
        items.append(item)
    return items, at


def _unpack_object(packet: bytes, at: int) -> tuple[dict[str, Any], int]:
    (count,) = _UINT32.unpack_from(packet, at)
    at += 4
    pairs: dict[str, Any] = {}
    for _ in range(count):
        key, at = _unpack_sized(packet, at)
        pairs[key.decode()], at = _unpack_value(packet, at)
    return pairs, at
