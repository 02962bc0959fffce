"""How the JS process is started."""

from __future__ import annotations

from pathlib import Path

from sandbox.engine.runtime.toolchain import Toolchain

RUNNER = Path(__file__).parent / "js" / "runner.js"
_V8_FLAGS = "--max-old-space-size=96,--disallow-code-generation-from-strings"
_FLAGS = ("--no-prompt", "--no-config", "--no-npm", "--no-remote", "--cached-only", "--no-code-cache")


async def command(tools: Toolchain) -> list[str]:
    """The arguments of the process."""
    return [str(tools.deno), "run", *_FLAGS, f"--v8-flags={_V8_FLAGS}", str(RUNNER)]


def limit_memory(pid: int) -> None:
    """Lowers what the process may still allocate."""
