"""What TypeScript says of whole projects: native compiler, npm types, declarations of the editor's own codegen.

All projects are checked in one go, each in a folder of its own: loading the libraries is most of the work.
"""

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
const projects = JSON.parse(await new Response(Deno.stdin.readable).text());
console.log(JSON.stringify(projects.map((files) => generateDeclarations(new Map(Object.entries(files))))));
"""


def tools_are_built() -> bool:
    return MANIFEST.exists() and (SOURCES / "node_modules").is_dir()


def declarations(projects: list[Mapping[str, str]]) -> list[dict[str, str]]:
    script = DECLARE % (SOURCES / "worker" / "codegen.ts").as_uri()
    command = [os.fsdecode(find_deno_bin()), "eval", "--ext=ts", script]
    text = json.dumps([dict(files) for files in projects])
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=True, cwd=SOURCES)
    found: list[dict[str, str]] = json.loads(done.stdout)
    return found


def type_errors(files: Mapping[str, str], folder: Path) -> list[str]:
    """One line for each error: `convex/signups.ts(24,37): error TS2322: …`."""
    return type_errors_of_all({"project": files}, folder)["project"]


def type_errors_of_all(projects: Mapping[str, Mapping[str, str]], folder: Path) -> dict[str, list[str]]:
    """The same for many projects, by their names."""
    places = {f"p{number}": name for number, name in enumerate(projects)}
    for place, generated in zip(places, declarations(list(projects.values())), strict=True):
        for path, text in {**projects[places[place]], **generated}.items():
            (folder / place / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / place / path).write_text(text, encoding="utf-8")
    config = json.loads((SOURCES / "learner-tsconfig.json").read_text())
    config["include"] = [f"{place}/{part}" for place in places for part in config["include"]]
    (folder / "tsconfig.json").write_text(json.dumps(config))
    if not (folder / "node_modules").exists():
        (folder / "node_modules").symlink_to(SOURCES / "node_modules")
    errors = _compiler_output(folder)
    found: dict[str, list[str]] = {name: [] for name in projects}
    for line in errors:
        place, _, rest = line.partition("/")
        found[places[place]].append(rest)
    shutil.rmtree(folder, ignore_errors=True)
    return found


def _compiler_output(folder: Path) -> list[str]:
    tsc = SOURCES / json.loads(MANIFEST.read_text())["tools"]["tsc"]
    command = [tsc, "-p", "tsconfig.json", "--pretty", "false"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder, check=False)
    lines = [line for line in done.stdout.splitlines() if line.strip() and not line.startswith(" ")]
    assert done.returncode == 0 or lines, done.stderr
    return lines
