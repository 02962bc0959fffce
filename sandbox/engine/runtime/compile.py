"""A learner's project as scripts for the JS process: one CommonJS text and one source map per module.

Nothing is bundled here: imports stay calls of `require`, which the realm answers (js/prelude.js). A project that was
bundled before (bundle.py) brings a map beside each file, "convex/notes.js.map". `_generated/*` is ours
whatever the learner sent (docs/spec/codegen.md §2). What the modules export is found out by JsHost.load.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sandbox.engine.errors import DeployError, Problem
from sandbox.engine.runtime.bundle import source_of
from sandbox.engine.runtime.entry_points import refuse_invalid_module, runs_in_node
from sandbox.engine.runtime.esbuild import SourceFile, transform
from sandbox.engine.runtime.import_names import missing_names, reachable
from sandbox.engine.runtime.node_imports import node_imports
from sandbox.engine.runtime.source_map import SourceMap
from sandbox.engine.runtime.toolchain import Toolchain

FUNCTIONS_FOLDER = "convex/"
SHARED_FOLDER = "_deps/"
_LOADERS = {"ts": "ts", "mts": "ts", "cts": "ts", "tsx": "tsx", "js": "js", "mjs": "js", "cjs": "js", "jsx": "jsx"}

GENERATED = {
    "_generated/api": """const { anyApi, componentsGeneric } = require("convex/server");
Object.defineProperty(exports, "__esModule", { value: true });
exports.api = anyApi;
exports.internal = anyApi;
exports.components = componentsGeneric();
""",
    "_generated/server": """const server = require("convex/server");
