"""What goes into one run of a learner's function and what comes out of it, and what a deploy learns of a project."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any, Literal

from sandbox.engine.errors import LearnerError
from sandbox.engine.trace import FunctionKind

Visibility = Literal["public", "internal"]


@dataclass(frozen=True, slots=True)
class FunctionInfo:
    """One exported function. `args` and `returns` are parsed validator JSON (runtime-abi.md §3); `returns` may be None.

    `file` is the learner's file ("convex/signups.ts"), `line` that of the export, from 1; 0 when it is not known.
    """

    kind: FunctionKind
    visibility: Visibility
    args: Any
    returns: Any
    file: str
    line: int


@dataclass(frozen=True, slots=True)
class Analysis:
    """`functions` by path ("signups:create"); `schema_json` is the schema's export, None without a schema file.

    `crons_json` is the export of crons.ts, None without one; jobs/cron_definitions.py reads it. `http_routes` are the
    routes of http.ts as (path, method), None without one.
    """

    functions: dict[str, FunctionInfo]
    schema_json: str | None
    crons_json: str | None = None
    http_routes: tuple[tuple[str, str], ...] | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """`args_json` is the JSON text of an array with one object; `seed` starts Math.random; `now_ms` is Date.now().

    `snapshot_ts` is what the call reads, in nanoseconds.
    """

    kind: FunctionKind
    path: str
    args_json: str
    now_ms: float
    seed: int
    table_numbers: dict[str, int]
    snapshot_ts: int = 0
    steps: bool = False
    """Whether each operation tells where learner code asked for it."""

    @property
    def about(self) -> dict[str, Any]:
        """What a realm is told of the call besides its arguments (js/prelude.js)."""
        steps = {"steps": True} if self.steps else {}
        return steps | {
            "kind": self.kind,
            "path": self.path,
            "nowMs": self.now_ms,
            "seed": self.seed,
            "tables": self.table_numbers,
            "snapshotTs": base64.b64encode(self.snapshot_ts.to_bytes(8, "little")).decode(),
        }


@dataclass(frozen=True, slots=True)
class CallResult:
    """Exactly one of `value_json` and `error` is set. `value_json` is JSON text, but nothing more is promised of it."""

    ok: bool
    value_json: str | None
    error: LearnerError | None
    log_lines: tuple[str, ...]
    total_ms: float
    unawaited: tuple[str, ...] = ()
    """What the function asked for and did not wait for; a line of the log tells of it already."""
