"""Schemas: validators, the definitions of tables and indexes, and the checks of function values."""

from __future__ import annotations

from .definitions import (
    CREATION_TIME_FIELD,
    ID_FIELD,
    IndexDefinition,
    SchemaDefinition,
    SearchIndexDefinition,
    TableDefinition,
    VectorIndexDefinition,
)
from .functions import check_args, check_returns
from .subset import is_subset
from .validator_json import parse_validator
from .validators import (
    ANY,
    Field,
    Mismatch,
    ObjectValidator,
    TableNames,
    UnionValidator,
    ValidationError,
    Validator,
    display_validator,
)

__all__ = [
    "ANY",
    "CREATION_TIME_FIELD",
    "ID_FIELD",
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
]
