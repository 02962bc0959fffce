"""Schemas from their exported JSON: what is kept, what is refused at push, and documents against them."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.engine.errors import DeployError, LearnerError
from sandbox.engine.schema import (
    ANY,
    IndexDefinition,
    SchemaDefinition,
    SearchIndexDefinition,
    VectorIndexDefinition,
)
from tests.engine.schema.strategies import Tables

PREFIX = "Hit an error while evaluating your schema:\n"
TEXT = {"fieldType": {"type": "string"}, "optional": False}
VECTOR = {"fieldType": {"type": "array", "value": {"type": "number"}}, "optional": True}
DOCUMENT = {"type": "object", "value": {"a": TEXT, "b": TEXT, "c": TEXT, "v": VECTOR}}


def index(name, *fields):
    return {"indexDescriptor": name, "fields": list(fields)}


def search_index(name, field, *filter_fields):
    return {"indexDescriptor": name, "searchField": field, "filterFields": list(filter_fields)}


def vector_index(name, field, *filter_fields, dimensions=3):
    return {
        "indexDescriptor": name,
        "vectorField": field,
        "dimensions": dimensions,
        "filterFields": list(filter_fields),
    }


def table(name="t", *indexes, document=DOCUMENT, **others):
    return {"tableName": name, "indexes": list(indexes), "documentType": document, **others}


def parse(*tables, validation=True):
    return SchemaDefinition.parse(json.dumps({"tables": tables, "schemaValidation": validation}))


def refusal(*tables, validation=True):
    with pytest.raises(DeployError) as caught:
        parse(*tables, validation=validation)
    assert caught.value.message.startswith(PREFIX)
    return caught.value.code, caught.value.message.removeprefix(PREFIX)


def message(*tables):
    return refusal(*tables)[1]


# --- what is kept


def test_indexes_keep_their_fields_and_know_their_key():
    schema = parse(table("t", index("by_b", "b", "a"), stagedDbIndexes=[index("by_a", "a")]))
    by_a, by_b = schema.tables["t"].indexes
    assert by_a == IndexDefinition("by_a", ("a",), staged=True)
    assert by_b.fields == ("b", "a")
    assert by_b.key_fields == ("b", "a", "_creationTime", "_id")


def test_a_nested_field_is_a_path():
    document = {"type": "object", "value": {"a": {"fieldType": DOCUMENT, "optional": False}}}
    (by_nested,) = parse(table("t", index("by_nested", "a.b"), document=document)).tables["t"].indexes
    assert by_nested.key_paths == (("a", "b"), ("_creationTime",), ("_id",))


def test_search_and_vector_indexes_are_kept():
    schema = parse(
        table("t", searchIndexes=[search_index("s", "a", "b")], stagedVectorIndexes=[vector_index("v", "v")])
    )
    assert schema.tables["t"].search_indexes == (SearchIndexDefinition("s", "a", ("b",)),)
    assert schema.tables["t"].vector_indexes == (VectorIndexDefinition("v", "v", 3, (), staged=True),)


def test_a_document_type_says_nothing_of_system_fields():
    with_system_fields = {"type": "object", "value": {"_id": TEXT, "a": TEXT, "_creationTime": TEXT}}
    assert str(parse(table(document=with_system_fields)).tables["t"].document_type) == "v.object({a: v.string()})"
    union = {"type": "union", "value": [with_system_fields, DOCUMENT]}
    assert str(parse(table(document=union)).tables["t"].document_type).startswith("v.union(v.object({a: v.string()}),")


def test_what_may_be_left_out():
    schema = SchemaDefinition.parse('{"tables":[{"tableName":"t","indexes":[]}]}')
    assert schema.tables["t"].document_type == ANY
    assert not schema.schema_validation


@given(st.booleans(), st.permutations(["t", "u", "v"]))
def test_a_schema_is_equal_to_what_its_text_gives(validation, names):
    schema = parse(*(table(name, index("by_a", "a")) for name in names), validation=validation)
    assert SchemaDefinition.parse(schema.json_text) == schema
    assert list(schema.tables) == ["t", "u", "v"]
    assert SchemaDefinition.parse(SchemaDefinition.EMPTY.json_text) == SchemaDefinition.EMPTY


# --- what is refused at push


def test_an_index_without_fields():
    assert refusal(table("t", index("i"))) == (
        "EmptyIndex",
        'In table "t" index "i" must have at least one field.',
    )
    assert message(table("t", stagedDbIndexes=[index("i")])) == (
        'In table "t" staged index "i" must have at least one field.'
    )


def test_a_field_twice():
    assert refusal(table("t", index("i", "a", "b", "a"))) == (
        "FieldsNotUniqueWithinIndex",
        'In table "t": In index "i": Duplicate field "a". Index fields must be unique within an index.',
    )


def test_two_indexes_on_the_same_fields():
    assert refusal(table("t", index("by_x", "a", "b"), stagedDbIndexes=[index("by_y", "a", "b")])) == (
        "IndexNotUnique",
        'In table "t" index "by_y" and index "by_x" have the same fields. Indexes must be unique within a table.',
    )


def test_the_id_as_an_index_field():
    assert refusal(table("t", index("i", "_id"))) == (
        "IndexFieldsContainId",
        'In table "t": In index "i": `_id` is not a valid index field. To load documents by ID, use `db.get(id)`.',
    )


@pytest.mark.parametrize("fields", [["_creationTime"], ["a", "_creationTime"]])
def test_the_creation_time_as_an_index_field(fields):
    assert refusal(table("t", index("i", *fields))) == (
        "IndexFieldsContainCreationTime",
        "`_creationTime` is automatically added to the end of each index. It should not be added explicitly in the "
        "index definition. See https://docs.convex.dev/using/indexes for more details.",
    )


@pytest.mark.parametrize("path", ["_x", "a._x"])
def test_a_reserved_index_field(path):
    assert refusal(table("t", index("i", path))) == (
        "IndexFieldNameReserved",
        "Reserved fields (starting with `_`) are not allowed in indexes.",
    )


@pytest.mark.parametrize("path", ["", "a b", "a..b", "1", 5])
def test_an_index_field_that_is_no_path(path):
    assert refusal(table("t", index("i", path))) == (
        "InvalidIndexField",
        f'In table "t": In index "i": Invalid index field: "{path}"',
    )


@pytest.mark.parametrize("name", ["by_id", "by_creation_time", "_mine"])
@pytest.mark.parametrize("kind", ["indexes", "searchIndexes"])
def test_a_reserved_index_name(name, kind):
    made = index(name, "a") if kind == "indexes" else search_index(name, "a")
    assert refusal(table("t", **{kind: [made]}) if kind != "indexes" else table("t", made)) == (
        "IndexNameReserved",
        f'In table "t" cannot name an index "{name}" because the name is reserved. '
        'Indexes may not start with an underscore or be named "by_id" or "by_creation_time".',
    )


def test_an_index_name_twice():
    expected = ("IndexNamesNotUnique", 'Table "t" has two or more definitions of index "i".')
    assert refusal(table("t", index("i", "a"), index("i", "b"))) == expected
    assert refusal(table("t", index("i", "a"), vectorIndexes=[vector_index("i", "b")])) == expected


@pytest.mark.parametrize("name", ["", "a-b", "1a", "x" * 65])
def test_an_index_name_that_is_no_identifier(name):
    assert refusal(table("t", index(name, "a"))) == (
        "InvalidIndexName",
        f'In table "t": Invalid index name: "{name}". Identifiers must be 64 characters or less, '
        "start with a letter, and only contain letters, digits, underscores.",
    )


@pytest.mark.parametrize("name", ["", "a b", "1a", "___"])
def test_a_table_name_that_is_no_identifier(name):
    assert refusal(table(name)) == (
        "InvalidTableName",
        f'Invalid table name: "{name}". '
        "Identifiers must start with a letter and can only contain letters, digits, and underscores.",
    )


def test_a_reserved_table_name():
    assert refusal(table("_users")) == ("TableNameReserved", "_users is a reserved table name.")


def wide_document(count):
    return {"type": "object", "value": {f"f{n}": TEXT for n in range(count)}}


def test_an_index_has_up_to_16_fields_with_the_creation_time():
    names = [f"f{n}" for n in range(17)]
    parse(table("t", index("i", *names[:15]), document=wide_document(17)))
    assert refusal(table("t", index("i", *names[:16]), document=wide_document(17))) == (
        "IndexTooManyFields",
        "Indexes may have up to 16 fields.",
    )
    assert refusal(table("t", index("i", *names), document=wide_document(17))) == (
        "IndexTooManyFields",
        'In table "t": In index "i": Indexes may have up to 16 fields.',
    )


def test_a_search_index_has_up_to_16_filter_fields():
    names = [f"f{n}" for n in range(17)]
    parse(table(document=wide_document(17), searchIndexes=[search_index("s", "f0", *names[:16])]))
    assert refusal(table(document=wide_document(17), searchIndexes=[search_index("s", "f0", *names)])) == (
        "IndexTooManyFilterFields",
        'In table "t": Search indexes may have up to 16 filter fields.',
    )


def test_search_indexes_of_one_field_differ_in_their_filter_fields():
    parse(table(searchIndexes=[search_index("s", "a"), search_index("u", "a", "b")]))
    assert refusal(
        table(searchIndexes=[search_index("u", "a", "b")], stagedSearchIndexes=[search_index("s", "a", "b")])
    ) == (
        "SearchIndexFieldNotUnique",
        'In table "t" search index "u" and search index "s" have the same `searchField`. Search index fields must be '
        "unique within a table. You should combine the\n             indexes with the same `searchField` into one "
        "index containing all `filterField`s and then use different subsets of the `filterField`s at query time.",
    )


def test_vector_indexes_of_one_field_differ_in_their_dimensions():
    parse(table(vectorIndexes=[vector_index("s", "v"), vector_index("u", "v", dimensions=4)]))
    code, text = refusal(table(vectorIndexes=[vector_index("s", "v"), vector_index("u", "v", "a")]))
    assert code == "VectorIndexFieldNotUnique"
    assert text.startswith(
        'In table "t" vector index "u" and vector index "s" have the same `vectorField`. Vector index'
    )


@pytest.mark.parametrize("dimensions", [0, 1, 4097, 2.5, -3])
def test_a_vector_has_2_to_4096_dimensions(dimensions):
    parse(
        table(vectorIndexes=[vector_index("s", "v", dimensions=2)]),
        table("u", vectorIndexes=[vector_index("s", "v", dimensions=4096)]),
    )
    assert refusal(table(vectorIndexes=[vector_index("s", "v", dimensions=dimensions)])) == (
        "InvalidVectorDimensionError",
        f'In table "t": Dimensions {dimensions} must be between 2 and 4096.',
    )


@pytest.mark.parametrize("field", ["a", "v.x"])
def test_a_vector_index_is_on_a_field_that_may_hold_floats(field):
    made = table(
        vectorIndexes=[vector_index("s", field)],
        document={"type": "object", "value": {"a": TEXT, "v": {"fieldType": DOCUMENT, "optional": False}, "x": TEXT}},
    )
    if field == "v.x":
        made["documentType"]["value"]["v"] = {"fieldType": {"type": "object", "value": {"x": TEXT}}, "optional": False}
    assert refusal(made) == (
        "SchemaDefinitionError",
        f'In table "t" the vector index "s" is invalid because it references the field "{field}" that is neither an '
        "array of float64 or optional array of float64.",
    )
    parse(made, validation=False)


@pytest.mark.parametrize("kind", [{"type": "any"}, {"type": "union", "value": [{"type": "null"}, VECTOR["fieldType"]]}])
def test_a_vector_index_takes_what_may_be_a_vector(kind):
    document = {"type": "object", "value": {"v": {"fieldType": kind, "optional": False}}}
    parse(table(vectorIndexes=[vector_index("s", "v")], document=document))


def test_a_table_has_up_to_64_indexes_of_all_kinds_together():
    indexes = [index(f"i{n}", f"f{n}") for n in range(62)]
    others = {"searchIndexes": [search_index("s", "f0")], "stagedDbIndexes": [index("staged", "f62")]}
    parse(table("t", *indexes, document=wide_document(70), **others))
    assert refusal(table("t", *indexes, index("one_more", "f63"), document=wide_document(70), **others)) == (
        "TooManyIndexes",
        'Table "t" cannot have more than 64 indexes.',
    )


@pytest.mark.parametrize("place", ["indexes", "stagedDbIndexes", "searchIndexes", "filterFields", "vectorIndexes"])
def test_an_index_on_a_field_that_no_document_has(place):
    made = {
        "indexes": table("t", index("i", "a", "x.y")),
        "stagedDbIndexes": table("t", stagedDbIndexes=[index("i", "x.y")]),
        "searchIndexes": table("t", searchIndexes=[search_index("i", "x.y")]),
        "filterFields": table("t", searchIndexes=[search_index("i", "a", "x.y")]),
        "vectorIndexes": table("t", vectorIndexes=[vector_index("i", "x.y")]),
    }[place]
    assert refusal(made) == (
        "SchemaDefinitionError",
        'In table "t" the index "i" is invalid because it references the field "x.y" that does not exist.',
    )
    parse(made, validation=False)


def test_an_index_on_a_field_that_some_document_has():
    other = {"type": "object", "value": {"x": {"fieldType": {"type": "any"}, "optional": True}}}
    parse(table("t", index("i", "x.y.z"), document={"type": "union", "value": [DOCUMENT, other]}))
    parse(table("t", index("i", "x"), document={"type": "any"}))


@pytest.mark.parametrize(
    ("document", "shown"),
    [
        ({"type": "string"}, "v.string()"),
        ({"type": "union", "value": [DOCUMENT, {"type": "null"}]}, "v.null()"),
        ({"type": "array", "value": DOCUMENT}, None),
    ],
)
def test_a_document_type_that_is_no_object(document, shown):
    fields = "a: v.string(), b: v.string(), c: v.string(), v: v.optional(v.array(v.float64()))"
    shown = shown or f"v.array(v.object({{{fields}}}))"
    expected = (
        "InvalidTopLevelTypeInSchemaError",
        "The document validator in a schema must be an object, a union of objects, or `v.any()`. "
        f"Found {shown}. "
        "To learn more, see the schema documentation at https://docs.convex.dev/database/schemas.",
    )
    assert refusal(table(document=document)) == expected
    assert refusal(table(stagedDocumentType=document)) == expected


def test_a_validator_that_does_not_parse():
    document = {"type": "object", "value": {"a": {"fieldType": {"type": "commitTs"}, "optional": False}}}
    assert message(table(document=document)) == (
        "Invalid validator for key `a`: `v.commitTs()` is not available in this sandbox."
    )


def test_too_many_tables():
    assert refusal(*(table(f"t{n}") for n in range(10_001))) == (
        "TooManyTables",
        "Number of tables cannot exceed 10000.",
    )


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"tables":{}}', '{"tables":[1]}', '{"tables":[{"tableName":1}]}', "[" * 100_000]
)
def test_text_of_another_shape(text):
    with pytest.raises(DeployError) as caught:
        SchemaDefinition.parse(text)
    assert caught.value.code == "InvalidSchema"


# --- documents


def test_a_document_is_checked_before_it_is_written():
    schema = parse(table("t"))
    schema.check_document("t", {"a": "", "b": "", "c": ""}, Tables())
    with pytest.raises(LearnerError) as caught:
        schema.check_document("t", {"a": 1.0, "b": "", "c": ""}, Tables())
    assert caught.value.code == "SchemaEnforcementError"
    assert caught.value.message == (
        'Failed to insert or update a document in table "t" because it does not match the schema: '
        "Value does not match validator.\nPath: .a\nValue: 1.0\nValidator: v.string()"
    )


def test_unknown_tables_and_schemas_without_validation_take_any_document():
    parse(table("t")).check_document("other", {"x": 1.0}, Tables())
    parse(table("t"), validation=False).check_document("t", {"x": 1.0}, Tables())
    SchemaDefinition.EMPTY.check_document("t", {"x": 1.0}, Tables())
