"""A whole project folder to modules that stand alone, as `npx convex deploy` makes them (docs/spec/codegen.md §4).

esbuild follows the imports from the entry modules: into the folder's own files, wherever they lie, and into its
node_modules. It runs behind the launcher and can read the folder only. `convex/server` and `convex/values` stay
imports, which the realm answers; `_generated/*` is ours whatever the folder holds. Code that several modules share
becomes files of its own under `_deps/`.
"""

from __future__ import annotations

import asyncio
import json
import os
import posixpath
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from sandbox.engine.errors import DeployError, EngineError, Problem
from sandbox.engine.limits import MIB
from sandbox.engine.runtime.child import Child
from sandbox.engine.runtime.entry_points import (
    find_entry_points,
    has_use_node,
    one_of,
    read_text,
)
from sandbox.engine.runtime.esbuild import problem_of, version_of
from sandbox.engine.runtime.esbuild_packets import PacketReader, pack, unpack
from sandbox.engine.runtime.hardening import reader_command
from sandbox.engine.runtime.node_imports import USE_NODE_HINT
from sandbox.engine.runtime.toolchain import Toolchain
from sandbox.engine.runtime.unresolved import explained

DEADLINE_SECONDS = 60.0
OUTPUT_BYTES_MAX = 64 * MIB
CHUNKS_FOLDER = "_deps"
SOURCES_FOLDER = "sources/"
_SHOWN = ("schema", "crons")
_OUT = "out"
_USE_NODE = '"use node"; '  # no line of its own: maps count lines
_NEEDS_NODE = "Are you trying to bundle for node?"
_FLAGS = (
    "--bundle",
    "--splitting",
    "--format=esm",
    "--target=esnext",
    "--jsx=automatic",
    "--keep-names",
    "--tree-shaking=true",
    "--conditions=convex,module",
    '--define:process.env.NODE_ENV="production"',
    "--sourcemap=external",
    "--sources-content=false",
    "--metafile",
    "--log-level=silent",
    "--log-limit=20",
    "--color=false",
)

Platform = Literal["browser", "node"]
"""The realm of queries, mutations and actions; or the process of `"use node"` files."""


@dataclass(frozen=True, slots=True)
class Bundle:
    """`files` has the text of each output ("convex/notes.js") and of its map ("convex/notes.js.map"), and the schema
    and the crons as they were written ("sources/convex/schema.ts"), so that what is wrong in them can be pointed at.

    The maps' sources, and `inputs`, are paths below the project's root ("convex/notes.ts", "node_modules/zod/…"). The
    last source of a module's map is the file that it was made of.
    """

    files: dict[str, str]
    inputs: tuple[str, ...]


async def bundle_project(tools: Toolchain, root: Path, functions: Path) -> Bundle:
    """The project in `root` whose modules are those of its folder `functions`; neither path has a link in it.

    Raises as `bundle` does.
    """
    entries = find_entry_points(root, functions)
    isolate = await bundle(tools, root, entries.isolate, "browser")
    node = await bundle(tools, root, entries.node, "node")
    files = isolate.files | {path: _marked(path, text) for path, text in node.files.items()}
    for written in (entries.isolate[module] for module in _SHOWN if module in entries.isolate):
        files[f"{SOURCES_FOLDER}{written}"] = read_text(root / written, written)
    return Bundle(files, (*isolate.inputs, *node.inputs))


async def bundle_config(
    tools: Toolchain, root: Path, functions: Path, module: Literal["auth.config", "convex.config"]
) -> Bundle | None:
    """That module alone, which is none of the project's functions. None when there is no such file."""
    file = one_of(root, functions, (f"{module}.ts", f"{module}.js"))
    return None if file is None else await bundle(tools, root, {module: file}, "browser")


def _marked(path: str, text: str) -> str:
    """Entry modules keep their directive; what they share has to say by itself where it runs."""
    return text if path.endswith(".map") or has_use_node(text) else _USE_NODE + text


