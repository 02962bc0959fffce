"""What a deploy learns of a project, and how a project that does not load is refused."""

from __future__ import annotations

import json

import pytest

from sandbox.engine.errors import DeployError
from tests.engine.runtime.conftest import IMPORTS, query

pytestmark = pytest.mark.asyncio(loop_scope="module")

SCHEMA = """import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";
export default defineSchema({ rows: defineTable({ n: v.number() }).index("by_n", ["n"]) });
"""


async def refusal(learner, **files):
    with pytest.raises(DeployError) as caught:
        await learner.deploy(**files)
    return caught.value


def places(error):
    return [(problem.file, problem.line, problem.column) for problem in error.problems]


async def test_functions_are_listed_with_kind_visibility_validators_and_line(learner):
    source = IMPORTS + (
        "export const list = query({ args: { n: v.number() }, returns: v.null(), handler: async () => null });\n"
        "const hidden = internalMutation(async () => 1);\n"
        "export { hidden as shown };\n"
        "export default action(async () => 1);\n"
        "export const notAFunction = 1, helper = () => 2;\n"
    )
    functions = (await learner.deploy(code=source)).functions
    assert {path: (info.kind, info.visibility, info.line) for path, info in functions.items()} == {
        "code:list": ("query", "public", 3),
        "code:shown": ("mutation", "internal", 4),
        "code:default": ("action", "public", 6),
    }
    assert functions["code:list"].args["value"] == {"n": {"fieldType": {"type": "number"}, "optional": False}}
    assert (functions["code:list"].returns, functions["code:shown"].returns) == ({"type": "null"}, None)
    assert {info.file for info in functions.values()} == {"convex/code.ts"}


async def test_the_schema_is_exported(learner):
    analysis = await learner.deploy(schema=SCHEMA)
    assert json.loads(analysis.schema_json)["tables"][0]["indexes"] == [{"indexDescriptor": "by_n", "fields": ["n"]}]


async def test_a_project_without_a_schema_has_none(learner):
    assert (await learner.deploy(code=query("return 1;"))).schema_json is None


async def test_modules_import_each_other(learner):
    await learner.deploy(
        **{
            "lib/math": 'import { base } from "../base";\nexport const twice = (n: number) => base * n;\n',
            "base": "export const base = 2;\n",
            "code": 'import { twice } from "./lib/math.js";\nimport * as all from "./base";\n'
            + query("return twice(4) + all.base;"),
        }
    )
    assert (await learner.call()).value_json == "10"


@pytest.mark.parametrize(
    "specifier", ["lodash", "./nowhere", "../outside", "file:///etc/passwd", "/etc/passwd", "node:fs", "_generated/api"]
)
async def test_an_unknown_import_is_refused_at_its_place(learner, specifier):
    error = await refusal(learner, code=f'\nimport {{ x }} from "{specifier}";\nexport const y = x;\n')
    assert places(error) == [("convex/code.ts", 2, 19)]
    assert f'Could not resolve "{specifier}"' in error.message


async def test_a_throw_at_import_time_has_its_mapped_place(learner):
    error = await refusal(learner, code="interface A { b: 1 }\n\n  throw new Error('top');\n")
    assert places(error) == [("convex/code.ts", 3, 9)]
    assert error.message == "Uncaught Error: top\n    at <anonymous> (../convex/code.ts:3:9)\n"


async def test_the_database_is_out_of_reach_while_modules_load(learner):
    error = await refusal(learner, code="declare const Convex: any;\nConvex.syscall('1.0/queryStream', '{}');\n")
    assert "Can't use database at import time" in error.message


@pytest.mark.parametrize(
    ("schema", "text", "place"),
    [
        ("export const schema = 1;\n", "Schema file missing default export", (1, 1)),
        ("const a = 1;\n\nexport default a;\n", "isn't a Convex schema", (1, 7)),
        ("export default {\n  export() { throw new Error('no'); } };\n", "Uncaught Error: no", (1, 1)),
    ],
)
async def test_a_file_that_exports_no_schema_is_refused(learner, schema, text, place):
    error = await refusal(learner, schema=schema)
    assert text in error.message
    assert places(error)[0][0] == "convex/schema.ts"


async def test_an_undefined_validator_is_refused_at_the_export(learner):
    error = await refusal(
        learner, code=IMPORTS + "\nexport const f = query({ args: { x: undefined as any }, handler: () => 1 });\n"
    )
    assert places(error)[0][:2] == ("convex/code.ts", 4)


async def test_modules_that_never_finish_loading_are_refused(learner):
    error = await refusal(learner, code="for (;;) {}\nexport {};\n")
    assert error.code == "LoadTimedOut"


async def test_a_refused_project_leaves_the_one_before_live(learner):
    await learner.deploy(code=query("return 'old';"))
    for broken in ("throw new Error('x');", "for (;;) {}", "export default ;", 'import "./nowhere";'):
        await refusal(learner, code=broken)
        assert (await learner.call()).value_json == '"old"'


async def test_a_project_whose_exports_cannot_be_read_is_refused(learner):
    await learner.deploy(code=query("return 'old';"))
    error = await refusal(learner, code="(Array.prototype as any).toJSON = () => 5;\n" + query("return 'new';"))
    assert error.code == "AnalysisFailed"
    assert (await learner.call()).value_json == '"old"'
