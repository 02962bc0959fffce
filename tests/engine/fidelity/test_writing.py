"""insert, get, patch, replace, delete in both forms; what a mutation sees of itself; ids and creation times."""

# ruff: noqa: E501 – the learner's code is laid out as TypeScript

from __future__ import annotations

import base64

import pytest
import pytest_asyncio

from sandbox.engine.values import decode_id

pytestmark = pytest.mark.asyncio(loop_scope="module")

SCHEMA = """{
  users: defineTable({ name: v.string(), bio: v.optional(v.string()) }).index("name", ["name"]),
  posts: defineTable({ author: v.union(v.id("users"), v.null()), tags: v.array(v.string()), meta: v.record(v.string(), v.number()) }),
  any: defineTable(v.any()),
}"""
CODE = """
const write = (f: (db: any, a: any) => any) => mutation(async (ctx, args: any) => await f(ctx.db, args));
export const insert = write((db, a) => db.insert(a.table, a.value));
export const get = write((db, a) => (a.table ? db.get(a.table, a.id) : db.get(a.id)));
export const patch = write((db, a) => (a.table ? db.patch(a.table, a.id, a.value) : db.patch(a.id, a.value)));
export const replace = write((db, a) => (a.table ? db.replace(a.table, a.id, a.value) : db.replace(a.id, a.value)));
export const remove = write((db, a) => (a.table ? db.delete(a.table, a.id) : db.delete(a.id)));
export const forget = write((db, a) => db.patch(a.id, { bio: undefined }));
export const normalize = write((db, a) => ["users", "posts", "nowhere"].map((table) => db.normalizeId(table, a.id)));
export const normalizeTo = write((db, a) => db.normalizeId(a.table, a.id));
export const roundTrip = write(async (db, a) => { const row = await db.get(a.id); await db.replace(a.id, row); await db.patch(a.id, row); });
export const ownWrites = write(async (db) => {
  const ids = await Promise.all(["p", "q", "r", "s"].map((name) => db.insert("users", { name })));
  await db.delete(ids[0]);
  await db.patch(ids[1], { name: "z" });
  await db.replace("users", ids[2], { name: "y", bio: "b" });
  const rows = await db.query("users").withIndex("name", (q: any) => q.gte("name", "p")).order("desc").collect();
  return [await db.get(ids[0]), rows.map((row: any) => row.name)];
});
export const newTable = write(async (db) => {
  const id = await db.insert("fresh", { a: 1 });
  return [(await db.get("fresh", id)).a, (await db.query("fresh").collect()).length, db.normalizeId("fresh", id) === id];
});
export const times = write(async (db) => {
  const ids = await Promise.all([1, 2, 3].map((n) => db.insert("any", { n })));
  const rows = await Promise.all(ids.map((id) => db.get(id)));
  const [a, b, c] = rows.map((row: any) => row._creationTime);
  return [rows.map((row: any) => row.n), a < b && b < c, Math.abs(a - Date.now()) < 1000, ids.map((id: any) => id.length)];
});
export const fails = write(async (db) => { await db.insert("users", { name: "ghost" }); throw new ConvexError({ why: "no" }); });
export const catches = write(async (db) => {
  await db.insert("users", { name: "kept" });
  try { await db.insert("users", { name: 5 }); } catch (error: any) { return error.message.split("\\n")[0]; }
});
export const names = query(async (ctx) => (await ctx.db.query("users").collect()).map((row) => row.name));
export const deep = write((db) => { let x: any = 1; for (let i = 0; i < 17; i++) x = { x }; return db.insert("any", x); });
export const long = write((db) => db.insert("any", { a: new Array(8193).fill(1) }));
export const wide = write((db) => db.insert("any", Object.fromEntries([...Array(1025).keys()].map((n) => ["f" + n, n]))));
export const sized = write(async (db, a) => {
  const body = { s: "x".repeat(a.length) };
  if (a.method === "insert") return (await db.get(await db.insert("any", body))).s.length;
  const id = await db.insert("any", {});
  await db[a.method](id, body);
  return (await db.get(id)).s.length;
});
"""


@pytest_asyncio.fixture(scope="module", loop_scope="module", autouse=True)
async def live(project):
    await project.deploy(CODE, SCHEMA)


@pytest_asyncio.fixture(loop_scope="module")
async def ann(project):
    return await project.mutation("insert", table="users", value={"name": "Ann"})


async def fields(project, row):
    document = await project.mutation("get", id=row)
    return {name: value for name, value in document.items() if not name.startswith("_")}


@pytest.mark.parametrize("table", [{}, {"table": "users"}])
async def test_both_forms_write_the_same(project, ann, table):
    await project.mutation("patch", id=ann, value={"bio": "b"}, **table)
    assert await fields(project, ann) == {"name": "Ann", "bio": "b"}
    await project.mutation("replace", id=ann, value={"name": "Bea"}, **table)
    assert await fields(project, ann) == {"name": "Bea"}
    assert (await project.mutation("get", id=ann, **table))["_id"] == ann
    await project.mutation("remove", id=ann, **table)
    assert await project.mutation("get", id=ann, **table) is None


@pytest.mark.parametrize("method", ["get", "patch", "replace", "remove"])
async def test_the_named_table_must_be_the_ids(project, ann, method):
    text = await project.error(method, kind="mutation", id=ann, table="posts", value={})
    db = method.replace("remove", "delete")
    assert (
        text
        == f'Uncaught Error: Invalid argument `id` for `db.{db}`: expected to be an Id<"posts">, got Id<"users"> instead.'
    )
    bad = await project.error(method, kind="mutation", id="zz", value={})
    assert bad == f"Uncaught Error: Invalid argument `id` for `db.{db}`: Unable to decode ID: Invalid ID length 2"


