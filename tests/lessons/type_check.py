"""What TypeScript says of a whole project: native compiler, npm types, declarations of the editor's own codegen."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from deno import find_deno_bin

SOURCES = Path(__file__).parent.parent.parent / "static" / "src"
MANIFEST = SOURCES.parent / "dist" / "manifest.json"

# Runs in Deno: the same module that makes the declarations for the editor.
DECLARE = """
import { generateDeclarations } from "%s";
const files = new Map(Object.entries(JSON.parse(await new Response(Deno.stdin.readable).text())));
console.log(JSON.stringify(generateDeclarations(files)));
"""


def tools_are_built() -> bool:
    return MANIFEST.exists() and (SOURCES / "node_modules").is_dir()


def declarations(files: Mapping[str, str]) -> dict[str, str]:
    script = DECLARE % (SOURCES / "worker" / "codegen.ts").as_uri()
    command = [os.fsdecode(find_deno_bin()), "eval", "--ext=ts", script]
    done = subprocess.run(
        command, input=json.dumps(dict(files)), capture_output=True, text=True, check=True, cwd=SOURCES
    )
    found: dict[str, str] = json.loads(done.stdout)
    return found


def type_errors(files: Mapping[str, str], folder: Path) -> list[str]:
    """One line for each error: `convex/signups.ts(24,37): error TS2322: …`."""
    for path, text in {**files, **declarations(files)}.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    shutil.copy(SOURCES / "learner-tsconfig.json", folder / "tsconfig.json")
    (folder / "node_modules").symlink_to(SOURCES / "node_modules")
    tsc = SOURCES / json.loads(MANIFEST.read_text())["tools"]["tsc"]
    done = subprocess.run([tsc, "-p", "tsconfig.json"], capture_output=True, text=True, cwd=folder, check=False)
    return [line for line in done.stdout.splitlines() if line.strip()]
