"""A project's way through its schemas: rows stay, indexes come and go, what contradicts rows is refused."""

from __future__ import annotations

from typing import Any

import pytest
import pytest_asyncio

from sandbox.engine import Deployment, close_pools
from tests.engine.fidelity.conftest import Project

CODE = """
export const insert = mutation(async (ctx, a: any) => await ctx.db.insert(a.table, a.value));
export const indexed = query(async (ctx, a: any) =>
  (await ctx.db.query("t" as any).withIndex(a.index ?? "by_x").collect()).map((row: any) => row.x ?? null));
export const count = query(async (ctx, a: any) => (await ctx.db.query("t" as any).collect()).length);
export const normalize = query(async (ctx, a: any) => ctx.db.normalizeId("t" as any, a.id));
"""
ANY = '{ t: defineTable(v.any()).index("by_x", ["x"]) }'


def numbers(index: str = "by_x") -> str:
    return f'{{ t: defineTable({{ x: v.optional(v.number()) }}).index("{index}", ["x"]) }}'


@pytest_asyncio.fixture
async def project(tmp_path: Any, tools: Any) -> Any:
    """Without a schema, with rows 3, 1, none and "s" in `t`."""
    deployment = await Deployment.open(tmp_path / "d", tools=tools)
    project = Project(deployment)
    await project.deploy(CODE)
    for value in ({"x": 3}, {"x": 1}, {}, {"x": "s"}):
        await project.mutation("insert", table="t", value=value)
    yield project
    await deployment.close()
    await close_pools()


async def test_an_index_declared_later_knows_the_rows_from_before(project):
    assert await project.error("indexed") == "Uncaught Error: Index t.by_x not found."
    await project.deploy(CODE, ANY)
    assert await project.query("indexed") == [None, 1, 3, "s"]


async def test_a_schema_against_the_rows_is_refused_and_the_old_one_stays(project):
    await project.deploy(CODE, ANY)
    problem = await project.try_deploy(CODE, numbers("other"))
    assert problem.startswith('Document with ID "')
    assert problem.endswith(
        '" in table "t" does not match the schema: Value does not match validator.\n'
        'Path: .x\nValue: "s"\nValidator: v.float64()'
    )
    assert await project.query("indexed") == [None, 1, 3, "s"]
    await project.mutation("insert", table="t", value={"x": "still any"})


async def test_an_index_is_dropped_renamed_and_declared_anew(project):
    await project.deploy(CODE, ANY)
    await project.deploy(CODE, ANY.replace("by_x", "by_y"))
    assert await project.error("indexed") == "Uncaught Error: Index t.by_x not found."
    assert await project.query("indexed", index="by_y") == [None, 1, 3, "s"]
    await project.deploy(CODE, ANY.replace('["x"]', '["y", "x"]'))
    assert await project.query("indexed") == [None, 1, 3, "s"]


async def test_a_staged_index_is_filled_and_not_to_be_queried(project):
    await project.deploy(CODE, ANY.replace('["x"]', '{ fields: ["x"], staged: true }'))
    text = "Index t.by_x is currently staged and not available to query until it is enabled."
    assert await project.error("indexed") == f"Uncaught Error: {text}"
    await project.deploy(CODE, ANY)
    assert await project.query("indexed") == [None, 1, 3, "s"]


async def test_rows_of_a_table_that_left_the_schema_stay(project):
    row = await project.mutation("insert", table="t", value={})
    await project.deploy(CODE, ANY)
    await project.deploy(CODE, "{}")
    assert await project.query("count") == 5
    assert await project.query("normalize", id=row) == row
    assert await project.error("indexed") == "Uncaught Error: Index t.by_x not found."
    await project.deploy(CODE, ANY)
    assert await project.query("indexed") == [None, None, 1, 3, "s"]


async def test_without_schema_validation_rows_may_be_anything(project):
    await project.deploy(CODE, numbers() + ", { schemaValidation: false }")
    await project.mutation("insert", table="t", value={"x": True})
    assert await project.query("indexed") == [None, 1, 3, True, "s"]
    assert await project.try_deploy(CODE, numbers()) != ""


async def test_a_table_that_the_schema_does_not_name_takes_any_row(project):
    await project.deploy(CODE, ANY)
    assert len(await project.mutation("insert", table="unheard", value={"x": [1]})) == 32


