"""What is deployed: the schema, and the functions with their validators."""

from __future__ import annotations

from typing import Any

from sandbox.engine.runtime.functions import file_path
from sandbox.engine.runtime.system_function import SystemCall
from sandbox.engine.system_functions.definition import Arguments, system_function


@system_function("query")
async def get_schemas(call: SystemCall, args: Arguments) -> Any:
    """`active` is the text of the schema's export (runtime-abi.md §3), absent before the first push.

    A push that fails changes nothing and one that succeeds is in force at once, so none is ever in progress.
    """
    catalog = call.transaction.catalog
    return {"active": catalog.schema.json_text} if catalog.schema_ts else {}


@system_function("query")
async def api_spec(call: SystemCall, args: Arguments) -> Any:
    """All functions, module by module."""
    return [
        {
            "identifier": file_path(path),
            "functionType": function.kind.capitalize(),
            "visibility": {"kind": function.visibility},
            "args": function.args,
            "returns": {"type": "any"} if function.returns is None else function.returns,
        }
        for path, function in sorted(call.functions.items())
    ]