async def bundle(tools: Toolchain, root: Path, entries: Mapping[str, str], platform: Platform) -> Bundle:
    """Bundles the files of `entries` (module path → path below `root`). `root` has no link in it.

    Raises DeployError with a Problem for each error, EngineError when esbuild does not do its part, RunnerRefused.
    """
    if not entries:
        return Bundle({}, ())
    version = await version_of(tools.esbuild)
    argv = [str(tools.esbuild), f"--service={version}"]
    service = _Bundler(await reader_command(tools, root, argv))
    answer = await service.build(_request(root, entries, platform))
    if "error" in answer:
        raise EngineError(f"esbuild refused its options: {answer['error']}", code="CompilerFailed")
    problems = [_problem(message, platform) for message in answer["errors"]]
    if problems:
        # Without a file, esbuild only says once more which folder it could not look into.
        placed = [explained(problem, root) for problem in problems if problem.file]
        raise _refusal(tuple(placed or problems))
    inputs = _inputs(json.loads(answer["metafile"]))
    return Bundle(dict(_output(root, file, entries) for file in answer["outputFiles"]), inputs)


def written_module(module: str, files: Mapping[str, str]) -> tuple[str, str]:
    """Path and text of schema or crons as their author has them, for the files of a lesson and those of a Bundle."""
    is_wanted = re.compile(rf"(?:{SOURCES_FOLDER}.*/|convex/){module}\.[cm]?[jt]sx?").fullmatch
    found = max(filter(is_wanted, files), default=f"convex/{module}.ts")  # "sources/…" comes behind "convex/…"
    return found.removeprefix(SOURCES_FOLDER), files.get(found, "")


def source_of(path: str, files: Mapping[str, str]) -> str:
    """The author's file that a module was made of: the last source of its map, where it has one."""
    sources = json.loads(files[f"{path}.map"])["sources"] if f"{path}.map" in files else []
    return str(sources[-1]) if sources else path


def _request(root: Path, entries: Mapping[str, str], platform: Platform) -> dict[str, Any]:
    chunks = CHUNKS_FOLDER if platform == "browser" else f"{CHUNKS_FOLDER}/node"
    flags = [*_FLAGS, f"--platform={platform}", f"--outdir={root / _OUT}", f"--chunk-names={chunks}/[hash]"]
    return {
        "command": "build",
        "key": 0,
        "entries": [[module, str(root / path)] for module, path in entries.items()],
        "flags": flags,
        "write": False,
        "stdinContents": None,
        "stdinResolveDir": None,
        "absWorkingDir": str(root),
        "nodePaths": [],
        "context": False,
        "plugins": [_plugin(platform)],
    }


def _refusal(problems: tuple[Problem, ...]) -> DeployError:
    text = "\n".join(f"{problem.file}:{problem.line}:{problem.column}: {problem.message}" for problem in problems)
    return DeployError(text, problems, code="BundleFailed")


def _problem(message: dict[str, Any], platform: Platform) -> Problem:
    problem = problem_of(message, "")
    notes = [note["text"] for note in message["notes"]]
    if platform == "browser" and any(_NEEDS_NODE in note for note in notes):
        return Problem(problem.file, problem.line, problem.column, f"{problem.message}\n{USE_NODE_HINT}")
    return problem


def _inputs(metafile: dict[str, Any]) -> tuple[str, ...]:
    """The files that were read. One outside of the root refuses the deploy, though Landlock refused it before."""
    inputs = [path for path in metafile["inputs"] if not path.startswith(f"{_NAMESPACE}:") and "(disabled)" not in path]
    outside = [path for path in inputs if path.startswith("../") or os.path.isabs(path)]
    if outside:
        raise _refusal(
            tuple(Problem(path, 0, 0, "This file lies outside of the project's folder.") for path in outside)
        )
    return tuple(inputs)


def _output(root: Path, file: dict[str, Any], entries: Mapping[str, str]) -> tuple[str, str]:
    path = Path(file["path"]).relative_to(root / _OUT).as_posix()
    text = bytes(file["contents"]).decode()
    if path.endswith(".map"):
        text = _map_from_root(path, text, entries.get(path.removesuffix(".js.map")))
    return f"convex/{path}", text


def _map_from_root(path: str, text: str, entry: str | None) -> str:
    """The map with its sources named from the root; esbuild names them from the folder of the output.

    A module all of whose code is shared has no code of its own, and so its own file is no source to esbuild.
    """
    document = json.loads(text)
    folder = posixpath.dirname(posixpath.join(_OUT, path))
    document["sources"] = [posixpath.normpath(posixpath.join(folder, source)) for source in document["sources"]]
    if entry is not None and document["sources"][-1:] != [entry]:
        document["sources"].append(entry)
    return json.dumps(document, separators=(",", ":"))


# ── what esbuild asks while it builds: our plugin ───────────────────────────

