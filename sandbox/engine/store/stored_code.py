"""The code that is live, kept in the store: whoever takes a snapshot learns with it which code belongs to it.

The store knows of code no more than its text and the commit that made it live. Code, schema and the rows that come
with them are one commit (schema_push.py); loading the code is live_code.py's part. Why: docs/decisions/0006.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from sandbox.engine.errors import NewerCodeIsLive, PushOvertaken
from sandbox.engine.store.commit_log import Timestamp
from sandbox.engine.store.transaction import Transaction

_FIND_TS = "SELECT value FROM meta WHERE name = 'code_ts'"
_FIND = "SELECT name, value FROM meta WHERE name IN ('code_ts', 'project', 'environment')"
_PUT = "INSERT OR REPLACE INTO meta VALUES (?, ?)"


@dataclass(frozen=True, slots=True)
class Project:
    """All files of a deployed project by path, and the number under which it was deployed."""

    revision: int
    files: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class StoredCode:
    """`ts` is the commit that last changed project or environment; 0 where nothing was deployed yet."""

    ts: Timestamp
    project: Project | None
    environment: Mapping[str, str]


async def _no_rows(transaction: Transaction) -> None:
    pass


@dataclass(frozen=True, slots=True)
class CodePush:
    """What goes live in one commit with a schema. What is None stays as it is.

    `based_on` is the `ts` of the code under which the push was prepared; where other code is live by the time of the
    commit, the push raises PushOvertaken. `write_rows` writes the rows that belong to the code; it may be called
    again. With `unless_newer` the push raises NewerCodeIsLive where a project with a higher revision is live.
    """

    project: Project | None = None
    environment: Mapping[str, str] | None = None
    based_on: Timestamp | None = None
    write_rows: Callable[[Transaction], Awaitable[None]] = field(default=_no_rows)
    unless_newer: bool = False


def code_ts_of(connection: sqlite3.Connection) -> Timestamp:
    """The commit that last changed project or environment."""
    row = connection.execute(_FIND_TS).fetchone()
    return Timestamp(0 if row is None else row[0])


def read_code(connection: sqlite3.Connection) -> StoredCode:
    found = dict(connection.execute(_FIND))
    project = Project(**json.loads(found["project"])) if "project" in found else None
    return StoredCode(Timestamp(found.get("code_ts", 0)), project, json.loads(found.get("environment", "{}")))


def write_code(connection: sqlite3.Connection, push: CodePush, ts: Timestamp) -> None:
    """Inside the write transaction of the commit `ts`. Raises NewerCodeIsLive, PushOvertaken."""
    if push.project is not None:
        live = read_code(connection).project
        if push.unless_newer and live is not None and live.revision > push.project.revision:
            raise NewerCodeIsLive(f"Revision {live.revision} is live, which is newer than {push.project.revision}")
        text = json.dumps({"revision": push.project.revision, "files": dict(push.project.files)})
        connection.execute(_PUT, ("project", text))
    if push.based_on not in (None, code_ts_of(connection)):
        raise PushOvertaken("Other code or other variables went live in another process")
    if push.environment is not None:
        connection.execute(_PUT, ("environment", json.dumps(dict(push.environment))))
    connection.execute(_PUT, ("code_ts", ts))
