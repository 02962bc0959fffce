"""Which of a learner's functions plays which part of the final task.

The learner says so once; what is not said is guessed from kinds, validators and names, so that the usual names need no
form at all. Roles are kept as events, the last one counts.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from lessons.fitting import words
from lessons.models import Event, Workspace
from sandbox.engine import FunctionInfo

Roles = Mapping[str, str]
"""Role → path of a function, `notes:add`."""


@dataclass(frozen=True, slots=True)
class Role:
    """`task` is the first one that needs it. `names` are words by which a function is guessed, likeliest first."""

    name: str
    kind: str
    task: int
    words: tuple[str, ...]


ROLES = (
    Role("create", "mutation", 1, ("create", "add", "new", "insert", "make", "start", "save", "write", "post", "lend")),
    Role("list", "query", 1, ("list", "mine", "my", "active", "overview", "all", "get", "page", "show")),
    Role("archive", "mutation", 2, ("archive", "hide", "bin", "trash", "remove", "put", "away", "delete")),
    Role(
        "restore", "mutation", 2, ("restore", "unarchive", "undo", "bring", "back", "unhide", "recover", "take", "show")
    ),
    Role("erase", "mutation", 3, ("erase", "purge", "forget", "wipe", "destroy", "everything", "clear", "close")),
)
BY_NAME = {role.name: role for role in ROLES}

INTRODUCING = {"store", "ensure", "register", "login", "sign", "join", "welcome", "user", "users", "profile", "people"}
UNDOING = {"delete", "remove", "archive", "restore", "erase", "clear", "purge", "update", "rename", "hide", "wipe"}


def guess(functions: Mapping[str, FunctionInfo]) -> dict[str, str]:
    """The likeliest function for each role; a role that nothing fits is left out. No function plays two."""
    found: dict[str, str] = {}
    for role in ROLES:
        fitting = [
            (rank, path)
            for path, function in functions.items()
            if function.kind == role.kind and function.visibility == "public" and path not in found.values()
            if (rank := _rank(path, role.words)) is not None
        ]
        if fitting:
            found[role.name] = min(fitting)[1]
    return found


def _rank(path: str, likely: tuple[str, ...]) -> int | None:
    spoken = words(path.partition(":")[2])
    return next((rank for rank, word in enumerate(likely) if word in spoken), None)


def complete(said: Roles, functions: Mapping[str, FunctionInfo]) -> dict[str, str]:
    """What was said, and guesses for the rest. A role whose function is gone counts as not said."""
    kept = {role: path for role, path in said.items() if path in functions and role in BY_NAME}
    guessed = {role: path for role, path in guess(functions).items() if path not in kept.values()}
    return {**guessed, **kept}


def introductions(functions: Mapping[str, FunctionInfo], taken: Collection[str]) -> list[tuple[str, FunctionInfo]]:
    """Public mutations without a role that a person's first row may need before it: `users:store`, `lists:add`.

    Those that keep who somebody is come first.
    """
    found = [
        (path, function)
        for path, function in functions.items()
        if function.kind == "mutation" and function.visibility == "public" and path not in taken
        if not words(path) & UNDOING
    ]
    return sorted(found, key=lambda one: (not words(one[0]) & INTRODUCING, one[0]))


def said(workspace: Workspace) -> dict[str, str]:
    """What the learner said last."""
    last = workspace.events.filter(kind=Event.Kind.ROLES).order_by("id").last()
    return {} if last is None else dict(last.payload["roles"])


def say(workspace: Workspace, roles: Roles) -> None:
    """Keeps the learner's choice. Saying the same again writes nothing."""
    if dict(roles) != said(workspace):
        Event.objects.create(
            person_id=workspace.person_id, workspace=workspace, kind=Event.Kind.ROLES, payload={"roles": dict(roles)}
        )


def parse(body: object, functions: Mapping[str, FunctionInfo]) -> dict[str, str]:
    """Raises ValueError with a sentence for the page."""
    if not isinstance(body, dict):
        raise ValueError("Say a function for each role.")
    roles: dict[str, str] = {}
    for name, path in body.items():
        role = BY_NAME.get(name)
        if role is None or not isinstance(path, str):
            raise ValueError(f"There is no role {str(name)[:40]!r}.")
        if path == "":
            continue
        function = functions.get(path)
        if function is None:
            raise ValueError(f"There is no function `{path[:80]}` now. Deploy it first.")
        if function.kind != role.kind:
            raise ValueError(f"`{path}` is a {function.kind}; the role {name} needs a {role.kind}.")
        roles[name] = path
    if len(set(roles.values())) < len(roles):
        raise ValueError("One function cannot play two roles.")
    return roles
