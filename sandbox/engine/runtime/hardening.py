"""How learner code is walled in by the operating system: which layers this machine has, and the command that uses them.

Launcher and layers: launcher.py. Rules for refusing: learner code never runs as uid 0, and only behind Landlock or
another uid than the server's, unless the operator asked for less with `--unsafe-runner` (Toolchain.allow_unhardened).
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import shutil
import stat
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from glob import glob
from pathlib import Path
from typing import Any

from sandbox.engine.errors import EngineError, RunnerRefused
from sandbox.engine.limits import MIB
from sandbox.engine.runtime.channel import LineChannel
from sandbox.engine.runtime.toolchain import Toolchain

PROBE_SECONDS = 30.0
HEAP_MIB = 96
NODE_HEAP_MIB = 192
# What a process may allocate on top of what it takes at start: the heap, and array buffers, which the heap flag does
# not count. V8 reserves about 550 MiB of address space at start, so the limit can only be found by measuring.
MEMORY_BYTES = 192 * MIB
_PROBE_DATA_BYTES = 4096 * MIB
_READER_DATA_BYTES = 2048 * MIB

_LAUNCHER = Path(__file__).with_name("launcher.py")
_RUNNER = Path(__file__).parent / "js" / "runner.js"
# The programs of JS processes and what they import.
_NODE_RUNNER_FILES = ("bodies", "builtins", "deno", "http", "operations", "os", "process", "runner", "stacks", "world")
_RUNNER_FILES = (
    *("runner.js", "action_runner.js", "host_lines.js", "realms.js", "ciphers.js", "source_maps.js"),
    *(f"node_{name}.js" for name in _NODE_RUNNER_FILES),
)
NODE_RUNNER = "node_runner.js"
_LINUX_STEPS = ("rlimits", "oom", "uid", "parent_death", "no_new_privileges", "landlock", "seccomp")
_OTHER_STEPS = ("rlimits", "uid")
_RLIMITS = {"CORE": 0, "FSIZE": 0, "NOFILE": 128}
_LIBRARIES = ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/etc/ld.so.cache", "/etc/ld.so.preload")
_DEVICES = ("/dev/null", "/dev/urandom", "/dev/zero")
_LOADERS = ("/lib*/ld-linux*", "/lib*/*/ld-linux*", "/lib*/ld-musl*")
_ENVIRONMENT = {"TZ": "UTC", "NO_COLOR": "1", "DENO_DIR": "/nonexistent", "DENO_NO_UPDATE_CHECK": "1"}
# Without code from strings the outer realm is a poor place to escape to (js/runner.js).
_V8_FLAGS = f"--max-old-space-size={HEAP_MIB},--disallow-code-generation-from-strings"
_NODE_V8_FLAGS = f"--max-old-space-size={NODE_HEAP_MIB}"
_DENO_FLAGS = ("--no-prompt", "--no-config", "--no-npm", "--no-remote", "--cached-only", "--no-code-cache")


@dataclass(frozen=True, slots=True)
class HardeningReport:
    """Which layers hold here. `layers` has a line for each that was tried: name, whether it holds, and a detail."""

    layers: tuple[tuple[str, bool, str], ...]
    runs_as_root: bool
    deno: Path
    """The binary that is started: the toolchain's own, or a copy that the unprivileged uid can reach."""
    runner: Path
    data_bytes: int
    """The limit of data memory (RLIMIT_DATA) that its processes get."""

    def holds(self, name: str) -> bool:
        return any(layer == name and succeeded for layer, succeeded, _ in self.layers)

    @property
    def is_walled(self) -> bool:
        """Whether the file system and the server's own process are out of reach of learner code."""
        return not self.runs_as_root and (self.holds("landlock") or self.holds("uid"))

    @property
    def steps(self) -> tuple[str, ...]:
        return tuple(name for name, succeeded, _ in self.layers if succeeded)

    def __str__(self) -> str:
        return "\n".join(f"{name}: {'on' if ok else 'OFF'} ({detail})" for name, ok, detail in self.layers)


_reports: dict[tuple[Path, Path], HardeningReport] = {}


async def probe(tools: Toolchain) -> HardeningReport:
    """Tries every layer once in this process's life, by starting Deno behind all of them. Raises EngineError."""
    key = (tools.deno, tools.work)
    if key not in _reports:
        deno, runner = await asyncio.to_thread(_reachable_files, tools)
        _reports[key] = await _try_layers(deno, runner)
    return _reports[key]


async def command(tools: Toolchain, program: str = "runner.js") -> list[str]:
    """The command line of a JS process that runs one of js/'s programs.

    Raises RunnerRefused where the walls that learner code needs are missing.
    """
    report = await probe(tools)
    if report.runs_as_root:
        raise RunnerRefused("Learner code does not run as root. Start the server as another user.")
    if not report.is_walled and not tools.allow_unhardened:
        raise RunnerRefused(
            "This system offers neither Landlock nor a change of user, so learner code could read what the server can. "
            f"Use --unsafe-runner only if every learner may. Layers:\n{report}"
        )
    more_bytes = (NODE_HEAP_MIB - HEAP_MIB) * MIB if program == NODE_RUNNER else 0
    return _command(report.deno, report.runner.with_name(program), report.steps, report.data_bytes + more_bytes)


