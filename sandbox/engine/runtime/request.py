"""Who asks for a run of a function, and what the run came to."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from sandbox.engine.errors import LearnerError
from sandbox.engine.store import ReadSet, Timestamp
from sandbox.engine.trace import RunNote

Identity = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class RequestMetadata:
    """What `ctx.meta.getRequestMetadata()` tells of the request that a function runs for; None where there is none."""

    ip: str | None = None
    user_agent: str | None = None
    request_id: str | None = None
    scheduled_function_id: str | None = None
    auth_token: str | None = None

    def to_json(self) -> dict[str, str | None]:
        """With the names of the library (runtime-abi.md §2)."""
        words = ((name.split("_"), value) for name, value in asdict(self).items())
        return {first + "".join(map(str.capitalize, rest)): value for (first, *rest), value in words}


@dataclass(frozen=True, slots=True)
class Request:
    """Who asks. `identity` is what `ctx.auth.getUserIdentity()` returns; `writer` names the client in the panels."""

    path: str
    args_json: str
    """JSON text of an array with one object."""
    identity: Identity | None = None
    writer: str | None = None
    internal: bool = False
    """Whether functions that are not public may be called: for the engine itself (scheduler, actions)."""
    job_id: str | None = None
    """The scheduled job that this call is, or that called it: when that is canceled, what it schedules is, too."""
    journal: str | None = None
    """What an earlier run of this query said of its page; the client keeps it (sync-protocol.md §4 rule 9)."""
    is_admin: bool = False
    """Holds the admin key: may call everything, `_system/…` too."""
    metadata: RequestMetadata = RequestMetadata()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one call came to. Exactly one of `value_json` and `error` is set."""

    value_json: str | None
    error: LearnerError | None
    log_lines: tuple[str, ...]
    ts: Timestamp
    read_set: ReadSet
    identity_was_read: bool
    note: RunNote = field(repr=False)
    journal: str | None = None
    """To be given back with the next request for the same query; None when it did not paginate."""
    time_was_read: bool = False
    """Whether the result depends on the time of day, so that it grows old by itself."""

    @property
    def ok(self) -> bool:
        return self.error is None

    @property
    def value(self) -> Any:
        """The returned value as parsed JSON (Convex-encoded)."""
        return None if self.value_json is None else json.loads(self.value_json)
