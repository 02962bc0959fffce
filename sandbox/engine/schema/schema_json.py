"""The JSON text of `schema.export()` to a SchemaDefinition, with every definition error.

Source: docs/spec/semantics.md §3 ("Definition errors at push") and runtime-abi.md §3; the order of the checks is
the backend's (`common/src/schemas/json.rs`, `indexed_fields.rs`, `application/src/lib.rs`): each table as it
comes, then the index fields of all tables, then whether these fields can exist.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from types import MappingProxyType
from typing import Any, NoReturn, TypeVar

from sandbox.engine.errors import DeployError, LearnerError
from sandbox.engine.limits import (
    INDEX_FIELDS_MAX,
    INDEXES_PER_TABLE_MAX,
    SEARCH_FILTER_FIELDS_MAX,
    TABLES_MAX,
    VECTOR_DIMENSIONS,
)
from sandbox.engine.schema.definitions import (
    CREATION_TIME_FIELD,
    ID_FIELD,
    AnyIndexDefinition,
    IndexDefinition,
    SchemaDefinition,
    SearchIndexDefinition,
    TableDefinition,
    VectorIndexDefinition,
)
from sandbox.engine.schema.subset import can_contain_field, can_contain_vector
from sandbox.engine.schema.validator_json import parse_validator
from sandbox.engine.schema.validators import ANY, ObjectValidator, UnionValidator, Validator
from sandbox.engine.values import identifier_problem

PREFIX = "Hit an error while evaluating your schema:\n"
_RESERVED_INDEX_NAMES = ("by_id", "by_creation_time")

_Index = TypeVar("_Index", IndexDefinition, SearchIndexDefinition, VectorIndexDefinition)


def parse_schema(json_text: str) -> SchemaDefinition:
    """Raises DeployError whose message starts with Convex's prefix and whose code is Convex's."""
    try:
        json_text.encode()  # half a surrogate pair, which JavaScript allows, can be neither stored nor sent
        return _parse_schema(json.loads(json_text), json_text)
    except (ValueError, RecursionError):
        raise DeployError(f"{PREFIX}The schema is not JSON", code="InvalidSchema") from None
    except LearnerError as error:
        raise DeployError(PREFIX + error.message, code=error.code) from None


def _parse_schema(exported: Any, json_text: str) -> SchemaDefinition:
    tables = [_parse_table(table) for table in _part(exported, "tables", list)]
    if len(tables) > TABLES_MAX:
        _refuse("TooManyTables", f"Number of tables cannot exceed {TABLES_MAX}.")
    tables.sort(key=lambda table: table.name)
    for table in tables:
        for index in sorted(table.indexes, key=lambda index: index.staged):
            _check_appendable(index.fields)
    schema_validation = _optional_part(exported, "schemaValidation", bool, False)
    if schema_validation:
        for table in tables:
            _check_references(table)
    return SchemaDefinition(MappingProxyType({table.name: table for table in tables}), schema_validation, json_text)


def _parse_table(exported: Any) -> TableDefinition:
    name = _part(exported, "tableName", str)
    document_type = _parse_document_type(exported)
    _check_table_name(name)
    groups = {
        key: (_optional_part(exported, key, list, []), _optional_part(exported, staged_key, list, []))
        for key, staged_key in _INDEX_KEYS
    }
    if sum(len(live) + len(staged) for live, staged in groups.values()) > INDEXES_PER_TABLE_MAX:
        _refuse("TooManyIndexes", f'Table "{name}" cannot have more than {INDEXES_PER_TABLE_MAX} indexes.')
    try:
        indexes = _parse_indexes(groups["indexes"], _parse_index)
        search_indexes = _parse_indexes(groups["searchIndexes"], _parse_search_index)
        vector_indexes = _parse_indexes(groups["vectorIndexes"], _parse_vector_index)
    except LearnerError as error:
        raise LearnerError(f'In table "{name}": {error.message}', code=error.code) from None
    _check_not_empty(name, indexes)
    _check_fields_differ(name, indexes)
    _check_search_fields_differ(name, search_indexes)
    _check_vector_fields_differ(name, vector_indexes)
    _check_index_names(name, [*indexes, *search_indexes, *vector_indexes])
    return TableDefinition(name, document_type, _by_name(indexes), _by_name(search_indexes), _by_name(vector_indexes))


_INDEX_KEYS = (
    ("indexes", "stagedDbIndexes"),
    ("searchIndexes", "stagedSearchIndexes"),
    ("vectorIndexes", "stagedVectorIndexes"),
)


def _check_table_name(name: str) -> None:
    if identifier_problem(name) is not None:
        _refuse(
            "InvalidTableName",
            f'Invalid table name: "{name}". '
            "Identifiers must start with a letter and can only contain letters, digits, and underscores.",
        )
    if name.startswith("_"):
        _refuse("TableNameReserved", f"{name} is a reserved table name.")


# --- the validator of a table's documents


def _parse_document_type(exported: Any) -> Validator:
    if exported.get("stagedDocumentType") is not None:
        _document_type(exported["stagedDocumentType"])  # checked, and not used before it is the document type
    if exported.get("documentType") is None:
        return ANY
    return _document_type(exported["documentType"])


def _document_type(exported: Any) -> Validator:
    validator = parse_validator(exported)
    if validator == ANY:
        return ANY
    if isinstance(validator, UnionValidator):
        return UnionValidator(tuple(_without_system_fields(member) for member in validator.members))
    return _without_system_fields(validator)


def _without_system_fields(validator: Validator) -> Validator:
    if not isinstance(validator, ObjectValidator):
        _refuse(
            "InvalidTopLevelTypeInSchemaError",
            "The document validator in a schema must be an object, a union of objects, or `v.any()`. "
            f"Found {validator}. "
            "To learn more, see the schema documentation at https://docs.convex.dev/database/schemas.",
        )
    return ObjectValidator(tuple(field for field in validator.fields if not field.name.startswith("_")))


# --- indexes


def _parse_indexes(groups: tuple[list[Any], list[Any]], parse: Callable[[str, Any, bool], _Index]) -> list[_Index]:
    return [
        parse(_parse_index_name(exported), exported, staged)
        for group, staged in zip(groups, (False, True), strict=True)
        for exported in group
    ]


def _parse_index_name(exported: Any) -> str:
    name: str = _part(exported, "indexDescriptor", str)
    if identifier_problem(name) is not None:
        _refuse(
            "InvalidIndexName",
            f'Invalid index name: "{name}". Identifiers must be 64 characters or less, '
            "start with a letter, and only contain letters, digits, underscores.",
        )
    return name


def _parse_index(name: str, exported: Any, staged: bool) -> IndexDefinition:
    fields = tuple(_parse_field_path(name, path) for path in _part(exported, "fields", list))
    where = f'In index "{name}": '
    if len(fields) > INDEX_FIELDS_MAX:
        _refuse("IndexTooManyFields", f"{where}Indexes may have up to {INDEX_FIELDS_MAX} fields.")
    if ID_FIELD in fields:
        _refuse(
            "IndexFieldsContainId",
            f"{where}`_id` is not a valid index field. To load documents by ID, use `db.get(id)`.",
        )
    for position, field in enumerate(fields):
        if field in fields[:position]:
            _refuse(
                "FieldsNotUniqueWithinIndex",
                f'{where}Duplicate field "{field}". Index fields must be unique within an index.',
            )
    return IndexDefinition(name, fields, staged)


def _parse_search_index(name: str, exported: Any, staged: bool) -> SearchIndexDefinition:
    search_field = _parse_field_path(name, _part(exported, "searchField", str))
    return SearchIndexDefinition(name, search_field, _parse_filter_fields(name, exported), staged)


def _parse_vector_index(name: str, exported: Any, staged: bool) -> VectorIndexDefinition:
    vector_field = _parse_field_path(name, _part(exported, "vectorField", str))
    dimensions = _part(exported, "dimensions", object)
    if type(dimensions) not in (int, float) or dimensions not in VECTOR_DIMENSIONS:
        low, high = VECTOR_DIMENSIONS[0], VECTOR_DIMENSIONS[-1]
        _refuse("InvalidVectorDimensionError", f"Dimensions {dimensions} must be between {low} and {high}.")
    return VectorIndexDefinition(name, vector_field, int(dimensions), _parse_filter_fields(name, exported), staged)


def _parse_filter_fields(name: str, exported: Any) -> tuple[str, ...]:
    fields = {_parse_field_path(name, path) for path in _part(exported, "filterFields", list)}
    if len(fields) > SEARCH_FILTER_FIELDS_MAX:
        _refuse("IndexTooManyFilterFields", f"Search indexes may have up to {SEARCH_FILTER_FIELDS_MAX} filter fields.")
    return tuple(sorted(fields))


def _parse_field_path(index: str, path: Any) -> str:
    trimmed = path.strip(".") if isinstance(path, str) else ""
    if any(identifier_problem(part) is not None for part in trimmed.split(".")):
        _refuse("InvalidIndexField", f'In index "{index}": Invalid index field: "{path}"')
    return trimmed


def _check_not_empty(table: str, indexes: Sequence[IndexDefinition]) -> None:
    for index in indexes:
        if not index.fields:
            staged = "staged " if index.staged else ""
            _refuse("EmptyIndex", f'In table "{table}" {staged}index "{index.name}" must have at least one field.')


def _check_fields_differ(table: str, indexes: Sequence[IndexDefinition]) -> None:
    owners: dict[tuple[str, ...], str] = {}
    for index in _by_name(indexes):
        other = owners.setdefault(index.fields, index.name)
        if other != index.name:
            _refuse(
                "IndexNotUnique",
                f'In table "{table}" index "{index.name}" and index "{other}" have the same fields. '
                "Indexes must be unique within a table.",
            )


def _check_search_fields_differ(table: str, indexes: Sequence[SearchIndexDefinition]) -> None:
    owners: dict[object, str] = {}
    for index in _by_name(indexes):
        other = owners.setdefault((index.search_field, index.filter_fields), index.name)
        if other != index.name:
            _refuse_same_field("SearchIndexFieldNotUnique", "search", table, index.name, other)


def _check_vector_fields_differ(table: str, indexes: Sequence[VectorIndexDefinition]) -> None:
    owners: dict[object, str] = {}
    for index in _by_name(indexes):
        other = owners.setdefault((index.vector_field, index.dimensions), index.name)
        if other != index.name:
            _refuse_same_field("VectorIndexFieldNotUnique", "vector", table, index.name, other)


def _refuse_same_field(code: str, kind: str, table: str, name: str, other: str) -> NoReturn:
    """The line break and the spaces are in Convex's text."""
    _refuse(
        code,
        f'In table "{table}" {kind} index "{name}" and {kind} index "{other}" have the same `{kind}Field`. '
        f"{kind.capitalize()} index fields must be unique within a table. You should combine the\n             "
        f"indexes with the same `{kind}Field` into one index containing all `filterField`s and then use different "
        "subsets of the `filterField`s at query time.",
    )


