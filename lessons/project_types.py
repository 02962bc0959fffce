"""What TypeScript says of a learner's project, with the declarations that `convex/_generated` would hold.

The declarations are made by the module that makes them for the editor (static/src/worker/codegen.ts), in Deno; the
project's text is only looked at there. The compiler itself runs behind the launcher (engine, check_types).
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path

from sandbox.engine import EngineError, Problem, Toolchain, check_types

SECONDS_MAX = 20.0
SCRIPT = """
import { generateDeclarations } from "%s";
const files = new Map(Object.entries(JSON.parse(await new Response(Deno.stdin.readable).text())));
console.log(JSON.stringify(generateDeclarations(files)));
"""


async def type_problems(files: Mapping[str, str], tools: Toolchain) -> tuple[Problem, ...]:
    """A problem for every type error in convex/ and src/.

    Raises DeployError `TypeCheckGaveUp` for types that explode; EngineError, RunnerRefused where the tools fail.
    """
    own = {path: text for path, text in files.items() if not path.startswith("convex/_generated/")}
    return await check_types(tools, {**own, **await declarations(own, tools)})


async def declarations(files: Mapping[str, str], tools: Toolchain) -> dict[str, str]:
    """The text of `convex/_generated/*.d.ts` by path. Raises EngineError."""
    if tools.types is None:
        raise EngineError("This toolchain has no type checker", code="CompilerFailed")
    script = SCRIPT % (tools.types / "worker" / "codegen.ts").resolve().as_uri()
    process = await asyncio.create_subprocess_exec(
        str(tools.deno),
        "eval",
        "--no-lock",
        "--ext=ts",
        script,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=Path(tools.types),
    )
    try:
        async with asyncio.timeout(SECONDS_MAX):
            said, complaint = await process.communicate(json.dumps(dict(files)).encode())
    except TimeoutError:
        process.kill()
        await process.wait()
        raise EngineError("The declarations of a project were not made in time", code="CompilerFailed") from None
    if process.returncode != 0:
        raise EngineError(f"The declarations of a project were not made: {complaint.decode()[-500:]}")
    made: dict[str, str] = json.loads(said)
    return made
