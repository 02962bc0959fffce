"""Schemas: validators, the definitions of tables and indexes, and the checks of function values."""

from __future__ import annotations

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
from sandbox.engine.schema.functions import check_args, check_returns
from sandbox.engine.schema.stored_form import stored_form
from sandbox.engine.schema.subset import is_subset
from sandbox.engine.schema.validator_json import parse_validator
from sandbox.engine.schema.validators import (
    ANY,
    Field,
    Mismatch,
    ObjectValidator,
    TableNames,
    UnionValidator,
    ValidationError,
    Validator,
    display_validator,
    start_checking,
)

__all__ = [
    "ANY",
    "CREATION_TIME_FIELD",
    "ID_FIELD",
    "AnyIndexDefinition",
    "Field",
    "IndexDefinition",
    "Mismatch",
    "ObjectValidator",
    "SchemaDefinition",
    "SearchIndexDefinition",
    "TableDefinition",
    "TableNames",
    "UnionValidator",
    "ValidationError",
    "Validator",
    "VectorIndexDefinition",
    "check_args",
    "check_returns",
    "display_validator",
    "is_subset",
    "parse_validator",
    "start_checking",
    "stored_form",
]
