"""Hostile project folders under `host`: whatever configures or feeds the bundler, it reads nothing outside.

A folder is somebody else's code: its tsconfig.json, its packages and its files may all have been made for this.
"""

from __future__ import annotations

import json
import os
from typing import Any

import pytest

from sandbox.engine.errors import DeployError
from sandbox.engine.runtime import bundle as bundle_module
from sandbox.engine.runtime.bundle import bundle_project
from tests.engine.runtime.test_bundling import folder, package, query  # noqa: F401 - folder is a fixture

pytestmark = pytest.mark.slow

SECRET = "of another project"
USE = query("[text]", 'import text from "{name}";\n')
CONFIGS: dict[str, dict[str, Any]] = {
    "paths": {"compilerOptions": {"paths": {"stolen": ["OUTSIDE/secret.json"]}}},
    "a wide path": {"compilerOptions": {"paths": {"*": ["OUTSIDE/*"], "stolen": ["OUTSIDE/secret"]}}},
    "a base": {"compilerOptions": {"baseUrl": "OUTSIDE", "paths": {"stolen": ["./secret.json"]}}},
    "an extended file": {"extends": "OUTSIDE/tsconfig.json"},
    "an extended package": {"extends": "../../../outside/tsconfig.json"},
    "roots": {"compilerOptions": {"rootDirs": ["OUTSIDE", "."], "typeRoots": ["OUTSIDE"]}},
}
PACKAGES = {
    "main": {"main": "../../../outside/secret.json"},
    "an absolute main": {"main": "OUTSIDE/secret.json"},
    "exports": {"exports": {".": "../../../outside/secret.json"}},
    "exports of a condition": {
        "exports": {".": {"convex": "./../../../../outside/secret.json", "default": "OUTSIDE/secret.json"}}
    },
    "browser": {"main": "./index.js", "browser": {"./index.js": "../../../outside/secret.json"}},
    "a browser's module": {"browser": "OUTSIDE/secret.json"},
    "imports": {"main": "./inner.js", "imports": {"#x": "../../../outside/secret.json"}},
    "module": {"module": "OUTSIDE/secret.json"},
}
SOURCES = {
    "text": 'import text from "OUTSIDE/secret.json" with { type: "text" };',
    "bytes": 'import text from "OUTSIDE/secret.json" with { type: "bytes" };',
    "JSON": 'import text from "OUTSIDE/secret.json" with { type: "json" };',
    "a file URL": 'import text from "file://OUTSIDE/secret.json";',
    "a relative climb": 'import text from "../../outside/secret.json";',
    "require": 'const text = (require as any)("OUTSIDE/secret.json"); declare const require: any;',
    "a late import": 'const text = await import("OUTSIDE/secret.json");',
    "a glob": 'const text = await import(`../../outside/${"secret"}.json`);',
    "another's source map": "const text = 1;\n//# sourceMappingURL=../../outside/secret.json",
    "a URL of the module": 'const text = new URL("../../outside/secret.json", import.meta.url).href;',
    "a loader of its own": 'import text from "./data.node";',
    "WebAssembly": 'import text from "./data.wasm";',
    "a style sheet": 'import "./style.css"; const text = 1;',
    "the project's own text": 'import text from "./data.txt";',
    "the disk's devices": 'import text from "/dev/zero" with { type: "text" };',
    "the process": 'import text from "/proc/self/environ" with { type: "text" };',
}


def outside(folder: Any, text: str) -> str:  # noqa: F811
    return text.replace("OUTSIDE", str(folder.root.parent / "outside"))


@pytest.fixture(autouse=True)
def secrets(folder) -> None:  # noqa: F811
    """What lies beside the project."""
    place = folder.root.parent / "outside"
    place.mkdir()
    (place / "secret.json").write_text(
        json.dumps({"key": SECRET, "version": 3, "sources": [SECRET], "mappings": "AAAA"})
    )
    (place / "secret.ts").write_text(f"export default {SECRET!r};\n")
    (place / "tsconfig.json").write_text(
        json.dumps({"compilerOptions": {"jsxFactory": SECRET, "paths": {"stolen": ["./secret.ts"]}}})
    )