Object.defineProperty(exports, "__esModule", { value: true });
exports.query = server.queryGeneric;
exports.internalQuery = server.internalQueryGeneric;
exports.mutation = server.mutationGeneric;
exports.internalMutation = server.internalMutationGeneric;
exports.action = server.actionGeneric;
exports.internalAction = server.internalActionGeneric;
exports.httpAction = server.httpActionGeneric;
exports.env = process.env;
""",
    "_generated/dataModel": "",
}


# What esbuild makes of import(), and what the realm has instead, as long as that: the same namespace every time. The
# process of `"use node"` files has a `require` of its own.
_IMPORTED = "Promise.resolve().then(() => __toESM(require("
_IMPORTED_ONCE = "Promise.resolve().then(() => require.space_(("


@dataclass(frozen=True, slots=True)
class CompiledProject:
    """Keys are module paths under convex/ without extension: "signups", "schema", "_generated/api"."""

    scripts: dict[str, str]
    maps: dict[str, SourceMap]
    node: frozenset[str] = frozenset()
    """The modules of files with "use node"."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """What `process.env` shows while its modules load and its functions run."""

    def load_command(self, now_ms: float, seed: int) -> dict[str, Any]:
        """What a runner of realms has to know of the project (js/realms.js)."""
        modules = reachable(self.scripts.keys() - self.node, self.scripts) if self.node else list(self.scripts)
        maps = {path: source_map.texts for path, source_map in self.maps.items() if path in modules}
        return self._load_command(modules, self.entries, maps, now_ms, seed)

    def node_load_command(self, entries: Sequence[str]) -> dict[str, Any]:
        """The same for a process of "use node" actions, which evaluates `entries` at once (js/node_runner.js)."""
        return self._load_command(reachable(entries, self.scripts), entries, {}, 0.0, 0)

    def scripts_for(self, module: str) -> list[tuple[str, str]]:
        """The module and all that it imports."""
        return [(path, self.scripts[path]) for path in reachable([module], self.scripts)]

    def _load_command(
        self, modules: Iterable[str], entries: Sequence[str], maps: dict[str, Any], now_ms: float, seed: int
    ) -> dict[str, Any]:
        return {
            "do": "load",
            "scripts": [(module, self.scripts[module]) for module in modules],
            "maps": maps,
            "entries": entries,
            "environment": json.dumps(dict(self.environment)),
            "nowMs": now_ms,
            "seed": seed,
        }

    @property
    def entries(self) -> list[str]:
        """The modules of realms whose exports count as functions, and the schema, which is evaluated first."""
        modules = sorted(path for path in self.maps if _is_entry(path) and path not in self.node)
        return ["schema", *modules] if "schema" in self.maps else modules

    @property
    def node_entries(self) -> list[str]:
        """The modules of "use node" files whose exports count as functions."""
        return sorted(path for path in self.node if _is_entry(path))


async def compile_project(files: Mapping[str, str], tools: Toolchain) -> CompiledProject:
    """Compiles the files under convex/; others are not looked at.

    Raises DeployError with one Problem for each syntax error, each import of what no module exports, and each of Node's
    modules outside of a "use node" file: the file's full path, line and column from 1.
    """
    sources = {path: file for path, file in map(_module, sorted(files.items())) if path is not None}
    transformed = await transform(tools.esbuild, list(sources.values()))
    problems = tuple(
        _in_source(problem, files.get(f"{problem.file}.map")) for result in transformed for problem in result.problems
    )
    if problems:
        raise DeployError(_summary(problems), problems, code="SyntaxError")
    scripts = {path: result.code for path, result in zip(sources, transformed, strict=True)}
    maps = {
        path: SourceMap(source_of(file.path, files), result.map_json, files.get(f"{file.path}.map"))
        for (path, file), result in zip(sources.items(), transformed, strict=True)
    }
    scripts |= GENERATED
    node = frozenset(path for path, file in sources.items() if file.is_node)
    # In what was bundled, whatever must be there was found: the rest are attempts whose failure is provided for.
    texts = {path: (file.path, file.text) for path, file in sources.items() if f"{file.path}.map" not in files}
    problems = tuple(node_imports(sorted(texts.keys() - node), scripts, texts))
    if problems:
        raise DeployError(_summary(problems), problems, code="BundleFailed")
    problems = missing_names(scripts, maps, {path: file.text for path, file in sources.items()})
    if problems:
        raise DeployError(_summary(problems), problems, code="MissingExport")
    once = {path: text.replace(_IMPORTED, _IMPORTED_ONCE) for path, text in scripts.items() if path not in node}
    return CompiledProject(scripts | once, maps, node)


def _module(item: tuple[str, str]) -> tuple[str | None, SourceFile]:
    """Module path (None for a file that is no module) and what esbuild shall compile."""
    path, text = item
    bare, _, extension = path.removeprefix(FUNCTIONS_FOLDER).rpartition(".")
    loader = _LOADERS.get(extension)
    is_module = path.startswith(FUNCTIONS_FOLDER) and loader is not None and not bare.endswith(".d")
    if not is_module or bare.startswith("_generated/"):
        return None, SourceFile(path, "", text)
    refuse_invalid_module(bare, path)
    if not _is_unicode(text):
        message = "This file is not valid Unicode: it holds half of a surrogate pair."
        raise DeployError(message, (Problem(path, 0, 0, message),), code="InvalidText")
    is_node = runs_in_node(bare, path.removeprefix(FUNCTIONS_FOLDER), path, text)
    return bare, SourceFile(path, loader or "", text, is_node)


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _is_entry(path: str) -> bool:
    """Source: docs/spec/codegen.md §1. A schema in any folder is no function module, nor is a name with two dots."""
    name = path.rpartition("/")[2]
    return name != "schema" and "." not in name and not path.startswith(SHARED_FOLDER)


def _in_source(problem: Problem, bundle_map: str | None) -> Problem:
    """What esbuild finds in the text of a bundle lies in one of the files that the bundle was made of."""
    place = None if bundle_map is None else SourceMap.of_bundle(bundle_map, problem.line, problem.column)
    return problem if place is None else Problem(*place, problem.message)


def _summary(problems: tuple[Problem, ...]) -> str:
    return "\n".join(f"{problem.file}:{problem.line}:{problem.column}: {problem.message}" for problem in problems)