def _check_index_names(table: str, indexes: Sequence[AnyIndexDefinition]) -> None:
    seen: set[str] = set()
    for index in indexes:
        if index.name.startswith("_") or index.name in _RESERVED_INDEX_NAMES:
            _refuse(
                "IndexNameReserved",
                f'In table "{table}" cannot name an index "{index.name}" because the name is reserved. '
                'Indexes may not start with an underscore or be named "by_id" or "by_creation_time".',
            )
        if index.name in seen:
            _refuse("IndexNamesNotUnique", f'Table "{table}" has two or more definitions of index "{index.name}".')
        seen.add(index.name)


def _check_appendable(fields: Sequence[str]) -> None:
    """Whether `_creationTime` can follow the fields; the messages do not say which index it is."""
    if CREATION_TIME_FIELD in fields:
        _refuse(
            "IndexFieldsContainCreationTime",
            "`_creationTime` is automatically added to the end of each index. It should not be added explicitly "
            "in the index definition. See https://docs.convex.dev/using/indexes for more details.",
        )
    if any(part.startswith("_") for field in fields for part in field.split(".")):
        _refuse("IndexFieldNameReserved", "Reserved fields (starting with `_`) are not allowed in indexes.")
    if len(fields) == INDEX_FIELDS_MAX:
        _refuse("IndexTooManyFields", f"Indexes may have up to {INDEX_FIELDS_MAX} fields.")