async def reader_command(
    tools: Toolchain,
    folder: Path,
    argv: list[str],
    *,
    also: Sequence[Path] = (),
    data_bytes: int = _READER_DATA_BYTES,
) -> list[str]:
    """The command line of a tool that may read `folder` (and `also`) and nothing else of the disk, nor use the network.

    It runs as this account, because a project may lie where no other account can go: the wall is Landlock alone.
    Raises RunnerRefused where there is none.
    """
    report = await probe(tools)
    if not report.holds("landlock") and not tools.allow_unhardened:
        raise RunnerRefused(
            "This system does not offer Landlock, so a project's imports could read any file that this account can. "
            "Use --unsafe-runner only for projects that you trust."
        )
    options = {
        "steps": [step for step in report.steps if step != "uid"],
        "report": False,
        "parent": os.getpid(),
        "rlimits": {"CORE": 0, "FSIZE": 0, "NOFILE": 1024, "DATA": data_bytes},
        "environment": {},
        "read": [*_DEVICES, str(folder), *map(str, also)],
        "execute": [argv[0]],
    }
    return [sys.executable, "-I", "-S", str(_LAUNCHER), json.dumps(options), "--", *argv]


# ── inside ──────────────────────────────────────────────────────────────────


async def _try_layers(deno: Path, runner: Path) -> HardeningReport:
    steps = _LINUX_STEPS if sys.platform == "linux" else _OTHER_STEPS
    argv = _command(deno, runner, steps, _PROBE_DATA_BYTES, report=True)
    channel = LineChannel(argv)
    try:
        channel.write(b'{"do":"hello","run":"probe"}\n')
        await channel.read_line(PROBE_SECONDS)
        data_bytes = _data_bytes(channel.pid) + MEMORY_BYTES
    except EngineError as error:
        raise EngineError(
            f"Deno does not start: {channel.stderr.decode(errors='replace')}", code="DenoFailed"
        ) from error
    finally:
        channel.kill()
        await channel.ended()
    lines: dict[str, list[Any]] = json.loads(channel.stderr.splitlines()[0])
    layers = tuple((name, bool(succeeded), str(detail)) for name, (succeeded, detail) in lines.items())
    is_root = os.geteuid() == 0 and not lines["uid"][0]
    return HardeningReport(layers, is_root, deno, runner, data_bytes)


def _data_bytes(pid: int) -> int:
    """Writable private memory of a process, as RLIMIT_DATA counts it; a wide guess where the system does not tell."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 1024 * MIB
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmData:")), 1024 * MIB)


def _command(deno: Path, runner: Path, steps: tuple[str, ...], data_bytes: int, *, report: bool = False) -> list[str]:
    options = {
        "steps": steps,
        "report": report,
        "parent": os.getpid(),
        "rlimits": {**_RLIMITS, "DATA": data_bytes},
        "environment": _ENVIRONMENT,
        "read": [*_LIBRARIES, *_DEVICES, str(runner), *(str(runner.with_name(name)) for name in _RUNNER_FILES)],
        "execute": [str(deno), *(path for pattern in _LOADERS for path in glob(pattern))],
    }
    launch = [sys.executable, "-I", "-S", str(_LAUNCHER), json.dumps(options), "--"]
    v8_flags = _NODE_V8_FLAGS if runner.name == NODE_RUNNER else _V8_FLAGS
    return [*launch, str(deno), "run", *_DENO_FLAGS, f"--v8-flags={v8_flags}", str(runner)]


def _reachable_files(tools: Toolchain) -> tuple[Path, Path]:
    """Deno and the runner where the uid that will run them can open them; copies if need be."""
    deno, runner = tools.deno.resolve(), _RUNNER.resolve()
    sources = [runner.with_name(name) for name in _RUNNER_FILES]
    if os.geteuid() != 0 or all(_is_reachable(path) for path in (deno, *sources)):
        return deno, runner
    folder = _public_folder(tools.work)
    return _copy(deno, folder, 0o755), _copy_runners(sources, folder) / runner.name


def _is_reachable(path: Path) -> bool:
    """Whether everybody may open it: read it, and pass through every folder above."""
    is_open = all(parent.stat().st_mode & stat.S_IXOTH for parent in path.parents)
    return is_open and bool(path.stat().st_mode & stat.S_IROTH)


def _public_folder(work: Path) -> Path:
    for parent in (work, Path(tempfile.gettempdir())):
        folder = parent / f"reactive-sandbox-{os.geteuid()}"
        folder.mkdir(mode=0o755, parents=True, exist_ok=True)
        owner = folder.lstat()
        # In a folder that all may write to, the name could have been taken by somebody else.
        if owner.st_uid == os.geteuid() and stat.S_ISDIR(owner.st_mode):
            folder.chmod(0o755)
            if all(above.stat().st_mode & stat.S_IXOTH for above in (folder, *folder.resolve().parents)):
                return folder
    raise RunnerRefused("There is no folder from which an unprivileged user could start Deno")


def _copy_runners(sources: list[Path], folder: Path) -> Path:
    """A folder of their own, named by what they hold: they import each other by name."""
    texts = {source.name: source.read_bytes() for source in sources}
    digest = hashlib.sha256(b"\0".join(texts.values())).hexdigest()[:16]
    target = folder / f"runners-{digest}"
    if not target.exists():
        unfinished = folder / f".{target.name}.{os.getpid()}"
        unfinished.mkdir(mode=0o755, exist_ok=True)
        for name, text in texts.items():
            (unfinished / name).write_bytes(text)
            (unfinished / name).chmod(0o644)
        unfinished.chmod(0o755)
        try:
            unfinished.rename(target)
        except OSError:  # another server was first
            shutil.rmtree(unfinished)
    return target


def _copy(source: Path, folder: Path, mode: int) -> Path:
    original = source.stat()
    target = folder / f"{source.name}-{original.st_size}-{original.st_mtime_ns}{source.suffix}"
    if not target.exists():
        unfinished = folder / f".{target.name}.{os.getpid()}"
        shutil.copyfile(source, unfinished)
        unfinished.chmod(mode)
        unfinished.replace(target)
    return target
