"""The arguments and results of functions against their validators.

Source: docs/spec/semantics.md §5 ("Wrappers"). A function without a validator takes and returns any value.
"""

from __future__ import annotations

from collections.abc import Sequence

from sandbox.engine.errors import LearnerError
from sandbox.engine.schema.validators import ANY, TableNames, Validator, start_checking
from sandbox.engine.values import Value, display


def check_args(validator: Validator, arguments: Sequence[Value], tables: TableNames) -> None:
    """Checks the positional arguments, which are one object. Raises LearnerError, code ArgumentValidationError."""
    if validator == ANY:
        return
    start_checking()
    problem = _argument_problem(validator, arguments, tables)
    if problem is not None:
        raise LearnerError(f"ArgumentValidationError: {problem}", code="ArgumentValidationError")


def check_returns(validator: Validator, value: Value, tables: TableNames) -> None:
    """Raises LearnerError, code ReturnsValidationError."""
    start_checking()
    mismatch = validator.mismatch(value, tables)
    if mismatch is not None:
        raise LearnerError(f"ReturnsValidationError: {mismatch}", code="ReturnsValidationError")


def _argument_problem(validator: Validator, arguments: Sequence[Value], tables: TableNames) -> object | None:
    if len(arguments) != 1:
        return (
            "Expected to receive a single object as the function's argument. "
            f"Instead received {len(arguments)} arguments: {display(list(arguments))}"
        )
    (argument,) = arguments
    if type(argument) is not dict:
        return f"Expected to receive an object as the function's argument. Instead received: {display(argument)}"
    return validator.mismatch(argument, tables)
