"""Arguments and results against their validators."""

from __future__ import annotations

import pytest

from sandbox.engine.errors import LearnerError
from sandbox.engine.schema import check_args, check_returns, parse_validator
from tests.engine.schema.strategies import Tables

TABLES = Tables()
ARGS = parse_validator({"type": "object", "value": {"n": {"fieldType": {"type": "number"}, "optional": False}}})


def refusal(check, validator, value):
    with pytest.raises(LearnerError) as caught:
        check(validator, value, TABLES)
    assert caught.value.message.startswith(f"{caught.value.code}: ")
    return caught.value.message


def test_arguments_that_match():
    check_args(ARGS, [{"n": 1.0}], TABLES)
    check_args(parse_validator({"type": "any"}), [], TABLES)


def test_arguments_that_do_not_match():
    assert refusal(check_args, ARGS, [{"n": "1"}]) == (
        'ArgumentValidationError: Value does not match validator.\nPath: .n\nValue: "1"\nValidator: v.float64()'
    )


@pytest.mark.parametrize(("arguments", "told"), [([], "0 arguments: []"), ([{}, 1.0], "2 arguments: [{}, 1.0]")])
def test_arguments_are_one_object(arguments, told):
    assert refusal(check_args, ARGS, arguments) == (
        "ArgumentValidationError: Expected to receive a single object as the function's argument. "
        f"Instead received {told}"
    )


def test_an_argument_is_an_object():
    assert refusal(check_args, ARGS, [None]) == (
        "ArgumentValidationError: Expected to receive an object as the function's argument. Instead received: null"
    )


def test_results():
    check_returns(parse_validator({"type": "null"}), None, TABLES)
    assert refusal(check_returns, parse_validator({"type": "null"}), 1.0) == (
        "ReturnsValidationError: Value does not match validator.\n\nValue: 1.0\nValidator: v.null()"
    )
