"""Imports of names that no module exports are found at deploy, and nothing else is taken for one."""

# ruff: noqa: E501 – the learner's code is laid out as TypeScript

from __future__ import annotations

import pytest

from sandbox.engine.errors import DeployError
from sandbox.engine.runtime.compile import compile_project

pytestmark = pytest.mark.asyncio(loop_scope="module")

UTIL = """export const a = 1;
export default 5;
export type T = { x: number };
export interface I { y: number }
export * from "./more";
export function fn() {}
export { a as renamed };
"""
MORE = 'export const deep = 2;\nexport * as ns from "./util";\n'
COMMON = "module.exports = { anything: 1 };\n"


async def problems(tools, code: str, **more: str):
    files = {"util": UTIL, "more": MORE, "folder/index": "export const inside = 1;\n", "m": code, **more}
    sources = {f"convex/{path}.ts": text for path, text in files.items()} | {"convex/common.js": COMMON}
    try:
        await compile_project(sources, tools)
    except DeployError as error:
        return [(problem.file, problem.line, problem.column, problem.message) for problem in error.problems]
    return []


def missing(name: str, file: str = "convex/util.ts") -> str:
    return f'No matching export in "{file}" for import "{name}"'


@pytest.mark.parametrize(
    ("code", "place", "message"),
    [
        ('import { gone } from "./util";\nexport const f = () => gone;\n', (1, 10), missing("gone")),
        ('import { a, gone as g } from "./util";\nexport const f = g(a);\n', (1, 13), missing("gone")),
        (
            'import five, {\n  fn,\n  gone,\n} from "./util";\nexport const f = [five, fn, gone];\n',
            (3, 3),
            missing("gone"),
        ),
        ('import more from "./more";\nexport const f = more;\n', (1, 8), missing("default", "convex/more.ts")),
        (
            "import { inside, out } from './folder';\nexport const f = inside + out;\n",
            (1, 18),
            missing("out", "convex/folder/index.ts"),
        ),
        (
            'import { nothing } from "./_generated/server";\nexport const f = nothing();\n',
            (1, 10),
            missing("nothing", "convex/_generated/server.js"),
        ),
    ],
)
async def test_a_name_that_is_not_exported_is_an_error_at_its_import(tools, code, place, message):
    assert await problems(tools, code) == [("convex/m.ts", *place, message)]


@pytest.mark.parametrize(
    "code",
    [
        'import five, { a, fn, renamed, deep, ns } from "./util.js";\nexport const f = [five, a, fn, renamed, deep, ns];\n',
        'import { T, type I } from "./util";\nexport const f = (t: T, i: I) => [t, i];\n',
        'import type { Gone } from "./util";\nexport const f = (gone: Gone) => gone;\n',
        'import { T } from "./util";\nexport { T };\n',
        'export { T, T as U } from "./util";\nexport * from "./more";\n',
        'import * as util from "./util";\nexport const f = (util as any).gone;\n',
        'import { anything, gone } from "./common";\nexport const f = [anything, gone];\n',
        'import { query } from "./_generated/server";\nimport { api, internal, components } from "./_generated/api";\n'
        "export const f = [query, api, internal, components];\n",
        'import { v } from "convex/values";\nexport const f = v.any();\n',
        'import { a } from "./util";\nexport const f = [a, `import_util.gone`, "import_util.gone"];\n',
        'import { f as g } from "./m";\nexport const f = () => g;\n',
    ],
)
async def test_what_is_exported_or_may_be_a_type_is_none(tools, code):
    assert await problems(tools, code) == []


async def test_modules_that_export_each_other_are_read_once(tools):
    ring = {"x": 'export * from "./y";\nexport const one = 1;\n', "y": 'export * from "./x";\nexport const two = 2;\n'}
    assert await problems(tools, 'import { one, two } from "./x";\nexport const f = one + two;\n', **ring) == []
    code = 'import { three } from "./x";\nexport const f = three;\n'
    assert await problems(tools, code, **ring) == [("convex/m.ts", 1, 10, missing("three", "convex/x.ts"))]