async def test_a_patch_with_undefined_removes_the_field(project, ann):
    await project.mutation("patch", id=ann, value={"bio": "b"})
    await project.mutation("forget", id=ann)
    assert await fields(project, ann) == {"name": "Ann"}


async def test_a_row_may_be_written_back_with_its_system_fields(project, ann):
    before = await project.mutation("get", id=ann)
    await project.mutation("roundTrip", id=ann)
    assert await project.mutation("get", id=ann) == before


@pytest.mark.parametrize(("method", "verb"), [("patch", "Update"), ("replace", "Replace"), ("remove", "Delete")])
async def test_a_row_that_is_gone_cannot_be_written(project, ann, method, verb):
    await project.mutation("remove", id=ann)
    text = await project.error(method, kind="mutation", id=ann, value={"name": "x"})
    assert text == f"Uncaught Error: {verb} on nonexistent document ID {ann}"


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (
            {"author": "zz", "tags": [], "meta": {}},
            'Path: .author\nValue: "zz"\nValidator: v.union(v.id("users"), v.null())',
        ),
        ({"author": None, "tags": ["a", 1], "meta": {}}, "Path: .tags[1]\nValue: 1.0\nValidator: v.string()"),
        ({"author": None, "tags": [], "meta": {"a": "b"}}, 'Path: .meta.values()\nValue: "b"\nValidator: v.float64()'),
    ],
)
async def test_the_schema_is_checked_at_the_insert(project, value, reason):
    text = await project.error("insert", kind="mutation", table="posts", value=value)
    start = 'Failed to insert or update a document in table "posts" because it does not match the schema'
    assert text == f"Uncaught Error: {start}: Value does not match validator.\n{reason}"


async def test_a_mutation_sees_its_own_writes(project):
    assert await project.mutation("ownWrites") == [None, ["z", "y", "s"]]
    assert await project.mutation("newTable") == [1, 1, True]


async def test_creation_times_follow_the_order_of_inserts(project):
    assert await project.mutation("times") == [[1, 2, 3], True, True, [32, 32, 32]]


async def test_an_id_is_normalised_for_its_own_table_only(project, ann):
    assert await project.mutation("normalize", id=ann) == [ann, None, None]
    assert await project.mutation("normalize", id="zz") == [None, None, None]
    old = base64.urlsafe_b64encode(decode_id(ann)[1]).decode().rstrip("=")
    assert await project.mutation("normalizeTo", table="users", id=old) == ann
    text = await project.error("normalizeTo", kind="mutation", table="1x", id=ann)
    assert text.startswith("Uncaught Error: Invalid argument `table` for `db.normalizeId`: Invalid first character")


async def test_a_mutation_that_throws_leaves_nothing_and_one_that_catches_goes_on(project):
    assert await project.error("fails", kind="mutation") == 'Uncaught ConvexError: {"why":"no"}'
    assert "does not match the schema: Value does not match validator." in await project.mutation("catches")
    names = await project.query("names")
    assert "kept" in names
    assert "ghost" not in names


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("long", "Invalid argument `value` for `db.insert`: Array length is too long (8193 > maximum length 8192)"),
        ("wide", "Invalid argument `value` for `db.insert`: Object has too many fields (1025 > maximum number 1024)"),
    ],
)
async def test_a_document_has_bounds(project, name, text):
    assert await project.error(name, kind="mutation") == f"Uncaught Error: {text}"


NESTED = "{x: " * 16 + "1.0" + "}" * 16


async def test_a_document_nests_sixteen_levels(project):
    text = await project.error("deep", kind="mutation")
    assert text.startswith("Uncaught Error: Document(value: {_creationTime: ")
    assert text.endswith(
        f", x: {NESTED}}}) isn't a valid document: Document is too nested (nested 17 levels deep > maximum nesting 16)"
    )


# {_creationTime: 9 bytes, _id: 32 and 2, s: the text and 2} with a byte for each name's end and two for the object.
AROUND_THE_TEXT = (len("_creationTime") + 1 + 9) + (len("_id") + 1 + 34) + (len("s") + 1 + 2) + 2


@pytest.mark.parametrize("method", ["insert", "replace", "patch"])
async def test_a_document_weighs_a_mebibyte_with_its_system_fields(project, method):
    most = 2**20 - AROUND_THE_TEXT
    assert await project.mutation("sized", method=method, length=most) == most
    text = await project.error("sized", kind="mutation", method=method, length=most + 1)
    assert text == "Uncaught Error: Value is too large (1.00 MiB > maximum size 1 MiB)"


async def test_only_top_level_fields_may_not_start_with_an_underscore(project, ann):
    user = await project.mutation("get", id=ann)
    value = {"user": user, "list": [{"_type": "a"}], "__typename": "b", "_tag": "c"}
    text = await project.error("insert", kind="mutation", table="any", value=value)
    reason = "starts with an underscore, which is only allowed for system fields like '_id'"
    assert text.startswith('Uncaught Error: Document(value: {__typename: "b", _creationTime: ')
    assert text.endswith(f"}}) isn't a valid document: Field '__typename' {reason}\n Field '_tag' {reason}")
    nested = {"user": user, "list": [{"_type": "a"}]}
    row = await project.mutation("insert", table="any", value=nested)
    assert await fields(project, row) == nested
