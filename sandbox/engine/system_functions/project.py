"""What is deployed: the schema, the functions with their validators, the HTTP routes and the environment."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sandbox.engine.runtime.call import FunctionInfo
from sandbox.engine.runtime.environment import BUILT_IN
from sandbox.engine.runtime.functions import file_path
from sandbox.engine.runtime.system_function import SystemCall
from sandbox.engine.schema import stored_form
from sandbox.engine.system_functions.definition import STRING, Arguments, system_function

_HTTP_MODULE = "http"


@system_function("query")
async def get_schemas(call: SystemCall, args: Arguments) -> Any:
    """`active` is the schema's JSON as text, absent before the first push.

    A push that fails changes nothing and one that succeeds is in force at once, so none is ever in progress.
    """
    catalog = call.transaction.catalog
    return {"active": stored_form(catalog.schema.json_text)} if catalog.schema_ts else {}


@system_function("query")
async def api_spec(call: SystemCall, args: Arguments) -> Any:
    """All functions, module by module; the routes of http.ts after its functions."""
    modules = {_module(path) for path in call.functions} | ({_HTTP_MODULE} if call.services.http_routes else set())
    return [entry for module in sorted(modules) for entry in _entries(module, call)]


def _entries(module: str, call: SystemCall) -> Iterator[dict[str, Any]]:
    for path, function in sorted(call.functions.items()):
        if _module(path) == module:
            yield _function(path, function)
    if module == _HTTP_MODULE:
        for path, method in call.services.http_routes:
            yield {"functionType": "HttpAction", "method": method, "path": path}


def _module(path: str) -> str:
    return path.partition(":")[0]


def _function(path: str, function: FunctionInfo) -> dict[str, Any]:
    return {
        "identifier": file_path(path),
        "functionType": function.kind.capitalize(),
        "visibility": {"kind": function.visibility},
        "args": function.args,
        "returns": {"type": "any"} if function.returns is None else function.returns,
    }


@system_function("query")
async def list_environment(call: SystemCall, args: Arguments) -> Any:
    """Name and value of each variable that was set, in the order of their names."""
    return list(_variables(call))


@system_function("query", name=STRING)
async def get_environment_variable(call: SystemCall, args: Arguments) -> Any:
    """One of them, null when it is not set."""
    return next((variable for variable in _variables(call) if variable["name"] == args["name"]), None)


@system_function("query")
async def cloud_url(call: SystemCall, args: Arguments) -> Any:
    return call.services.environment["CONVEX_CLOUD_URL"]


@system_function("query")
async def site_url(call: SystemCall, args: Arguments) -> Any:
    return call.services.environment["CONVEX_SITE_URL"]


def _variables(call: SystemCall) -> Iterator[dict[str, str]]:
    for name, value in sorted(call.services.environment.items()):
        if name not in BUILT_IN:
            yield {"name": name, "value": value}
