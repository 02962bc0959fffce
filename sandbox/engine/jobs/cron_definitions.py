"""What crons.ts exports, checked: which function runs when, under which name.

Learner code made it, so nothing of it is trusted. Facts and texts: docs/spec/runtime-abi.md §3 ("crons.ts").
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.engine import limits, values
from sandbox.engine.errors import DeployError, LearnerError, Problem
from sandbox.engine.jobs.cron_schedule import CronSchedule
from sandbox.engine.runtime.bundle import written_module
from sandbox.engine.runtime.call import FunctionInfo
from sandbox.engine.values import Value


class CronError(DeployError):
    """Crons that cannot go live. `identifier` names the job at fault, "" when the export as a whole is."""

    def __init__(self, message: str, identifier: str = "") -> None:
        super().__init__(message, code="InvalidCron")
        self.identifier = identifier


@dataclass(frozen=True, slots=True)
class CronDefinition:
    """One cron job of the current code. `name` is the function as Convex prints it, "m.js:f"."""

    identifier: str
    name: str
    args: list[Value]
    schedule_json: dict[str, Any]
    schedule: CronSchedule


def parse_crons(text: str | None, functions: Mapping[str, FunctionInfo]) -> dict[str, CronDefinition]:
    """The definitions by identifier; none where there is no crons.ts. Raises CronError."""
    if text is None:
        return {}
    try:
        exported = json.loads(text)
    except (ValueError, RecursionError):
        exported = None
    if not isinstance(exported, dict):
        raise CronError("Invalid JSON")
    if len(exported) > limits.CRON_JOBS_MAX:
        raise CronError(f"A project may have up to {limits.CRON_JOBS_MAX} cron jobs.")
    return {identifier: _definition(identifier, exported[identifier], functions) for identifier in sorted(exported)}


def place_in_crons(error: CronError, files: Mapping[str, str]) -> Problem:
    """Where crons.ts names the job at fault."""
    file, text = written_module("crons", files)
    quoted = (json.dumps(error.identifier), f"'{error.identifier}'") if error.identifier else ()
    start = min((place for place in map(text.find, quoted) if place >= 0), default=0)
    before = text[:start]
    return Problem(file, before.count("\n") + 1, start - before.rfind("\n"), error.message)


def _definition(identifier: str, document: Any, functions: Mapping[str, FunctionInfo]) -> CronDefinition:
    for character in identifier:
        if not " " <= character <= "~":
            raise CronError(
                f"CronIdentifier {identifier} has invalid character '{character}': CronIdentifiers can only contain "
                "ASCII characters that are not control characters",
                identifier,
            )
    name = document.get("name") if isinstance(document, dict) else None
    if not isinstance(name, str):
        raise CronError("Invalid JSON", identifier)
    try:
        args = values.decode(document.get("args"))
        schedule = CronSchedule.parse(document.get("schedule"))
    except (LearnerError, ValueError) as error:
        message = error.message if isinstance(error, LearnerError) else "Invalid JSON"
        raise CronError(message, identifier) from None
    if (
        not isinstance(args, list)
        or [type(each) for each in args] != [dict]
        or values.size_of(args) > limits.ARGUMENT_BYTES_MAX
    ):
        raise CronError("Invalid JSON", identifier)
    return CronDefinition(identifier, _target(identifier, name, functions), args, document["schedule"], schedule)


def _target(identifier: str, path: str, functions: Mapping[str, FunctionInfo]) -> str:
    module, _, function = path.partition(":")
    module, function = module.removesuffix(".js"), function or "default"
    name = f"{module}.js:{function}"
    found = functions.get(f"{module}:{function}")
    if found is None:
        raise CronError(f"The cron job '{identifier}' schedules a function that does not exist: {name}", identifier)
    if found.kind == "query":
        raise CronError(
            f"The cron job '{identifier}' schedules a query function, only actions and mutations can be scheduled: "
            f"{name}",
            identifier,
        )
    return name