async def told(folder: Any, files: dict[str, str]) -> str:  # noqa: F811
    """All that comes of the project: what is wrong with it, or its code with its maps, and what it answers."""
    folder.write(files)
    try:
        bundle = await bundle_project(folder.tools, folder.root, folder.root / "convex")
    except DeployError as error:
        return error.message
    assert not [path for path in bundle.inputs if path.startswith(("/", ".."))]
    result = await folder.deployment.deploy(1, bundle.files)
    answer = await folder.run("a:get") if result.ok else ""
    return json.dumps([bundle.files, answer, [problem.message for problem in result.problems]])


@pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS.keys())
@pytest.mark.parametrize("place", ["tsconfig.json", "convex/tsconfig.json", "jsconfig.json"])
async def test_the_projects_configuration_leads_nowhere(folder, config, place):  # noqa: F811
    files = {place: outside(folder, json.dumps(config)), "convex/a.tsx": USE.replace("{name}", "stolen")}
    assert SECRET not in await told(folder, files)


@pytest.mark.parametrize("fields", PACKAGES.values(), ids=PACKAGES.keys())
async def test_no_package_leads_out(folder, fields):  # noqa: F811
    own = {"index.js": "export default 1;\n", "inner.js": 'export { default } from "#x";\n'}
    files = {**package("thief", own), "convex/a.ts": USE.replace("{name}", "thief")}
    described = json.loads(files["node_modules/thief/package.json"]) | fields
    files["node_modules/thief/package.json"] = outside(folder, json.dumps(described))
    assert SECRET not in await told(folder, files)


@pytest.mark.parametrize("name", SOURCES)
@pytest.mark.parametrize("is_package", [False, True], ids=["module", "package"])
async def test_no_import_of_any_kind_reads_outside(folder, name, is_package):  # noqa: F811
    source = outside(folder, SOURCES[name])
    own = {
        "data.node": "\x7fELF",
        "data.wasm": "\0asm",
        "data.txt": "text",
        "style.css": "@import '../../outside/secret.json';",
    }
    if is_package:
        text = (
            source.replace("../../outside", "../../../outside")
            .replace(" as any", "")
            .replace(" declare const require: any;", "")
        )
        files = {
            **package("thief", {**own, "index.js": f"{text}\nexport default text;\n"}),
            "convex/a.ts": USE.replace("{name}", "thief"),
        }
    else:
        files = {
            **{f"convex/{path}": text for path, text in own.items()},
            "convex/a.ts": query("[text]", f"{source}\n"),
        }
    said = await told(folder, files)
    assert SECRET not in said
    assert "SECRET_KEY" not in said


async def test_links_of_every_kind_are_passed_over_or_refused(folder):  # noqa: F811
    place = folder.root.parent / "outside"
    folder.write({"convex/a.ts": USE.replace("{name}", "../linked/secret"), "convex/ok.ts": query("1")})
    (folder.root / "linked").symlink_to(place, target_is_directory=True)
    (folder.root / "convex" / "stolen.ts").symlink_to(place / "secret.ts")
    (folder.root / "tsconfig.json").symlink_to(place / "tsconfig.json")
    (folder.root / "convex" / "round").symlink_to(folder.root / "convex", target_is_directory=True)
    assert SECRET not in await told(folder, {})


async def test_what_is_no_file_is_not_read(folder, monkeypatch):  # noqa: F811
    """A pipe among the modules would hold up whoever opens it for ever."""
    folder.write({"convex/a.ts": query("1")})
    os.mkfifo(folder.root / "convex" / "pipe.ts")
    assert '"pipe' not in await told(folder, {})
    monkeypatch.setattr(bundle_module, "DEADLINE_SECONDS", 1.0)
    os.mkfifo(folder.root / "pipe.json")
    said = await told(folder, {"convex/a.ts": USE.replace("{name}", "../pipe.json")})
    assert "too long" in said or "Could not" in said or "Cannot read" in said


async def test_imports_in_a_circle_and_a_large_file_are_bundled(folder):  # noqa: F811
    files = {
        f"src/m{n}.ts": f'import {{ a as b }} from "./m{(n + 1) % 200}";\nexport const a = () => b;\n'
        for n in range(200)
    }
    files["src/data.json"] = json.dumps([{"n": n, "text": "x" * 100} for n in range(20_000)])
    files["convex/a.ts"] = query("[text.length]", 'import "../src/m0";\nimport text from "../src/data.json";\n')
    assert "[20000]" in await told(folder, files)
