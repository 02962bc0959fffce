"""The functions of the code that is live: finding them, and checking what goes in and what comes out.

Texts: docs/spec/runtime-abi.md §3, semantics.md §5 and §8.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.engine import limits, schema, values
from sandbox.engine.errors import LearnerError, LimitExceeded
from sandbox.engine.runtime.call import FunctionInfo
from sandbox.engine.trace import FunctionKind

TableNames = schema.TableNames


class FunctionTable:
    """Functions by path ("mod:fn"), with their validators read once."""

    def __init__(self, functions: Mapping[str, FunctionInfo]) -> None:
        self.functions = functions
        self._validators = {path: _validators(function) for path, function in functions.items()}

    def find(self, path: str, kind: FunctionKind, *, internal: bool) -> FunctionInfo:
        """The function, if it is of that kind and may be called. Raises LearnerError.

        The same text for an unknown and an internal function on purpose: strangers learn nothing of the latter.
        """
        function = self.functions.get(path)
        if function is None or (function.visibility != "public" and not internal):
            raise not_found(path)
        if function.kind != kind:
            raise LearnerError(
                f"Trying to execute {file_path(path)} as {kind.capitalize()}, "
                f"but it is defined as {function.kind.capitalize()}.",
                code="WrongFunctionKind",
            )
        return function

    def check_args(self, path: str, args_json: str, tables: TableNames) -> None:
        """`args_json` is the text of an array with one object. Raises LearnerError."""
        refuse_large_args(path, args_json)
        arguments = values.loads(args_json)
        assert isinstance(arguments, list)
        schema.check_args(self._validators[path][0], arguments, tables)

    def check_returns(self, path: str, value_json: str, tables: TableNames) -> None:
        """The result is text made by learner code: whatever was promised, it is read as a value before it goes on."""
        if len(value_json) > limits.RETURN_BYTES_MAX:
            raise LimitExceeded(_too_large("Function", path, len(value_json), "return value is"))
        try:
            returned = values.loads(value_json)
        except ValueError as error:
            raise LearnerError("The function returned what is not a Convex value", code="BadResult") from error
        validator = self._validators[path][1]
        if validator is not None:
            schema.check_returns(validator, returned, tables)


def not_found(path: str) -> LearnerError:
    return LearnerError(
        f"Could not find public function for '{path.removesuffix(':default')}'. "
        "Did you forget to run `npx convex dev` or `npx convex deploy`?",
        code="FunctionNotFound",
    )


def file_path(path: str) -> str:
    """As messages name a function: "mod.js:fn"."""
    module, _, name = path.partition(":")
    return f"{module}.js:{name}"


def refuse_large_args(path: str, args_json: str) -> None:
    """Raises LimitExceeded."""
    if len(args_json) > limits.ARGUMENT_BYTES_MAX:
        raise LimitExceeded(_too_large("Arguments for", path, len(args_json), "are"))


def _validators(function: FunctionInfo) -> tuple[schema.Validator, schema.Validator | None]:
    returns: Any = function.returns
    return schema.parse_validator(function.args), None if returns is None else schema.parse_validator(returns)


def _too_large(subject: str, path: str, size: int, verb: str) -> str:
    return f"{subject} {file_path(path)} {verb} too large (actual: {size / limits.MIB:.2f} MiB, limit: 16 MiB)"