_NAMESPACE = "sandbox"
_RESOLVE, _LOAD = 0, 1
_GENERATED = re.compile(r"(?:^|[/\\])_generated[/\\](api|server|dataModel)(?:\.[cm]?[jt]sx?|\.d\.ts)?$")
_ASYNC_HOOKS = re.compile(r"^(?:node:)?async_hooks$")
_PROVIDED = {"convex/server", "convex/values"}
_SOURCES = {
    "api": """import { anyApi, componentsGeneric } from "convex/server";
export const api = anyApi;
export const internal = anyApi;
export const components = componentsGeneric();
""",
    "server": """export { queryGeneric as query, internalQueryGeneric as internalQuery, mutationGeneric as mutation,
  internalMutationGeneric as internalMutation, actionGeneric as action, internalActionGeneric as internalAction,
  httpActionGeneric as httpAction } from "convex/server";
export const env = process.env;
""",
    "dataModel": "export {};\n",
    # A marker that only means something to React's bundlers.
    "server-only": "export {};\n",
    "async-hooks": """export const { AsyncLocalStorage, AsyncResource } = globalThis;
export default { AsyncLocalStorage, AsyncResource };
""",
}


def _plugin(platform: Platform) -> dict[str, Any]:
    wanted = [r"^convex/(server|values)$", r"^server-only$", _GENERATED.pattern.replace("?:", "")]
    if platform == "browser":
        wanted.append(_ASYNC_HOOKS.pattern.replace("?:", ""))
    return {
        "name": _NAMESPACE,
        "onStart": False,
        "onEnd": False,
        "onResolve": [{"id": _RESOLVE, "filter": "|".join(wanted), "namespace": ""}],
        "onLoad": [{"id": _LOAD, "filter": ".*", "namespace": _NAMESPACE}],
    }


def _answer(request: dict[str, Any]) -> dict[str, Any]:
    match request["command"]:
        case "on-resolve":
            return _resolved(request["path"], request["importer"])
        case "on-load":
            return {"id": _LOAD, "contents": _SOURCES[request["path"]].encode(), "loader": "js"}
        case "on-start":
            return {"errors": [], "warnings": []}
    return {}


def _resolved(path: str, importer: str) -> dict[str, Any]:
    """An empty answer leaves the path to esbuild: a package has `_generated` files of its own."""
    if path in _PROVIDED:
        return {"id": _RESOLVE, "path": path, "external": True}
    if path == "server-only":
        return {"id": _RESOLVE, "path": path, "namespace": _NAMESPACE}
    if _ASYNC_HOOKS.match(path):
        return {"id": _RESOLVE, "path": "async-hooks", "namespace": _NAMESPACE}
    generated = _GENERATED.search(path)
    if generated is None or "/node_modules/" in importer:
        return {}
    return {"id": _RESOLVE, "path": generated[1], "namespace": _NAMESPACE, "sideEffects": False}


class _Bundler(Child):
    """One build: answers what esbuild asks until its own answer is there."""

    _BUILD = 0

    def __init__(self, argv: Sequence[str]) -> None:
        self._reader = PacketReader()
        self._received = 0
        self._greeted = False
        self._result: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        super().__init__(argv)

    async def build(self, request: dict[str, Any]) -> dict[str, Any]:
        self.write(pack(self._BUILD, request))
        try:
            async with asyncio.timeout(DEADLINE_SECONDS):
                return await self._result
        except TimeoutError:
            raise DeployError("The project took too long to bundle.", code="CompilerGaveUp") from None
        finally:
            self.kill()
            await self.ended()

    def on_output(self, data: bytes) -> None:
        self._received += len(data)
        if self._received > OUTPUT_BYTES_MAX:
            self._fail(DeployError("The bundled project is too large (limit: 64 MiB).", code="CompilerGaveUp"))
            return
        for packet in self._reader.feed(data):
            self._take(packet)

    def _take(self, packet: bytes) -> None:
        if not self._greeted:  # the first packet is the version
            self._greeted = True
            return
        number, is_answer, value = unpack(packet)
        if not is_answer:
            self.write(pack(number, _answer(value), is_answer=True))
        elif number == self._BUILD and not self._result.done():
            self._result.set_result(value)

    def on_end(self) -> None:
        said = self.stderr.decode(errors="replace").strip()
        self._fail(EngineError(f"esbuild ended before it had an answer. {said}", code="CompilerFailed"))

    def _fail(self, error: EngineError) -> None:
        if not self._result.done():
            self._result.set_exception(error)
