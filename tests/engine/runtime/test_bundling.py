"""Project folders as `host` brings them live: what is a module, what imports reach, and what they must not reach."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from sandbox.engine import Deployment, bundle_project, close_pools
from sandbox.engine.errors import DeployError
from sandbox.engine.runtime.entry_points import find_entry_points, has_use_node

SERVER = 'import { query } from "./_generated/server";\n'


def query(expression: str, imports: str = "") -> str:
    return f"{imports}{SERVER}export const get = query(async () => {expression});\n"


class Folder:
    """A project on disk, and the deployment it is brought live on."""

    def __init__(self, root: Path, tools: Any) -> None:
        self.root = root
        self.tools = tools
        self.deployment: Deployment

    def write(self, files: dict[str, str]) -> None:
        for name, text in files.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    async def deploy(self, files: dict[str, str]) -> None:
        self.write(files)
        bundle = await bundle_project(self.tools, self.root, self.root / "convex")
        result = await self.deployment.deploy(1, bundle.files)
        if not result.ok:
            raise DeployError("not live", result.problems)

    async def run(self, path: str) -> Any:
        outcome = await self.deployment.run_query(path, {})
        return outcome.value if outcome.ok else outcome.error.message

    async def refusal(self, files: dict[str, str]) -> str:
        with pytest.raises(DeployError) as caught:
            await self.deploy(files)
        return "\n".join(f"{each.file}:{each.line}:{each.column}: {each.message}" for each in caught.value.problems)


@pytest_asyncio.fixture
async def folder(tools, tmp_path):
    project = Folder(tmp_path / "project", tools)
    project.root.mkdir()
    project.deployment = await Deployment.open(tmp_path / "data", tools=tools)
    yield project
    await project.deployment.close()
    await close_pools()


# ── which files are modules ─────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("path", "module"),
    [
        ("a.ts", "a"),
        ("a.js", "a"),
        ("a.tsx", "a"),
        ("a.jsx", "a"),
        ("a.mjs", "a"),
        ("a.cts", "a"),
        ("deep/er/a.ts", "deep/er/a"),
        ("http.ts", "http"),
        ("crons.ts", "crons"),
        ("schema.ts", "schema"),
        ("sub/_generated/a.ts", "sub/_generated/a"),
        ("sub/schema.ts", None),
        ("_generated/api.ts", None),
        ("auth.config.ts", None),
        ("convex.config.ts", None),
        ("a.test.ts", None),
        ("a.d.ts", None),
        (".a.ts", None),
        ("#a.ts", None),
        ("with space.ts", None),
        ("folder with space/a.ts", None),
        ("data.json", None),
        ("README.md", None),
        ("node_modules/a/a.ts", None),
    ],
)
def test_which_files_are_modules(tmp_path, path, module):
    file = tmp_path / "convex" / path
    file.parent.mkdir(parents=True)
    file.write_text("export const a = 1;\n")
    found = find_entry_points(tmp_path, tmp_path / "convex")
    assert found.isolate == ({module: f"convex/{path}"} if module else {})
    assert found.node == {}


def test_typescript_without_import_or_export_is_no_module(tmp_path):
    (tmp_path / "a.ts").write_text("const a = 1;\n")
    (tmp_path / "b.js").write_text("const b = 1;\n")
    assert find_entry_points(tmp_path, tmp_path).isolate == {"b": "b.js"}


def test_components_and_links_are_passed_over(tmp_path):
    functions = tmp_path / "convex"
    (functions / "component").mkdir(parents=True)
    (functions / "component" / "convex.config.ts").write_text("export default 1;\n")
    (functions / "component" / "a.ts").write_text("export const a = 1;\n")
    (functions / "link.ts").symlink_to(functions / "component" / "a.ts")
    (functions / "folder").symlink_to(functions / "component", target_is_directory=True)
    assert find_entry_points(tmp_path, functions).isolate == {}


@pytest.mark.parametrize(
    ("path", "text", "reason"),
    [
        ("_deps/a.ts", "export {}", "reserved for dependencies"),
        ("http.ts", '"use node";\nexport {}', '"use node" directive is not allowed for http.ts.'),
        ("actions/a.ts", "export {}", 'has no "use node"; directive'),
        ("my-file.ts", "export {}", "my-file.js is not a valid path to a Convex module. Path component my-file.js can"),
    ],
)
def test_what_convex_refuses_is_refused(tmp_path, path, text, reason):
    file = tmp_path / path
    file.parent.mkdir(exist_ok=True)
    file.write_text(text)
    with pytest.raises(DeployError, match=r".") as caught:
        find_entry_points(tmp_path, tmp_path)
    assert reason in caught.value.message
    assert caught.value.problems[0].file == path


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('"use node";', True),
        ("'use node'\nexport {}", True),
        ('// a comment\n/* and\n another */ "use strict"; "use node";', True),
        ("#!/usr/bin/env node\n'use node';", True),
        ('const a = 1; "use node";', False),
        ('// "use node"', False),
        ('export const a = "use node";', False),
        ("", False),
    ],
)
def test_the_directive_counts_at_the_top_alone(text, expected):
    assert has_use_node(text) is expected


# ── imports within the folder ───────────────────────────────────────────────


@pytest.mark.parametrize(
    "specifier", ["./text", "./text.js", "./text.ts", "./folder", "./folder/index", "../src/text", "../src/text.js"]
)
async def test_imports_reach_files_of_the_folder(folder, specifier):
    text = 'export const text: string = "found";\n'
    await folder.deploy(
        {
            "convex/text.ts": text,
            "convex/folder/index.ts": text,
            "src/text.ts": text,
            "convex/a.ts": query("text", f'import {{ text }} from "{specifier}";\n'),
        }
    )
    assert await folder.run("a:get") == "found"


async def test_json_and_the_paths_of_a_tsconfig_are_followed(folder):
    await folder.deploy(
        {
            "tsconfig.json": json.dumps({"compilerOptions": {"paths": {"@/*": ["./src/*"]}}}),
            "src/lib/text.ts": 'export default "aliased";\n',
            "convex/data.json": '{"text": "from JSON"}',
            "convex/a.ts": query(
                "[text, data.text]", 'import text from "@/lib/text";\nimport data from "./data.json";\n'
            ),
        }
    )
    assert await folder.run("a:get") == ["aliased", "from JSON"]


async def test_what_modules_share_is_one_instance_and_no_module_of_its_own(folder):
    shared = 'import { internalQuery } from "../convex/_generated/server";\nexport const list: string[] = [];\n'
    push = 'import { list } from "../src/shared";\nlist.push("b");\n'
    await folder.deploy(
        {
            "src/shared.ts": f'{shared}export const hidden = internalQuery(async () => "hidden");\n',
            "convex/b.ts": f"{push}{query('list')}",
            "convex/a.ts": query("list", 'import "./b";\nimport { list } from "../src/shared";\n'),
        }
    )
    assert await folder.run("a:get") == ["b"]
    assert sorted(folder.deployment.functions) == ["a:get", "b:get"]


async def test_generated_files_are_ours_whatever_the_folder_holds(folder):
    await folder.deploy(
        {
            "convex/_generated/server.js": 'throw new Error("a file of the folder");\n',
            "convex/sub/a.ts": query("typeof api").replace('"./_generated/server"', '"../_generated/server.js"')
            + 'import { api } from "../../convex/_generated/api";\n',
        }
    )
    assert await folder.run("sub/a:get") == "object"


CRONS = """import { cronJobs } from "convex/server";
import { internal } from "./_generated/api";
const crons = cronJobs();
crons.hourly("tick", { minuteUTC: 0 }, internal.a.missing);
export default crons;
"""
BAD_ARGUMENT = """import { queryGeneric } from "convex/server";
import { v } from "convex/values";
export const bad = queryGeneric({ args: { at: v.record(v.literal("a"), v.null()) as any }, handler: () => 1 });
"""


async def test_errors_point_at_the_file_that_was_written(folder):
    await folder.deploy(
        {
            "src/fail.ts": "type Nothing = null;\n\nexport function fail(): Nothing {\n  throw new Error('oh');\n}\n",
            "convex/b.ts": query("fail()", 'import { fail } from "../src/fail";\n'),
            "convex/a.ts": query("fail()", 'import { fail } from "../src/fail";\n'),
        }
    )
    said = await folder.run("a:get")
    assert said.startswith(
        "Uncaught Error: oh\n    at fail (../src/fail.ts:4:9)\n    at <anonymous> (../convex/a.ts:3:"
    )
    function = folder.deployment.functions["b:get"]
    assert (function.file, function.line) == ("convex/b.ts", 3)


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({"convex/a.ts": "export const a = ;\n"}, "convex/a.ts:1:18: Unexpected"),
        ({"convex/a.js": 'import { no } from "../b";\nno();\n', "b.ts": "export {};"}, "convex/a.js:1:10: No matching"),
        ({"convex/a.ts": 'import "missing";\nexport {};\n'}, 'convex/a.ts:1:8: Could not resolve "missing"'),
        ({"convex/a.ts": 'import fs from "node:fs";\nexport default fs;\n'}, "without the \"use node\" directive"),
        ({"convex/a.ts": 'export {};\nthrow new Error("at import");\n'}, "convex/a.ts:2:7: Uncaught Error: at import"),
        ({"convex/a.ts": 'export {};\nawait 1;\n'}, "convex/a.ts:2:1: Top-level awaits in source files are"),
        ({"convex/schema.ts": "export default 3;\n"}, "convex/schema.ts:1:8: Hit an error"),
        ({"convex/schema.ts": "export const a = 3;\n"}, "convex/schema.ts:1:1: Hit an error"),
        ({"convex/crons.ts": CRONS}, "convex/crons.ts:4:14: The cron job 'tick' schedules a function that does not"),
        ({"convex/a.ts": 'export * from "../b";\n', "convex/b.ts": 'export * from "../b";\n', "b.ts": BAD_ARGUMENT},
         "convex/a.ts:1:1: Invalid JSON returned from a.js:bad.exportArgs(): Error in args validator"),
    ],
)  # fmt: skip
async def test_what_keeps_a_folder_from_going_live_is_told_with_its_place(folder, files, reason):
    assert reason in await folder.refusal(files)


async def test_rows_that_break_the_schema_are_told_at_its_field(folder):
    schema = """import {{ defineSchema, defineTable }} from "convex/server";
