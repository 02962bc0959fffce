"""Reading what the JS process says of a project: functions, validators, schema. Learner code made it: check all of it.

Facts: docs/spec/runtime-abi.md §3. The schema's own rules are schema/definitions.py.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from typing import Any, NamedTuple, cast

from sandbox.engine import limits
from sandbox.engine.errors import DeployError, LearnerError, Problem
from sandbox.engine.runtime.call import Analysis, FunctionInfo, Visibility
from sandbox.engine.runtime.compile import CompiledProject
from sandbox.engine.runtime.frames import well_formed
from sandbox.engine.runtime.stack import frames_of, uncaught
from sandbox.engine.schema import parse_validator
from sandbox.engine.trace import FunctionKind
from sandbox.engine.values import identifier_problem

SCHEMA_ERROR = "Hit an error while evaluating your schema:\n"
_SCHEMA_DOCS = "To learn more, see the schema documentation at https://docs.convex.dev/database/schemas."
_SCHEMA_PROBLEMS = {
    "missing": f"Schema file missing default export. {_SCHEMA_DOCS}",
    "not a schema": f"Default export from schema file isn't a Convex schema. {_SCHEMA_DOCS}",
}

_CRONS_PROBLEMS = {
    "missing": "`convex/crons.js` must have a default export of a Crons object.",
    "not crons": "The default export of `convex/crons.js` is not a Crons object.",
}


_HTTP_PROBLEMS = {
    "missing": "`convex/http.js` must have a default export of a Router.",
    "not a router": "The default export of `convex/http.js` is not a Router.",
}
ROUTES_MAX = 1_000
_KIND_NAMES = {"query": "Query", "mutation": "Mutation", "http": "HttpAction"}


def parse_analysis(text: str, project: CompiledProject) -> Analysis:
    """The analysis from the runner's JSON text. Raises DeployError with the place of what is wrong."""
    try:
        if len(text) > limits.ANALYSIS_BYTES_MAX:
            raise DeployError("The project's schema and validators are too large.", code="AnalysisFailed")
        document = json.loads(text)
        places = _Places(project)
        modules = set(project.entries)
        # Others were only imported: what they export is no function of the project.
        exported = [entry for entry in document["functions"] if entry["module"] in modules]
        _refuse_too_many(exported, places)
        functions = [_function(entry, places) for entry in exported]
        schema_json = _schema_json(document["schema"], places)
        crons_json = _crons_json(document["crons"], places)
        http_routes = _http_routes(document["http"], places)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise DeployError("The project's exports could not be read.", code="AnalysisFailed") from error
    return Analysis(dict(pair for pair in functions if pair is not None), schema_json, crons_json, http_routes)


def _whole(value: Any) -> str:
    """A text that sockets, logs and a terminal can carry. Raises ValueError for one with half a surrogate pair."""
    text = str(value)
    text.encode()
    return text


def parse_node_analysis(text: str, project: CompiledProject) -> dict[str, FunctionInfo]:
    """The functions of "use node" files from their runner's JSON text. Raises DeployError unless all are actions."""
    try:
        if len(text) > limits.ANALYSIS_BYTES_MAX:
            raise DeployError("The project's validators are too large.", code="AnalysisFailed")
        document = json.loads(text)
        if "error" in document:
            error, module = document["error"], str(document["module"])
            message = f"Failed to analyze {module}.js: {error['message']}"
            raise import_error(message, str(error["stack"]), project)
        places = _Places(project)
        modules = set(project.node_entries)
        exported = [entry for entry in document["functions"] if entry["module"] in modules]
        _refuse_too_many(exported, places)
        for entry in exported:
            _refuse_unless_action(entry, places)
        return dict(pair for pair in (_function(entry, places) for entry in exported) if pair is not None)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise DeployError("The project's exports could not be read.", code="AnalysisFailed") from error


