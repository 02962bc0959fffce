"""The project's component without a page: mounted on a fork, beside the functions, and told by what it shows and asks.

`src/**` becomes modules of the deployment and `src/App` is rendered in a mutation, by the small stand-ins for React and
`convex/react` in component_realm/. So it runs where learner code runs, on the real functions and rows of the fork, and
a check can see what a pane would: the text, which queries were subscribed to, and which were asked once.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

REALM = Path(__file__).parent / "component_realm"
VIEW = "probe_view"
MOUNT = "probe:mount"

# A module's name in an import, an export or an import().
_SPECIFIER = re.compile(r"""(\bfrom\s*|\bimport\s*\(?\s*)(["'])([^"'\n]+)\2""")
# A part that is loaded when it is shown: here it is there from the beginning.
_LOADED_LATER = re.compile(r"""\bimport\s*\(\s*(["'])(\.[^"'\n]+)\1\s*\)""")
_STAND_INS = {"react": "probe_react", "react-dom": "probe_react", "convex/react": "probe_client"}
_BROWSER = (
    "setTimeout, setInterval, clearTimeout, clearInterval, requestAnimationFrame, cancelAnimationFrame, window, "
    "document, location, alert, confirm"
)
_CODE = (".ts", ".tsx", ".js", ".jsx")


@dataclass(frozen=True, slots=True)
class Seen:
    """What a mounted component showed and asked. `texts` has the first sight, then what was seen after each step.

    `asks` are queries asked once, `calls` mutations, `subscriptions` the queries it subscribed to, all in order.
    `problem` is the error that ended it, at step `ended_at`.
    """

    texts: tuple[str, ...]
    asks: tuple[str, ...]
    calls: tuple[str, ...]
    subscriptions: tuple[str, ...]
    reloads: int
    problem: str | None
    ended_at: int

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Seen:
        problem = told["problem"] or {"message": None, "step": 0}
        return cls(
            texts=tuple(told["seen"]),
            asks=tuple(told["asks"]),
            calls=tuple(told["calls"]),
            subscriptions=tuple(told["subscriptions"]),
            reloads=int(told["reloads"]),
            problem=problem["message"],
            ended_at=int(problem["step"]),
        )


def inserted(table: str, row: Mapping[str, Any]) -> dict[str, Any]:
    """A step of `mount`: a row from elsewhere."""
    return {"insert": {"table": table, "row": dict(row)}}


def timers_ring() -> dict[str, Any]:
    """A step of `mount`: every timer rings once."""
    return {"ring": True}


def submitted(text: str) -> dict[str, Any]:
    """A step of `mount`: the text is typed into the first form, and the form is sent."""
    return {"submit": text}


def buttons_pressed() -> dict[str, Any]:
    """A step of `mount`: every button outside of forms is pressed once."""
    return {"press": True}


def mount_arguments(steps: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {"steps": [dict(step) for step in steps]}


def with_component(files: Mapping[str, str]) -> dict[str, str]:
    """The project and, as modules beside its functions, its component and what mounts it."""
    views = {
        f"convex/{VIEW}/{path.removeprefix('src/')}": _as_module(path, text)
        for path, text in files.items()
        if path.startswith("src/") and path.endswith(_CODE)
    }
    return {**files, **_realm(), **views}


@cache
def _realm() -> dict[str, str]:
    return {f"convex/{path.name}": path.read_text(encoding="utf-8") for path in sorted(REALM.glob("*.js"))}


def _as_module(path: str, text: str) -> str:
    """Elements and the names that a browser has come from the stand-in; lines stay where they are."""
    place = posixpath.join(VIEW, posixpath.dirname(path.removeprefix("src/")))
    react = posixpath.relpath("probe_react", place)
    react = react if react.startswith(".") else f"./{react}"
    head = (
        "/** @jsxRuntime classic @jsx __probe.createElement @jsxFrag __probe.Fragment */ "
        f'import * as __probe from "{react}"; const {{ {_BROWSER} }} = __probe; '
    )
    later = dict.fromkeys(found[2] for found in _LOADED_LATER.finditer(text))
    names = {specifier: f"__later{number}" for number, specifier in enumerate(later)}
    head += "".join(f'import * as {name} from "{specifier}"; ' for specifier, name in names.items())
    text = _LOADED_LATER.sub(lambda found: f"Promise.resolve({names[found[2]]})", text)
    return _SPECIFIER.sub(lambda found: _renamed(found, path, place), head + text)


def _renamed(found: re.Match[str], path: str, place: str) -> str:
    before, quote, specifier = found.groups()
    target = _target(specifier, path)
    if target is None:
        return found[0]
    relative = posixpath.relpath(target, place)
    return f"{before}{quote}{relative if relative.startswith('.') else './' + relative}{quote}"


def _target(specifier: str, path: str) -> str | None:
    """The module that an import means, as a path below convex/; None for what stays as it is."""
    if specifier in _STAND_INS:
        return _STAND_INS[specifier]
    if not specifier.startswith("."):
        return None
    meant = posixpath.normpath(posixpath.join(posixpath.dirname(path), specifier))
    folder, _, rest = meant.partition("/")
    return {"src": posixpath.join(VIEW, rest), "convex": rest}.get(folder)