import {{ v }} from "convex/values";
export default defineSchema({{
  notes: defineTable({{ text: v.{} }}),
}});
"""
    await folder.deploy({"convex/schema.ts": schema.format("string()")})
    await folder.deployment.insert_rows("notes", [{"text": "a"}])
    assert "convex/schema.ts:4:24: " in await folder.refusal({"convex/schema.ts": schema.format("number()")})


# ── packages ────────────────────────────────────────────────────────────────


def package(name: str, files: dict[str, str], **fields: Any) -> dict[str, str]:
    folder = f"node_modules/{name}"
    described = json.dumps({"name": name.rpartition("node_modules/")[2], "version": "1.0.0", **fields})
    return {f"{folder}/package.json": described, **{f"{folder}/{path}": text for path, text in files.items()}}


async def test_packages_of_every_make(folder):
    await folder.deploy(
        {
            **package("esm", {"index.mjs": 'export const name = "esm";\n'}, type="module", exports="./index.mjs"),
            **package(
                "cjs", {"main.js": 'exports.name = "cjs"; exports.inner = require("esm").name;\n'}, main="main.js"
            ),
            **package(
                "@scope/both",
                {"a.js": 'export const name = "a";\n', "b.cjs": 'module.exports = { name: "b" };\n'},
                exports={"./sub": {"require": "./b.cjs", "import": "./a.js"}, ".": {"convex": "./a.js"}},
            ),
            **package("nested", {"index.js": 'export { name } from "esm";\n'}),
            **package("nested/node_modules/esm", {"index.js": 'export const name = "another esm";\n'}, version="2.0.0"),
            "convex/a.ts": query(
                "[esm.name, cjs.name, cjs.inner, sub.name, root.name, nested]",
                """import * as esm from "esm";