def _refuse_unless_action(entry: dict[str, Any], places: _Places) -> None:
    if entry["kind"] == "action":
        return
    module, name = str(entry["module"]), str(entry["name"])
    message = (
        f"`{name}` defined in `{module}.js` is a {_KIND_NAMES[entry['kind']]} function. Only actions can be defined in "
        "Node.js. See https://docs.convex.dev/functions/actions for more details."
    )
    raise DeployError(message, (Problem(*places.of_export(module, name), message),), code="InvalidModules")


def import_error(text: str, stack: str, project: CompiledProject, *, entry: str = "") -> DeployError:
    """The error of a module whose top level threw; of the schema's (`entry`), or what it imports, it says so."""
    text, stack = well_formed(text), well_formed(stack)
    frames = frames_of(stack, project.maps)
    start = SCHEMA_ERROR if entry == "schema" else ""
    if not frames:
        return DeployError(f"{start}Uncaught {text}", code="ImportFailed")
    place = frames[0]
    problem = Problem(place.file, place.line, place.column, f"{start}Uncaught {text}")
    return DeployError(start + uncaught(text, [str(frame) for frame in frames]), (problem,), code="ImportFailed")


def _refuse_too_many(functions: list[dict[str, Any]], places: _Places) -> None:
    if len(functions) > limits.FUNCTIONS_MAX:
        surplus = functions[limits.FUNCTIONS_MAX]
        place = places.of_export(str(surplus["module"]), str(surplus["name"]))
        message = f"A project may have up to {limits.FUNCTIONS_MAX} functions."
        raise DeployError(message, (Problem(*place, message),), code="TooManyFunctions")


def _function(entry: dict[str, Any], places: _Places) -> tuple[str, FunctionInfo] | None:
    """HTTP actions have no path and are not called by clients; they are left out."""
    module, name, kind, visibility = (_whole(entry[key]) for key in ("module", "name", "kind", "visibility"))
    if kind == "http":
        return None
    if kind not in ("query", "mutation", "action") or visibility not in ("public", "internal"):
        raise ValueError(kind)
    place = places.of_export(module, name)
    misnamed = identifier_problem(name)
    if misnamed is not None:
        message = f"Invalid function name used in `{module}.js`: {misnamed}"
        raise DeployError(message, (Problem(*place, message),), code="InvalidFunctionName")
    if not entry["callable"]:
        message = f"{module}.js:{name}.handler is not a function."
        raise DeployError(message, (Problem(*place, message),), code="InvalidModules")
    if entry["error"] is not None:
        raise _bad_validator(place, well_formed(f"Uncaught {entry['error']}"))
    args = _Validator("args", "argument validation", f"{module}.js:{name}.exportArgs()", place)
    returns = _Validator("returns", "return value validation", f"{module}.js:{name}.exportReturns()", place)
    info = FunctionInfo(
        kind=cast(FunctionKind, kind),
        visibility=cast(Visibility, visibility),
        args=args.read_object(entry["args"]),
        returns=None if entry["returns"] == "null" else returns.read(entry["returns"]),
        file=place[0],
        line=place[1],
    )
    return f"{module}:{name}", info


class _Validator(NamedTuple):
    """A function's validator for its arguments or its result, and how errors speak of it."""

    kind: str
    topic: str
    origin: str
    place: _Place

    def read(self, text: str) -> Any:
        """The validator as JSON, once it is certain that it is one: calls must not be the first to find out."""
        try:
            document = json.loads(text)
            parse_validator(document)
            _whole(json.dumps(document, ensure_ascii=False))
        except (ValueError, RecursionError):
            raise self._refused("The function's validator is not JSON") from None
        except LearnerError as error:
            message = f"Error in {self.kind} validator: {error.message}"
            docs = f"See https://docs.convex.dev/functions/validation for docs on how to do {self.topic}."
            raise self._refused(f"{message}\n{docs}") from None
        return document

    def read_object(self, text: str) -> Any:
        document = self.read(text)
        if document["type"] not in ("object", "any"):
            raise self._refused("Args validator must be an object or any")
        return document

    def _refused(self, message: str) -> DeployError:
        return _bad_validator(self.place, f"Invalid JSON returned from {self.origin}: {message}")


