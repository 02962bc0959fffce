"""Right solutions written in other ways, by program: renamed locals, reordered helpers, loops for `collect`, and more.

A check that refuses one of them looks at how something is written. They are made from TypeScript's syntax tree
(static/src/variants/vary.ts), in one Deno process for all.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass

from lessons.corpus import Solution
from sandbox.engine import EngineError, Toolchain

SECONDS_MAX = 300


@dataclass(frozen=True, slots=True)
class Variant:
    """`name` is that of the solution, `variant` what was changed."""

    name: str
    variant: str
    files: Mapping[str, str]


def make_variants(
    solutions: Mapping[str, Solution], starters: Mapping[str, Mapping[str, str]], tools: Toolchain
) -> list[Variant]:
    """Those that differ from their solution. Blocks for some seconds. Raises EngineError."""
    if tools.types is None:
        raise EngineError("This toolchain has no TypeScript", code="CompilerFailed")
    asked = [
        {
            "name": name,
            "files": dict(solution.files),
            "starter": dict(starters[name]),
            "without": list(solution.without),
        }
        for name, solution in solutions.items()
    ]
    command = [str(tools.deno), "run", "--allow-all", "--no-check", "--quiet", "variants/main.ts"]
    done = subprocess.run(
        command,
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        cwd=tools.types,
        timeout=SECONDS_MAX,
        check=False,
    )
    if done.returncode != 0:
        raise EngineError(f"The variants were not made: {done.stderr[-1000:]}", code="CompilerFailed")
    return [Variant(**each) for each in json.loads(done.stdout)]
