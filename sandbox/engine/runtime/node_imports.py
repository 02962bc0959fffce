"""Imports of Node's modules outside of "use node" files: an error at deploy, in the words of Convex's bundler."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from sandbox.engine.errors import Problem

USE_NODE_HINT = (
    'It looks like you are using Node APIs from a file without the "use node" directive.\n'
    "Split out actions using Node.js APIs like this into a new file only containing actions that uses "
    '"use node" so these actions will run in a Node.js environment.\n'
    "For more information see https://docs.convex.dev/functions/runtimes#nodejs-runtime"
)
# Without async_hooks, which every realm has (js/async_context.js).
# fmt: off
_MODULES = frozenset((
    "assert", "buffer", "child_process", "cluster", "console", "constants", "crypto", "dgram", "diagnostics_channel",
    "dns", "domain", "events", "fs", "http", "http2", "https", "inspector", "module", "net", "os", "path", "perf_hooks",
    "process", "punycode", "querystring", "readline", "repl", "stream", "string_decoder", "sys", "timers", "tls",
    "trace_events", "tty", "url", "util", "v8", "vm", "wasi", "worker_threads", "zlib",
))
# fmt: on
# A call of the function alone: libraries try `module.require`, which no bundler follows.
_REQUIRE = re.compile(r'(?<![\w$.])require\("((?:node:)?[a-z0-9_]+)(/[a-z]+)?"\)')


def node_imports(
    modules: Iterable[str], scripts: Mapping[str, str], sources: Mapping[str, tuple[str, str]]
) -> Iterator[Problem]:
    """A Problem for each module of Node that one of `modules` imports. `sources` has path and text of its file."""
    for module in modules:
        path, text = sources[module]
        for name, inside in dict.fromkeys(_REQUIRE.findall(scripts[module])):
            place = _place(text, name + inside)
            if name.removeprefix("node:") in _MODULES and place is not None:
                yield Problem(path, *place, f'Could not resolve "{name}{inside}"\n{USE_NODE_HINT}')


def _place(text: str, specifier: str) -> tuple[int, int] | None:
    """Line and column, from 1, of the specifier in the learner's text; None where it is not written like that."""
    found = re.search(rf"""["']{re.escape(specifier)}["']""", text)
    if found is None:
        return None
    before = text[: found.start()]
    return before.count("\n") + 1, found.start() - before.rfind("\n")