@pytest.mark.parametrize(
    ("table", "text"),
    [
        (
            '{ a: v.number() }).index("by_id", ["a"]',
            'In table "z" cannot name an index "by_id" because the name is reserved. '
            'Indexes may not start with an underscore or be named "by_id" or "by_creation_time".',
        ),
        (
            '{ a: v.number() }).index("i", ["b"] as any',
            'In table "z" the index "i" is invalid because it references the field "b" that does not exist.',
        ),
        (
            '{ a: v.number() }).index("i", ["a"]).index("j", ["a"]',
            'In table "z" index "j" and index "i" have the same fields. Indexes must be unique within a table.',
        ),
        ('{ a: v.number() }).index("i", []', 'In table "z" index "i" must have at least one field.'),
    ],
)
async def test_a_wrong_definition_is_refused(project, table, text):
    expected = f"Hit an error while evaluating your schema:\n{text}"
    assert await project.try_deploy(CODE, f"{{ z: defineTable({table}) }}") == expected


DOCS = "To learn more, see the schema documentation at https://docs.convex.dev/database/schemas."


@pytest.mark.parametrize(
    ("files", "text"),
    [
        ({"schema": "export const schema = 1;\n"}, f"Schema file missing default export. {DOCS}"),
        ({"schema": "export default null;\n"}, f"Schema file missing default export. {DOCS}"),
        ({"schema": "export default {};\n"}, f"Default export from schema file isn't a Convex schema. {DOCS}"),
        ({"schema": "throw new Error('boom');\nexport default 1;\n"}, "Uncaught Error: boom"),
        (
            {"schema": 'import { x } from "./broken";\nexport default x;\n', "broken": "export const x = null!.y;\n"},
            "Uncaught TypeError: Cannot read properties of null (reading 'y')",
        ),
        ({"schema": 'import { x } from "zod";\nexport default x;\n'}, 'Uncaught TypeError: Could not resolve "zod".'),
    ],
)
async def test_a_schema_that_does_not_load_says_so(project, files, text):
    sources = {f"convex/{path}.ts": code for path, code in files.items()}
    message = await project.try_deploy(CODE, files=sources)
    assert message.startswith(f"Hit an error while evaluating your schema:\n{text}")


@pytest.mark.parametrize(
    ("code", "text"),
    [
        (
            "export const $count = query(async () => 1);",
            "Invalid function name used in `m.js`: Invalid first character '$' in $count: "
            "Identifiers must start with an alphabetic character or underscore",
        ),
        (
            "export const naïve = mutation(async () => 1);",
            "Invalid function name used in `m.js`: Identifier naïve has invalid character 'ï': "
            "Identifiers can only contain alphanumeric characters or underscores",
        ),
        (
            "export const _ = query(async () => 1);",
            "Invalid function name used in `m.js`: Identifier _ cannot have exclusively underscores",
        ),
        ("export const f = query({ handler: 5 as any });", "m.js:f.handler is not a function."),
        (
            "export const f = query({ args: v.union(v.object({}), v.object({ a: v.any() })), handler: () => 1 });",
            "Invalid JSON returned from m.js:f.exportArgs(): Args validator must be an object or any",
        ),
        (
            "export const f = query({ args: { a: v.record(v.literal('x') as any, v.any()) }, handler: () => 1 });",
            "Invalid JSON returned from m.js:f.exportArgs(): Error in args validator: Invalid validator for key `a`: "
            "Records cannot have string literal keys\n"
            "See https://docs.convex.dev/functions/validation for docs on how to do argument validation.",
        ),
        (
            "export const f = query({ args: {}, returns: v.id('a b' as any), handler: async () => 1 as any });",
            "Invalid JSON returned from m.js:f.exportReturns(): Error in returns validator: "
            "Identifier a b has invalid character ' ': "
            "Identifiers can only contain alphanumeric characters or underscores\n"
            "See https://docs.convex.dev/functions/validation for docs on how to do return value validation.",
        ),
    ],
)
async def test_a_function_that_nobody_could_call_is_refused(project, code, text):
    assert await project.try_deploy(code) == text


async def test_names_of_other_exports_are_free(project):
    await project.deploy(
        "export const $one = 1; export const naïve = () => 2; export const _x = query(async () => naïve() + $one);"
    )
    assert await project.query("_x") == 3