def _bad_validator(place: _Place, message: str) -> DeployError:
    return DeployError(message, (Problem(*place, message),), code="InvalidValidator")


def _schema_json(schema: dict[str, Any] | None, places: _Places) -> str | None:
    if schema is None:
        return None
    if "json" in schema:
        return _whole(schema["json"])
    problem = schema["error"]
    message = SCHEMA_ERROR + (_SCHEMA_PROBLEMS.get(problem) or well_formed(f"Uncaught {schema['text']}"))
    raise DeployError(
        message,
        (Problem(*places.of_export("schema", "default"), message),),
        code="InvalidSchema",
    )


def _crons_json(crons: dict[str, Any] | None, places: _Places) -> str | None:
    if crons is None:
        return None
    if "json" in crons:
        return _whole(crons["json"])
    message = _CRONS_PROBLEMS.get(crons["error"]) or well_formed(f"Uncaught {crons['text']}")
    raise DeployError(message, (Problem(*places.of_export("crons", "default"), message),), code="InvalidCrons")


def _http_routes(http: dict[str, Any] | None, places: _Places) -> tuple[tuple[str, str], ...] | None:
    if http is None:
        return None
    if "routes" in http:
        if len(http["routes"]) > ROUTES_MAX:
            message = f"A project may have up to {ROUTES_MAX} HTTP routes."
            raise DeployError(message, (Problem(*places.of_export("http", "default"), message),), code="InvalidHttp")
        return tuple((_whole(path), _whole(method)) for path, method in http["routes"])
    message = _HTTP_PROBLEMS.get(http["error"]) or well_formed(f"Uncaught {http['text']}")
    raise DeployError(message, (Problem(*places.of_export("http", "default"), message),), code="InvalidHttp")


# esbuild writes `name: () => local` for every export, and declarations of a module's top level start a line.
_EXPORT = re.compile(r"^  (?:([\w$]+)|\"([^\"\n]+)\"): \(\) => ([\w$]+),?$", re.MULTILINE)
_DECLARATION = re.compile(r"^(?:var|let|const|class|async function|function|function\*) ([\w$]+)", re.MULTILINE)

_Place = tuple[str, int, int]
"""File, line and column."""


class _Places:
    """Where exports are declared. Each script is searched once: a module may have tens of thousands of exports."""

    def __init__(self, project: CompiledProject) -> None:
        self._project = project
        self._modules: dict[str, _Module] = {}

    def of_export(self, module: str, name: str) -> _Place:
        """Line and column are 1 when the declaration is not found."""
        source_map = self._project.maps[module]
        if module not in self._modules:
            self._modules[module] = _Module(self._project.scripts[module])
        compiled = self._modules[module].declaration(name)
        place = None if compiled is None else source_map.locate(*compiled)
        return place or (source_map.source, 1, 1)


class _Module:
    def __init__(self, script: str) -> None:
        exports = reversed(_EXPORT.findall(script))  # the first of a name counts, as in a search
        self._locals = {plain or quoted: local for plain, quoted, local in exports}
        self._offsets: dict[str, int] = {}
        for declared in _DECLARATION.finditer(script):
            self._offsets.setdefault(declared[1], declared.start(1))
        self._line_ends = [match.start() for match in re.finditer("\n", script)]

    def declaration(self, name: str) -> tuple[int, int] | None:
        """Line and column of the compiled text, from 1."""
        offset = self._offsets.get(self._locals.get(name, name))
        if offset is None:
            return None
        line = bisect_right(self._line_ends, offset)
        start = self._line_ends[line - 1] + 1 if line else 0
        return line + 1, offset - start + 1
