"""Imports of names that a module does not export: an error at deploy, as when a bundler joins the modules.

Modules are compiled one by one, so esbuild cannot see it; a call of such a name would fail only when it happens.
Names that may be types are let pass: TypeScript erases them, and a re-export does not tell which it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from sandbox.engine.errors import Problem
from sandbox.engine.runtime.source_map import SourceMap

# How esbuild writes what an ES module imports, uses, exports, and exports again.
_IMPORT = re.compile(r'^var (import_\w+) = (?:__toESM\()?require\("([^"\n]+)"\)', re.MULTILINE)
_USE = re.compile(r"\b(import_\w+)\.([A-Za-z_$][\w$]*)")
_GETTER = re.compile(r'^  (?:[\w$]+|"[^"\n]+"): \(\) => import_\w+\.[\w$]+,?$', re.MULTILINE)
_EXPORT = re.compile(r'^  (?:([\w$]+)|"([^"\n]+)"): \(\) => ', re.MULTILINE)
_STAR = re.compile(r'^__reExport\(\w+, require\("([^"\n]+)"\)', re.MULTILINE)
_ES_MODULE = "module.exports = __toCommonJS("
_GENERATED_EXPORT = re.compile(r"^exports\.(\w+) = ", re.MULTILINE)
_REQUIRE = re.compile(r"""\brequire(?:\.space_\()?\(["'](\.[^"'\n]+)["']\)""")
# What a learner writes: an import that is not one of types alone.
_CLAUSE = r"\bimport\s+(?!type\b[^,{]*[{*\w])([^;'\"]*?)\s*\bfrom\s*(?:'%s'|\"%s\")"
_EXTENSION = re.compile(r"\.[mc]?[jt]sx?$")


def missing_names(
    scripts: Mapping[str, str], maps: Mapping[str, SourceMap], sources: Mapping[str, str]
) -> tuple[Problem, ...]:
    """A Problem for each name. `scripts` and `maps` are by module path, `sources` the learner's texts likewise."""
    modules = _Modules(scripts)
    problems = (
        problem
        for module in sorted(maps)
        for problem in _missing(module, scripts[module], sources[module], modules, maps)
    )
    return tuple(problems)


def reachable(modules: Iterable[str], scripts: Mapping[str, str]) -> list[str]:
    """These modules and all that they import, one through another, in the order of `scripts`."""
    resolver = _Modules(scripts)
    found: set[str] = set()
    waiting = list(modules)
    while waiting:
        module = waiting.pop()
        if module not in found:
            found.add(module)
            imported = (resolver.resolve(specifier, module) for specifier in _REQUIRE.findall(scripts[module]))
            waiting += [target for target in imported if target is not None]
    return [module for module in scripts if module in found]


def _missing(
    module: str, script: str, source: str, modules: _Modules, maps: Mapping[str, SourceMap]
) -> Iterator[Problem]:
    imported = dict(_IMPORT.findall(script))
    if not imported:
        return
    uses = dict.fromkeys(_USE.findall(_GETTER.sub("", script)))
    for local, name in uses:
        specifier = imported.get(local)
        target = None if specifier is None else modules.resolve(specifier, module)
        exported = None if target is None else modules.exports_of(target)
        if specifier is None or target is None or exported is None or name in exported:
            continue
        place = _place(source, specifier, name)
        if place is not None:
            shown = maps[target].source if target in maps else f"convex/{target}.js"
            message = f'No matching export in "{shown}" for import "{name}"'
            yield Problem(maps[module].source, *place, message)


class _Modules:
    """The project's modules: how specifiers find them, and what they export."""

    def __init__(self, scripts: Mapping[str, str]) -> None:
        self._scripts = scripts
        self._exports: dict[str, set[str] | None] = {}

    def resolve(self, specifier: str, importer: str) -> str | None:
        """The module path, as js/prelude.js finds it; None for a package."""
        if not specifier.startswith(("./", "../")):
            return None
        steps = importer.split("/")[:-1]
        for step in specifier.split("/"):
            if step == "..":
                if not steps:
                    return None
                steps.pop()
            elif step != ".":
                steps.append(step)
        path = "/".join(steps)
        candidates = (path, _EXTENSION.sub("", path), f"{path}/index")
        return next((candidate for candidate in candidates if candidate in self._scripts), None)

    def exports_of(self, module: str) -> set[str] | None:
        """Its names; None where they cannot be known: CommonJS, or everything of a package exported again."""
        if module not in self._exports:
            self._exports[module] = set()  # modules may export each other
            self._exports[module] = self._read_exports(module)
        return self._exports[module]

    def _read_exports(self, module: str) -> set[str] | None:
        script = self._scripts[module]
        if module.startswith("_generated/"):
            return set(_GENERATED_EXPORT.findall(script))
        if _ES_MODULE not in script:
            return None
        names = {plain or quoted for plain, quoted in _EXPORT.findall(script)}
        for specifier in _STAR.findall(script):
            target = self.resolve(specifier, module)
            more = None if target is None else self.exports_of(target)
            if more is None:
                return None
            names |= more - {"default"}
        return names


def _place(source: str, specifier: str, name: str) -> tuple[int, int] | None:
    """Line and column, from 1, of the name in the import that brings it; None when no import names it."""
    quoted = re.escape(specifier)
    item = r"^\s*([\w$]+)\s*(?:,|$)" if name == "default" else rf"[{{,]\s*({re.escape(name)})\s*(?:,|\}}|\sas\s)"
    for clause in re.finditer(_CLAUSE % (quoted, quoted), source):
        found = re.search(item, clause[1])
        if found is None and name == "default":
            found = re.search(r"[{,]\s*(default)\s+as\s", clause[1])
        if found is not None:
            at = clause.start(1) + found.start(1)
            before = source[:at]
            return before.count("\n") + 1, at - before.rfind("\n")
    return None
