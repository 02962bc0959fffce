"""The scripts that build a realm, in their order. Each evaluates to a function of the realm's private object.

Those of js/web/ are needed by few functions, so they become functions inside one script: V8 reads past the body of a
function until somebody calls it, and js/web_lazy.js does that when learner code touches one of their names.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

_FOLDER = Path(__file__).parent / "js"
_EAGER = (
    *("prelude.js", "exports.js", "stacks.js", "fixed_world.js", "ids.js", "inspect.js", "console.js"),
    *("async_context.js", "web.js", "url.js"),
)
_LAZY = ("events", "streams", "headers", "files", "forms", "bodies", "keys", "crypto", "timing")
# A parenthesis before the word makes V8 compile a function at once.
_PART = re.compile(r"\A(?://[^\n]*\n|\n)*\(function \(web\) \{\s*\"use strict\";(.*\})\);\s*\Z", re.DOTALL)


def realm_sources(web_streams: Path, last: str | None = None) -> list[tuple[str, str]]:
    """(file name, text) of every script. `web_streams` declares `streams`, which js/web/streams.js builds upon.

    `last` is what only some realms have: action_world.js (timers, fetch, HTTP requests), quarantine_world.js.
    """
    eager = [(name, _read(name)) for name in _EAGER]
    lazy = _lazy_parts({"streams": web_streams.read_text()})
    ending = ["web_lazy.js"] if last is None else ["web_lazy.js", last]
    return [*eager, ("web-parts.js", lazy), *((name, _read(name)) for name in ending)]


def _lazy_parts(libraries: Mapping[str, str]) -> str:
    parts = ",\n".join(f"{name}: {_part(name, libraries.get(name, ''))}" for name in _LAZY)
    return f"(function (realm) {{ realm.webParts = {{ __proto__: null, {parts} }}; }});"


def _part(name: str, library: str) -> str:
    found = _PART.match(_read(f"web/{name}.js"))
    if found is None:
        raise ValueError(f"js/web/{name}.js is not one function of `web`")
    return f'function (web) {{ "use strict";\n{library}\n{found[1]}'


def _read(name: str) -> str:
    return (_FOLDER / name).read_text()
