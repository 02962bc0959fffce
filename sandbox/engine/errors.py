"""The engine's error tree.

EngineError
├── LearnerError          a mistake in learner code, arguments or stored rows: shown on the page as a value
│   ├── DeployError       a project that cannot go live; carries the places
│   ├── LimitExceeded     a documented limit was passed
│   └── FunctionTimedOut  the call was stopped by its deadline
├── Conflict              an optimistic commit lost; the caller runs again
│   └── CodeChanged       because other code or another schema went live: it runs again on that
├── AlreadyCommitted      this very request was committed before: its recorded answer is the answer
├── NewerCodeIsLive       a deploy came too late: a later revision went live before it
├── PushOvertaken         other code went live since a push was prepared: it is to be prepared anew
├── LogTruncated          the commit log no longer reaches the asked timestamp
├── ProtocolError         a client broke the sync protocol: answered with FatalError
├── StoreUnavailable      a store's file cannot be read or written: full disk, read-only folder, damage
├── RetriableError        the server cannot serve now: the socket closes with a reason and the client comes back
└── RunnerRefused         the hardening that learner code needs is not in force

Anything else that is raised is a bug of ours: it is logged with its trace and never shown.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Problem:
    """One place in a project that keeps it from going live. Lines and columns count from 1; 0 means unknown."""

    file: str
    line: int
    column: int
    message: str


class EngineError(Exception):
    """An error with a stable code. Tests compare the code, people read the message."""

    code = "EngineError"

    def __init__(self, message: str, *, code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        if code is not None:
            self.code = code


class LearnerError(EngineError):
    """A learner's mistake. `data` is the Convex-encoded JSON value of a ConvexError, or `NO_DATA`."""

    code = "LearnerError"

    def __init__(self, message: str, *, code: str | None = None, data: Any = None, has_data: bool = False) -> None:
        super().__init__(message, code=code)
        self.data = data
        self.has_data = has_data


class DeployError(LearnerError):
    code = "DeployError"

    def __init__(self, message: str, problems: tuple[Problem, ...] = (), *, code: str | None = None) -> None:
        super().__init__(message, code=code)
        self.problems = problems


class LimitExceeded(LearnerError):
    code = "LimitExceeded"


class FunctionTimedOut(LearnerError):
    code = "FunctionTimedOut"


CONFLICT_CODE = "OptimisticConcurrencyControlFailure"
"""Of the LearnerError that a mutation ends with that has lost every race."""
BUSY_CODE = "Busy"
"""Of one that could not be run now."""


class Conflict(EngineError):
    """A commit since the begin timestamp overlapped the read set (or wrote a document this transaction writes).

    `document_id` is a document that it wrote and `writer` the path of the function that did, where they are known.
    """

    code = "Conflict"

    def __init__(self, table: str, commit_ts: int, document_id: str | None = None, writer: str | None = None) -> None:
        super().__init__(
            f'Documents read from or written to the "{table}" table changed while this mutation was being run'
        )
        self.table = table
        self.commit_ts = commit_ts
        self.document_id = document_id
        self.writer = writer


class CodeChanged(Conflict):
    """The run used code, a schema or indexes that are no longer in force."""

    code = "CodeChanged"


class NewerCodeIsLive(EngineError):
    code = "NewerCodeIsLive"


class PushOvertaken(EngineError):
    code = "PushOvertaken"


class AlreadyCommitted(EngineError):
    """A request that is asked again (sync-protocol.md §4 rule 7), with the answer that was recorded at its commit."""

    code = "AlreadyCommitted"

    def __init__(self, ts: int, value_json: str, log_lines: tuple[str, ...]) -> None:
        super().__init__("This request was committed before")
        self.ts = ts
        self.value_json = value_json
        self.log_lines = log_lines


class LogTruncated(EngineError):
    code = "LogTruncated"


class StoreUnavailable(EngineError):
    """Codes: StoreFull, StoreReadOnly, StoreUnreadable, StoreCorrupt, StoreBusy, StoreFormat.

    The message is for everybody; what the system said is the `__cause__`, for the log.
    """

    code = "StoreUnavailable"


class ProtocolError(EngineError):
    code = "ProtocolError"


class RetriableError(EngineError):
    code = "InternalServerError"


class RunnerRefused(EngineError):
    code = "RunnerRefused"
