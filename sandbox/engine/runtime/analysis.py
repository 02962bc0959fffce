"""Reading what the JS process says of a project: functions, validators, schema. Learner code made it: check all of it.

Facts: docs/spec/runtime-abi.md §3. The schema's own rules are schema/definitions.py.
"""

from __future__ import annotations

import json
import re
from typing import Any, cast

from sandbox.engine.errors import DeployError, Problem
from sandbox.engine.runtime.call import Analysis, FunctionInfo, Visibility
from sandbox.engine.runtime.compile import CompiledProject
from sandbox.engine.runtime.stack import frames_of, uncaught
from sandbox.engine.trace import FunctionKind

_SCHEMA_PROBLEMS = {
    "missing": "Schema file missing default export. Add `export default defineSchema({ ... })`.",
    "not a schema": "Default export from schema file isn't a Convex schema. Export the result of `defineSchema()`.",
}


def parse_analysis(text: str, project: CompiledProject) -> Analysis:
    """The analysis from the runner's JSON text. Raises DeployError with the place of what is wrong."""
    try:
        document = json.loads(text)
        functions = [_function(entry, project) for entry in document["functions"]]
        schema_json = _schema_json(document["schema"], project)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise DeployError("The project's exports could not be read.", code="AnalysisFailed") from error
    return Analysis(dict(pair for pair in functions if pair is not None), schema_json)


def import_error(text: str, stack: str, project: CompiledProject) -> DeployError:
    """The error of a module whose top level threw."""
    frames = frames_of(stack, project.maps)
    if not frames:
        return DeployError(f"Uncaught {text}", code="ImportFailed")
    place = frames[0]
    problem = Problem(place.file, place.line, place.column, f"Uncaught {text}")
    return DeployError(uncaught(text, frames), (problem,), code="ImportFailed")


def _function(entry: dict[str, Any], project: CompiledProject) -> tuple[str, FunctionInfo] | None:
    """HTTP actions have no path and are not called by clients; they are left out."""
    module, name, kind, visibility = (str(entry[key]) for key in ("module", "name", "kind", "visibility"))
    if kind == "http":
        return None
    if kind not in ("query", "mutation", "action") or visibility not in ("public", "internal"):
        raise ValueError(kind)
    file, line, column = place_of_export(project, module, name)
    if entry["error"] is not None:
        message = f"Uncaught {entry['error']}"
        raise DeployError(message, (Problem(file, line, column, message),), code="InvalidValidator")
    info = FunctionInfo(
        kind=cast(FunctionKind, kind),
        visibility=cast(Visibility, visibility),
        args=json.loads(entry["args"]),
        returns=json.loads(entry["returns"]),
        file=file,
        line=line,
    )
    return f"{module}:{name}", info


def _schema_json(schema: dict[str, Any] | None, project: CompiledProject) -> str | None:
    if schema is None:
        return None
    if "json" in schema:
        return str(schema["json"])
    problem = schema["error"]
    file, line, column = place_of_export(project, "schema", "default")
    message = _SCHEMA_PROBLEMS.get(problem) or f"Uncaught {schema['text']}"
    raise DeployError(
        f"Hit an error while evaluating your schema:\n{message}",
        (Problem(file, line, column, message),),
        code="InvalidSchema",
    )


def place_of_export(project: CompiledProject, module: str, name: str) -> tuple[str, int, int]:
    """File, line and column where an export is declared; line and column are 1 when the declaration is not found.

    esbuild writes `name: () => local` for every export, and declarations of a module's top level start a line.
    """
    source_map = project.maps[module]
    script = project.scripts[module]
    exported = re.search(rf"^  (?:{re.escape(name)}|\"{re.escape(name)}\"): \(\) => ([\w$]+),?$", script, re.MULTILINE)
    local = exported[1] if exported else name
    declared = re.search(
        rf"^(?:var|let|const|class|async function|function|function\*) ({re.escape(local)})(?![\w$])",
        script,
        re.MULTILINE,
    )
    if declared is None:
        return source_map.source, 1, 1
    line = script.count("\n", 0, declared.start()) + 1
    position = source_map.position(line, declared.start(1) - declared.start() + 1) or (1, 1)
    return source_map.source, *position
