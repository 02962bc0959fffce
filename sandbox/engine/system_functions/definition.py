"""What makes a Python function one of `_system/…`: checked arguments, and errors that read as those of JavaScript."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Literal, cast

from sandbox.engine import schema, values
from sandbox.engine.errors import LearnerError
from sandbox.engine.runtime.system_function import SystemCall, SystemFunction
from sandbox.engine.values import Value

Arguments = Mapping[str, Any]
Handler = Callable[[SystemCall, Arguments], Awaitable[Any]]
"""Gets the call and its arguments as values. Returns Convex-encoded JSON. Raises LearnerError."""

STRING = {"type": "string"}
NUMBER = {"type": "number"}
ANY = {"type": "any"}
NULL = {"type": "null"}
STRING_OR_NULL = {"type": "union", "value": [STRING, NULL]}


def array_of(element: Any) -> Any:
    return {"type": "array", "value": element}


def object_of(**fields: Any) -> Any:
    """A name with an underscore at its end is that of an optional field."""
    inner = {
        name.removesuffix("_"): {"fieldType": kind, "optional": name.endswith("_")} for name, kind in fields.items()
    }
    return {"type": "object", "value": inner}


PAGINATION_OPTIONS = object_of(
    numItems=NUMBER,
    cursor=STRING_OR_NULL,
    endCursor_=STRING_OR_NULL,
    id_=NUMBER,
    maximumRowsRead_=NUMBER,
    maximumBytesRead_=NUMBER,
)


def system_function(kind: Literal["query", "mutation"], **arguments: Any) -> Callable[[Handler], SystemFunction]:
    """Arguments as in `object_of`. All functions take a `componentId`, which must be null."""
    validator = schema.parse_validator(object_of(**arguments, componentId_=STRING_OR_NULL))

    def define(handler: Handler) -> SystemFunction:
        async def run(call: SystemCall) -> Any:
            given = cast(dict[str, Value], values.decode(call.args))
            try:
                schema.check_args(validator, [given], call.transaction)
                if given.get("componentId") is not None:
                    raise LearnerError("Components are not available in this sandbox", code="ComponentsNotAvailable")
                return await handler(call, given)
            except LearnerError as error:
                raise _as_thrown(error) from None

        return SystemFunction(kind, run)

    return define


def convex_error(message: str) -> LearnerError:
    """`throw new ConvexError(message)`."""
    return LearnerError(f"Uncaught ConvexError: {message}", code="ConvexError", data=message, has_data=True)


def _as_thrown(error: LearnerError) -> LearnerError:
    if error.has_data or error.message.startswith("Uncaught "):
        return error
    return LearnerError(f"Uncaught Error: {error.message}", code=error.code)
