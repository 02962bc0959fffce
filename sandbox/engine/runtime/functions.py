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
from sandbox.engine.values import LONE_SURROGATE

TableNames = schema.TableNames


class FunctionTable:
    """Functions by path ("mod:fn"), with their validators read once. `failure` says why there are none."""

    def __init__(self, functions: Mapping[str, FunctionInfo], failure: LearnerError | None = None) -> None:
        self.functions = functions
        self.failure = failure
        self._validators = {path: _validators(function) for path, function in functions.items()}

    def find(self, path: str, kind: FunctionKind, *, internal: bool) -> FunctionInfo:
        """The function, if it is of that kind and may be called. Raises LearnerError.

        The same text for an unknown and an internal function on purpose: strangers learn nothing of the latter.
        """
        if self.failure is not None:
            raise self.failure
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
        try:
            arguments = values.loads(args_json)
        except LearnerError as error:
            raise LearnerError(f"Invalid arguments for {file_path(path)}: {error.message}", code=error.code) from None
        assert isinstance(arguments, list)
        _refuse_if_large(f"Arguments for {file_path(path)} are", arguments, args_json, limits.ARGUMENT_BYTES_MAX)
        schema.check_args(self._validators[path][0], arguments, tables)

    def check_returns(self, path: str, value_json: str, tables: TableNames) -> None:
        """The result is text made by learner code: whatever was promised, it is read as a value before it goes on."""
        subject = f"Function {file_path(path)} return value"
        try:
            returned = values.loads(value_json)
        except LearnerError as error:
            if error.code == "LoneSurrogate":
                text = f"Function {file_path(path)} failed. Could not parse return value as json: {LONE_SURROGATE}"
                raise LearnerError(text, code="FunctionReturnInvalidJson") from None
            raise LearnerError(f"{subject} invalid: {error.message}", code=error.code) from None
        _refuse_if_large(f"{subject} is", returned, value_json, limits.RETURN_BYTES_MAX)
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
    """Refuses a text that is too long whatever it holds. Raises LimitExceeded."""
    if len(args_json) > TEXT_PER_BYTE_MAX * limits.ARGUMENT_BYTES_MAX:
        raise _too_large(f"Arguments for {file_path(path)} are", len(args_json), limits.ARGUMENT_BYTES_MAX)


TEXT_PER_BYTE_MAX = 6
"""A byte of a value takes at most so many characters of JSON text (`\\u0001`)."""

_BYTES_PER_TEXT_MAX = 5
"""A character of JSON text stands for less than so many bytes of a value (`1,` for nine)."""


def _refuse_if_large(subject: str, value: values.Value, text: str, limit: int) -> None:
    """By Convex's measure of size, which is only taken where the length of the text leaves a doubt."""
    if len(text) * _BYTES_PER_TEXT_MAX > limit:
        size = values.size_of(value)
        if size > limit:
            raise _too_large(subject, size, limit)


def size_if_large(text: str, floor: int) -> int | None:
    """The size of the value that a JSON text stands for, None where it is at most `floor` or there is no such value."""
    if len(text) * _BYTES_PER_TEXT_MAX <= floor:
        return None
    try:
        size = values.size_of(values.loads(text))
    except LearnerError:
        return None
    return size if size > floor else None


def _validators(function: FunctionInfo) -> tuple[schema.Validator, schema.Validator | None]:
    returns: Any = function.returns
    return schema.parse_validator(function.args), None if returns is None else schema.parse_validator(returns)


def _too_large(subject: str, size: int, limit: int) -> LimitExceeded:
    return LimitExceeded(
        f"{subject} too large (actual: {values.readable_size(size)}, limit: {values.readable_size(limit)})"
    )