def _check_references(table: TableDefinition) -> None:
    for index, field in _referenced_fields(table):
        path = field.split(".")
        is_system_field = len(path) == 1 and field.startswith("_")
        if not is_system_field and not can_contain_field(table.document_type, path):
            _refuse(
                "SchemaDefinitionError",
                f'In table "{table.name}" the index "{index}" is invalid '
                f'because it references the field "{field}" that does not exist.',
            )
    for vector_index in table.vector_indexes:
        if not can_contain_vector(table.document_type, vector_index.vector_field.split(".")):
            _refuse(
                "SchemaDefinitionError",
                f'In table "{table.name}" the vector index "{vector_index.name}" is invalid because it references '
                f'the field "{vector_index.vector_field}" that is neither an array of float64 '
                "or optional array of float64.",
            )


def _referenced_fields(table: TableDefinition) -> Iterator[tuple[str, str]]:
    for index in sorted(table.indexes, key=lambda index: index.staged):
        yield from ((index.name, field) for field in index.fields)
    for search_index in table.search_indexes:
        yield search_index.name, search_index.search_field
    for search_index in table.search_indexes:
        yield from ((search_index.name, field) for field in search_index.filter_fields)
    for vector_index in table.vector_indexes:
        yield vector_index.name, vector_index.vector_field


def _by_name(indexes: Sequence[_Index]) -> tuple[_Index, ...]:
    return tuple(sorted(indexes, key=lambda index: index.name))


# --- the shape of the JSON, which learner code makes


def _part(exported: Any, name: str, kind: type) -> Any:
    if not isinstance(exported, dict) or not isinstance(exported.get(name), kind):
        _refuse("InvalidSchema", f"Malformed schema: expected `{name}`")
    return exported[name]


def _optional_part(exported: Any, name: str, kind: type, default: Any) -> Any:
    return default if exported.get(name) is None else _part(exported, name, kind)


def _refuse(code: str, message: str) -> NoReturn:
    raise LearnerError(message, code=code)