import cjs from "cjs";
import * as sub from "@scope/both/sub";
import * as root from "@scope/both";
import { name as nested } from "nested";
""",
            ),
        }
    )
    assert await folder.run("a:get") == ["esm", "cjs", "esm", "a", "a", "another esm"]


@pytest.mark.parametrize("specifier", ["async_hooks", "node:async_hooks"])
async def test_packages_find_the_async_context_that_convex_offers(folder, specifier):
    module = f'import {{ AsyncLocalStorage }} from "{specifier}";\nexport const store = new AsyncLocalStorage();\n'
    code = query('store.run("kept", () => store.getStore())', 'import { store } from "tracer";\n')
    await folder.deploy({**package("tracer", {"index.js": module}), "convex/a.ts": code})
    assert await folder.run("a:get") == "kept"


async def test_packages_may_look_for_node_before_they_use_it(folder):
    """As lodash does, and many that run everywhere."""
    looking = """var free = typeof module == "object" && module;
var types; try { types = free && free.require && free.require("util").types; } catch {}
var fs; try { fs = require("fs"); } catch { fs = "none"; }
exports.threads = function () { var needed = require; return needed("worker_threads") || (0, require)("os"); };
exports.found = [typeof types, fs];
"""
    code = query("found", 'import { found } from "careful";\n')
    await folder.deploy({**package("careful", {"index.js": looking}), "convex/a.ts": code})
    assert await folder.run("a:get") == ["undefined", "none"]


async def test_packages_share_our_convex(folder):
    await folder.deploy(
        {
            **package("convex", {"server/index.js": 'throw new Error("theirs");\n'}),
            **package("builder", {"index.js": 'import { v } from "convex/values";\nexport const text = v.string();\n'}),
            "convex/a.ts": query(
                "text instanceof v.string().constructor",
                'import { text } from "builder";\nimport { v } from "convex/values";\n',
            ),
        }
    )
    assert await folder.run("a:get") is True


async def test_a_package_with_node_modules_runs_in_use_node_files_alone(folder):
    files = {
        **package("disk", {"index.js": 'import { join } from "node:path";\nexport const path = join("a", "b");\n'}),
        "convex/a.ts": query("path", 'import { path } from "disk";\n'),
    }
    said = await folder.refusal(files)
    assert 'node_modules/disk/index.js:1:22: Could not resolve "node:path"' in said
    assert "use node" in said
    assert "npm install" not in said


SECRET = '{"key": "of another project"}'


@pytest.mark.parametrize(
    "text",
    [
        'import secret from "../../secret.json";\nexport default secret;\n',
        'import secret from "../../../../../../../../../../{outside}/secret.json";\nexport default secret;\n',
        'import secret from "/{outside}/secret.json";\nexport default secret;\n',
        'import passwd from "/etc/passwd";\nexport default passwd;\n',
        'export * from "../../secret-code";\n',
    ],
)
@pytest.mark.parametrize("is_package", [False, True], ids=["module", "package"])
async def test_imports_do_not_leave_the_folder(folder, text, is_package):
    outside = folder.root.parent
    (outside / "secret.json").write_text(SECRET)
    (outside / "secret-code.ts").write_text(f"export default {SECRET};\n")
    text = text.replace("{outside}", str(outside).removeprefix("/"))
    if is_package:
        files = {
            **package("thief", {"index.js": text.replace('"../../', '"../../../')}),
            "convex/a.ts": query("secret", 'import secret from "thief";\n'),
        }
    else:
        files = {"convex/a.ts": text}
    said = await folder.refusal(files)
    assert "of another project" not in said
    assert "root:" not in said
    assert "Could not" in said or "Cannot read" in said or "No loader" in said or "outside" in said


@pytest.mark.parametrize("target", ["secret.json", "package"])
async def test_links_do_not_lead_out_of_the_folder(folder, target):
    outside = folder.root.parent
    (outside / "secret.json").write_text(SECRET)
    (outside / "package").mkdir()
    (outside / "package" / "index.js").write_text(f"export default {SECRET};\n")
    (folder.root / "node_modules").mkdir()
    (folder.root / "node_modules" / "linked").symlink_to(outside / "package", target_is_directory=True)
    (folder.root / "convex").mkdir()
    (folder.root / "convex" / "data.json").symlink_to(outside / "secret.json")
    specifier = "linked" if target == "package" else "./data.json"
    said = await folder.refusal({"convex/a.ts": query("secret", f'import secret from "{specifier}";\n')})
    assert "of another project" not in said
    assert "convex/a.ts:1:20" in said or "data.json" in said


@pytest.mark.parametrize(
    ("specifier", "reason"),
    [
        ("lost", "There is no lost in node_modules: does the project's folder need an `npm install`?"),
        ("@scope/lost/deep", "There is no @scope/lost in node_modules"),
        ("hoisted", "with --functions {root}/convex."),
        ("linked", "node_modules/linked leads to {outside}/elsewhere. It lies outside of the project's folder"),
        ("../../elsewhere/index", "It lies outside of the project's folder, and nothing else is read."),
        ("./lost", 'a.ts:1:19: Could not resolve "./lost"'),
    ],
)
async def test_an_import_that_is_not_found_says_why(folder, specifier, reason):
    outside = folder.root.parent
    for place in ("elsewhere", "node_modules/hoisted"):
        (outside / place).mkdir(parents=True)
        (outside / place / "index.js").write_text("export default 1;\n")
    (folder.root / "node_modules").mkdir()
    (folder.root / "node_modules" / "linked").symlink_to(outside / "elsewhere", target_is_directory=True)
    said = await folder.refusal({"convex/a.ts": query("found", f'import found from "{specifier}";\n')})
    assert reason.format(root=folder.root.name, outside=outside.resolve()) in said


async def test_links_within_the_folder_are_followed(folder):
    store = "node_modules/.store/linked@1.0.0/linked"
    folder.write({f"{store}/index.js": 'export default "by a link";\n', f"{store}/package.json": "{}"})
    (folder.root / "node_modules" / "linked").symlink_to(".store/linked@1.0.0/linked")
    await folder.deploy({"convex/a.ts": query("text", 'import text from "linked";\n')})
    assert await folder.run("a:get") == "by a link"
