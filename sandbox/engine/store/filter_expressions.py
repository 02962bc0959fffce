"""Filter expressions: the predicates of `.filter(q => …)`, compiled to Python closures.

Source: docs/spec/semantics.md §3 ("Filter expressions") and runtime-abi.md §4 for the wire form. Values compare in
the order of indexes, so -0.0 is not 0.0, NaN is NaN, and a missing field is `undefined`, the smallest value.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any, TypeAlias

from sandbox.engine.errors import LearnerError
from sandbox.engine.values import (
    INT64_MAX,
    INT64_MIN,
    UNDEFINED,
    Int64,
    Undefined,
    Value,
    compare,
    decode_with_undefined,
    field_at,
    field_path,
)
from sandbox.engine.values.display import display, type_name

Document: TypeAlias = dict[str, Value]
Evaluate: TypeAlias = Callable[[Document], Value | Undefined]
Predicate: TypeAlias = Callable[[Document], bool]

# An expression arrives as JSON that learner code made; deeper ones would exhaust Python's stack.
NESTING_MAX = 128
# A chunk of 256 documents is filtered in one go; more parts would hold up everybody else for seconds.
PARTS_MAX = 16_384


class MalformedQuery(LearnerError):
    """What is no query, whatever tables and indexes there are; plan.py says of which call it was an argument."""

    code = "InvalidArgument"


def query_value(encoded: Any) -> Value | Undefined:
    """A value in a query. Raises MalformedQuery."""
    try:
        return decode_with_undefined(encoded)
    except LearnerError as error:
        raise MalformedQuery(error.message) from None


def query_path(text: Any) -> tuple[str, ...]:
    """A field path in a query. Raises MalformedQuery."""
    try:
        return field_path(text)
    except LearnerError as error:
        raise MalformedQuery(error.message) from None


def compile_filter(expression: Any) -> Predicate:
    """A predicate over decoded documents. Raises LearnerError, now for a bad form and later for a bad operand."""
    evaluate = _compile(expression, 0, count())
    return lambda document: _boolean(evaluate(document))


def _compile(expression: Any, depth: int, parts_before: Iterator[int]) -> Evaluate:
    if next(parts_before) == PARTS_MAX:
        raise _malformed(f"a filter may have {PARTS_MAX} parts")
    if depth > NESTING_MAX:
        raise _malformed(f"a filter may be nested {NESTING_MAX} levels deep")
    if not isinstance(expression, dict) or len(expression) != 1:
        raise _malformed("an expression is an object with one operator")
    ((operator, operands),) = expression.items()
    if operator == "$field":
        return _field(operands)
    if operator == "$literal":
        literal = query_value(operands)
        return lambda _: literal
    if operator in ("$neg", "$not"):
        operand = _compile(operands, depth + 1, parts_before)
        return _negate(operand) if operator == "$neg" else lambda document: not _boolean(operand(document))
    if not isinstance(operands, list):
        raise _malformed(f"{operator} takes a list")
    parts = [_compile(operand, depth + 1, parts_before) for operand in operands]
    if operator == "$and":
        return lambda document: all(_boolean(part(document)) for part in parts)
    if operator == "$or":
        return lambda document: any(_boolean(part(document)) for part in parts)
    if len(parts) != 2:
        raise _malformed(f"{operator} takes two operands")
    return _compile_pair(operator, *parts)


def _compile_pair(operator: str, left: Evaluate, right: Evaluate) -> Evaluate:
    comparison = _COMPARISONS.get(operator)
    if comparison is not None:
        return lambda document: comparison(compare(left(document), right(document)))
    arithmetic = _ARITHMETIC.get(operator)
    if arithmetic is not None:
        return lambda document: _calculate(*arithmetic, left(document), right(document))
    raise _malformed(f"unknown operator {operator}")


def _field(path: Any) -> Evaluate:
    if not isinstance(path, str):
        raise _malformed("$field takes a field path")
    names = query_path(path)
    if len(names) == 1:
        (name,) = names
        return lambda document: document.get(name, UNDEFINED)
    return lambda document: field_at(document, names)


def _malformed(reason: str) -> LearnerError:
    return LearnerError(f"Invalid filter expression: {reason}", code="InvalidFilter")


def _boolean(value: Value | Undefined) -> bool:
    if value is True or value is False:
        return value
    raise LearnerError(f"Cannot use value {_shown(value)} (type {_type_of(value)}) as a Boolean", code="EvalError")


def _shown(value: Value | Undefined) -> str:
    return "undefined" if value is UNDEFINED else display(value)


def _type_of(value: Value | Undefined) -> str:
    return "undefined" if value is UNDEFINED else type_name(value)


# --- comparisons

_COMPARISONS: dict[str, Callable[[int], bool]] = {
    "$eq": lambda sign: sign == 0,
    "$neq": lambda sign: sign != 0,
    "$lt": lambda sign: sign < 0,
    "$lte": lambda sign: sign <= 0,
    "$gt": lambda sign: sign > 0,
    "$gte": lambda sign: sign >= 0,
}


# --- arithmetic: two Int64 or two Float64, nothing is converted


def _calculate(
    verb: str,
    on_integers: Callable[[int, int], int],
    on_floats: Callable[[float, float], float],
    left: Value | Undefined,
    right: Value | Undefined,
) -> Value:
    if type(left) is float and type(right) is float:
        return on_floats(left, right)
    if type(left) is not Int64 or type(right) is not Int64:
        raise LearnerError(
            f"Cannot {verb} {_shown(left)} (type {_type_of(left)}) and {_shown(right)} (type {_type_of(right)})",
            code="EvalError",
        )
    if verb in ("divide", "mod") and right == 0:
        raise LearnerError(f"Cannot {verb} {left} by zero", code="EvalError")
    return _int64(on_integers(left, right), f"Cannot {verb} {left} and {right}")


def _int64(result: int, attempt: str) -> Int64:
    if not INT64_MIN <= result <= INT64_MAX:
        raise LearnerError(f"{attempt}: the result is out of range for Int64", code="EvalError")
    return Int64(result)


def _negate(operand: Evaluate) -> Evaluate:
    def negate(document: Document) -> Value:
        value = operand(document)
        if type(value) is float:
            return -value
        if type(value) is Int64:
            return _int64(-int(value), f"Cannot negate {value}")
        raise LearnerError(f"Cannot negate {_shown(value)} (type {_type_of(value)})", code="EvalError")

    return negate


def _divide_integers(left: int, right: int) -> int:
    """Towards zero, as in C; Python rounds down."""
    quotient = abs(left) // abs(right)
    return quotient if (left < 0) == (right < 0) else -quotient


def _divide_floats(left: float, right: float) -> float:
    if right != 0.0:
        return left / right
    if left == 0.0 or math.isnan(left):
        return math.nan
    return math.copysign(math.inf, left) * math.copysign(1.0, right)


def _float_remainder(left: float, right: float) -> float:
    if math.isinf(left) or right == 0.0 or math.isnan(left) or math.isnan(right):
        return math.nan
    return math.fmod(left, right)


_ARITHMETIC: dict[str, tuple[str, Callable[[int, int], int], Callable[[float, float], float]]] = {
    "$add": ("add", lambda a, b: int(a) + int(b), lambda a, b: a + b),
    "$sub": ("subtract", lambda a, b: int(a) - int(b), lambda a, b: a - b),
    "$mul": ("multiply", lambda a, b: int(a) * int(b), lambda a, b: a * b),
    "$div": ("divide", _divide_integers, _divide_floats),
    "$mod": ("mod", lambda a, b: int(math.copysign(1, a)) * (abs(a) % abs(b)), _float_remainder),
}
