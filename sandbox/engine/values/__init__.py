"""Values: the model, JSON, order and keys, ids, names, sizes and bounds (docs/spec/semantics.md §1, §2 and §4)."""

from __future__ import annotations

from sandbox.engine.values.bounds import check_document_size, check_value, nesting_of, nesting_problem, readable_size
from sandbox.engine.values.client_json import parse_client_json
from sandbox.engine.values.display import display, display_json_number, display_string, type_name
from sandbox.engine.values.export import ValueFormat, export, export_text, parse_format
from sandbox.engine.values.ids import USER_TABLE_NUMBER_MIN, decode_id, encode_id, new_uid, uid_of_old_id
from sandbox.engine.values.json_codec import LONE_SURROGATE, decode, decode_with_undefined, dumps, encode, loads
from sandbox.engine.values.names import check_field_names, field_name_problem, field_path, identifier_problem
from sandbox.engine.values.order import compare, compile_key, encode_key, encode_value, field_at, key_after
from sandbox.engine.values.size import size_of
from sandbox.engine.values.types import INT64_MAX, INT64_MIN, UNDEFINED, Int64, Undefined, Value

__all__ = [
    "INT64_MAX",
    "INT64_MIN",
    "LONE_SURROGATE",
    "UNDEFINED",
    "USER_TABLE_NUMBER_MIN",
    "Int64",
    "Undefined",
    "Value",
    "ValueFormat",
    "check_document_size",
    "check_field_names",
    "check_value",
    "compare",
    "compile_key",
    "decode",
    "decode_id",
    "decode_with_undefined",
    "display",
    "display_json_number",
    "display_string",
    "dumps",
    "encode",
    "encode_id",
    "encode_key",
    "encode_value",
    "export",
    "export_text",
    "field_at",
    "field_name_problem",
    "field_path",
    "identifier_problem",
    "key_after",
    "loads",
    "nesting_of",
    "nesting_problem",
    "new_uid",
    "parse_client_json",
    "parse_format",
    "readable_size",
    "size_of",
    "type_name",
    "uid_of_old_id",
]
