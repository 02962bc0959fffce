"""A schema as the engine uses it: tables, the validators of their documents, and their indexes.

Made by `schema_json.parse_schema`, which also checks it. What a push does with the documents that exist
already is the store's business. Source: docs/spec/semantics.md §3 and §5.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

from sandbox.engine.errors import LearnerError
from sandbox.engine.schema.validators import TableNames, Validator, start_checking

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.engine.values import Value

CREATION_TIME_FIELD = "_creationTime"
ID_FIELD = "_id"


@dataclass(frozen=True, slots=True)
class IndexDefinition:
    name: str
    fields: tuple[str, ...]
    """Field paths as declared, `a.b` for a nested field."""
    staged: bool = False
    """Declared and filled, but not to be queried yet."""

    @property
    def key_fields(self) -> tuple[str, ...]:
        """The fields by which the index orders documents: the declared ones, then creation time, then id."""
        return (*self.fields, CREATION_TIME_FIELD, ID_FIELD)

    @property
    def key_paths(self) -> tuple[tuple[str, ...], ...]:
        """The same as field paths, for `compile_key`."""
        return tuple(tuple(path.split(".")) for path in self.key_fields)

    @property
    def spec(self) -> list[str]:
        """What makes its keys, as JSON; an index of another spec is another index."""
        return list(self.key_fields)


@dataclass(frozen=True, slots=True)
class SearchIndexDefinition:
    """A text index: finds the terms of one field, among documents whose filter fields equal given values."""

    name: str
    search_field: str
    filter_fields: tuple[str, ...]
    staged: bool = False

    @property
    def spec(self) -> dict[str, Any]:
        return {"searchField": self.search_field, "filterFields": list(self.filter_fields)}


@dataclass(frozen=True, slots=True)
class VectorIndexDefinition:
    """Finds the nearest of the vectors in one field, all of so many dimensions."""

    name: str
    vector_field: str
    dimensions: int
    filter_fields: tuple[str, ...]
    staged: bool = False

    @property
    def spec(self) -> dict[str, Any]:
        filters = list(self.filter_fields)
        return {"vectorField": self.vector_field, "dimensions": self.dimensions, "filterFields": filters}


AnyIndexDefinition: TypeAlias = IndexDefinition | SearchIndexDefinition | VectorIndexDefinition


@dataclass(frozen=True, slots=True)
class TableDefinition:
    name: str
    document_type: Validator
    """An object, a union of objects, or any. It says nothing of `_id` and `_creationTime`."""
    indexes: tuple[IndexDefinition, ...] = ()
    """In ascending order of their names, as are the others."""
    search_indexes: tuple[SearchIndexDefinition, ...] = ()
    vector_indexes: tuple[VectorIndexDefinition, ...] = ()

    @property
    def all_indexes(self) -> tuple[AnyIndexDefinition, ...]:
        """Of the three kinds, which share their names."""
        return (*self.indexes, *self.search_indexes, *self.vector_indexes)


@dataclass(frozen=True, slots=True)
class SchemaDefinition:
    EMPTY: ClassVar[SchemaDefinition]
    """What a project without schema.ts has: no tables, and nothing is validated."""

    tables: Mapping[str, TableDefinition]
    schema_validation: bool
    json_text: str = field(compare=False, repr=False)
    """What it was parsed from; parsing it again gives an equal schema."""

    @staticmethod
    def parse(json_text: str) -> SchemaDefinition:
        """The schema of `export()`'s text (docs/spec/runtime-abi.md §3). Raises DeployError."""
        from sandbox.engine.schema.schema_json import parse_schema  # which makes these classes

        return parse_schema(json_text)

    def check_document(self, table: str, document: dict[str, Value], tables: TableNames) -> None:
        """Checks a document, without its system fields, before it is written. Raises LearnerError.

        Tables that the schema does not name take any document.
        """
        definition = self.tables.get(table)
        if definition is None or not self.schema_validation:
            return
        start_checking()
        mismatch = definition.document_type.mismatch(document, tables)
        if mismatch is not None:
            raise LearnerError(
                f'Failed to insert or update a document in table "{table}" '
                f"because it does not match the schema: {mismatch}",
                code="SchemaEnforcementError",
            )


SchemaDefinition.EMPTY = SchemaDefinition(MappingProxyType({}), False, '{"tables":[],"schemaValidation":false}')
