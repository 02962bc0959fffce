"""The classic missing `await`: what a function asked for and did not wait for.

Convex executes such operations of queries and mutations all the same, and says nothing; those of an action may be lost,
and it warns. Here every function warns, in Convex's words, because a missing `await` hides errors and orders.
Source of the text: docs/spec/semantics.md §6.
"""

from __future__ import annotations

from collections.abc import Iterable

_MORE = "https://docs.convex.dev/functions/actions#dangling-promises"
# Operations of the database, named as the learner wrote them; others are named as Convex does.
_METHODS = {
    "get": "db.get",
    "stream/next": "db.query",
    "queryStreamNext": "db.query",
    "queryPage": "db.query",
    "count": "db.query",
    "insert": "db.insert",
    "shallowMerge": "db.patch",
    "replace": "db.replace",
    "remove": "db.delete",
    "runUdf": "runMutation or runQuery",
}


def names_of(operations: Iterable[str]) -> tuple[str, ...]:
    """What the learner knows the operations by: "1.0/insert" is "db.insert", "1.0/actions/query" is "query"."""
    return tuple(_name(operation) for operation in operations)


def warning(names: tuple[str, ...]) -> str:
    """The log line: how many operations, and each name once."""
    count, plural = len(names), "" if len(names) == 1 else "s"
    return (
        f"[WARN] {count} unawaited operation{plural}: [{', '.join(sorted(set(names)))}]. "
        f"Async operations should be awaited or they might not run. See {_MORE} for more information."
    )


def _name(operation: str) -> str:
    bare = operation.removeprefix("1.0/").removeprefix("actions/")
    if bare.startswith("storage"):
        return f"storage {bare.removeprefix('storage').removeprefix('/')}"
    return _METHODS.get(bare, bare)
