"""What a learner's function asked its store, and the lines of the chart: ways to answer that question.

Every line gives the same documents; they differ in how many they look at. Pure: nothing is read here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from sandbox.engine.errors import LearnerError
from sandbox.engine.trace import Order, ReadNote

LineKey = Literal["own", "scan", "index", "wrong", "prefix"]
Comparison = dict[str, Any]
"""One step of an index range, or one operator, in its wire form (docs/spec/runtime-abi.md §4)."""


@dataclass(frozen=True, slots=True)
class Question:
    """One database query. `index` is the name that the learner gave, None for a full scan; `fields` as declared."""

    table: str
    index: str | None
    fields: tuple[str, ...]
    range: list[Comparison]
    order: Order
    operators: list[Comparison]

    @property
    def equal_fields(self) -> tuple[str, ...]:
        """The fields that the range holds at one value, in index order."""
        equal = {step["fieldPath"] for step in self.range if step["type"] == "Eq"}
        return tuple(name for name in self.fields if name in equal)

    def to_json(self) -> dict[str, Any]:
        return {
            "table": self.table,
            "index": self.index,
            "fields": list(self.fields),
            "range": self.range,
            "order": self.order,
            "operators": self.operators,
        }

    @classmethod
    def from_json(cls, message: dict[str, Any]) -> Question:
        return cls(**{**message, "fields": tuple(message["fields"])})


@dataclass(frozen=True, slots=True)
class Line:
    """One way to answer. It reads the index over `fields` (without any: by creation time) within `range`, and tests
    `rest`, the conditions that the range leaves out, on every document that it reads."""

    key: LineKey
    name: str
    fields: tuple[str, ...]
    range: list[Comparison] = field(default_factory=list)
    rest: list[Comparison] = field(default_factory=list)
    note: str = ""

    def to_json(self) -> dict[str, Any]:
        return {
            "key": self.key,
            "name": self.name,
            "fields": list(self.fields),
            "range": self.range,
            "rest": self.rest,
            "note": self.note,
        }

    @classmethod
    def from_json(cls, message: dict[str, Any]) -> Line:
        return cls(**{**message, "fields": tuple(message["fields"])})


def question_of(reads: Sequence[ReadNote], table: str, fields_of: dict[str, tuple[str, ...]]) -> Question:
    """The first query over `table` among a run's reads; `fields_of` are the table's indexes with their declared fields.

    Raises LearnerError where the function asked nothing that can be timed.
    """
    for read in reads:
        if read.table != table or read.index == "by_id":
            continue
        if read.index is not None and read.index not in fields_of:
            raise LearnerError(
                f"`{read.index}` is a search index. The laboratory times database indexes; "
                "choose a function that uses `withIndex` or scans.",
                code="NotADatabaseIndex",
            )
        operators = list(read.operators)
        if read.limit is not None and not any("limit" in operator for operator in operators):
            operators.append({"limit": read.limit})  # one page
        fields = () if read.index in (None, "by_creation_time") else fields_of[read.index or ""]
        return Question(table, read.index, fields, list(read.range), read.order, operators)
    raise LearnerError(
        f"This function did not query the table `{table}`. Choose one that does, or arguments with which it does.",
        code="NoQuery",
    )


def lines_of(question: Question, indexes: dict[str, tuple[str, ...]], other: Sequence[str]) -> list[Line]:
    """The lines of the chart, the function's own first. `indexes` are the learner's by name; `other` is a field of the
    lesson's by which nobody asks."""
    own = Line("own", question.index or "full scan", question.fields, question.range)
    conditions = question.range
    if question.index is not None:
        ways = [own, Line("scan", "full scan", (), [], conditions, "reads every document")]
    else:
        equalities = equalities_of(question.operators)
        ways = [own]
        if equalities:
            fields = tuple(step["fieldPath"] for step in equalities)
            name = _named(fields, indexes)
            ways.append(Line("index", name, fields, equalities, [], "the index that this question needs"))
        conditions = equalities
    wrong = _wrong(conditions, indexes, other)
    if wrong is not None:
        ways.append(Line("wrong", _named(wrong, indexes), wrong, [], question.range, "the wrong index"))
    prefix = _prefix(question, conditions, indexes, other)
    return ways if prefix is None else [*ways, prefix]


def equalities_of(operators: Sequence[Comparison]) -> list[Comparison]:
    """The comparisons of filters that an index could answer: `field == value`, also several joined by `and`."""
    found: list[Comparison] = []
    for operator in operators:
        if "filter" not in operator:
            break
        found += _equalities_in(operator["filter"])
    return list({step["fieldPath"]: step for step in found}.values())


def _equalities_in(expression: Any) -> list[Comparison]:
    match expression:
        case {"$and": list(parts)}:
            return [step for part in parts for step in _equalities_in(part)]
        case {"$eq": [{"$field": str(path)}, {"$literal": value}]} | {
            "$eq": [{"$literal": value}, {"$field": str(path)}]
        }:
            return [{"type": "Eq", "fieldPath": path, "value": value}]
    return []


def _wrong(
    conditions: Sequence[Comparison], indexes: dict[str, tuple[str, ...]], other: Sequence[str]
) -> tuple[str, ...] | None:
    """Fields of an index whose first field the question does not ask for."""
    asked = {step["fieldPath"] for step in conditions}
    candidates = [fields for fields in indexes.values() if fields] + [(name,) for name in other]
    return next((fields for fields in candidates if fields[0] not in asked), None)


def _prefix(
    question: Question, conditions: Sequence[Comparison], indexes: dict[str, tuple[str, ...]], other: Sequence[str]
) -> Line | None:
    """A compound index of which only the first field narrows the read."""
    first = next((step for step in conditions if step["type"] == "Eq"), None)
    if first is None:
        return None
    path = first["fieldPath"]
    if question.index is not None and question.fields[:1] != (path,):
        return None
    if len(question.fields) >= 2 and len(question.range) >= 2:
        rest = [step for step in question.range if step is not first]
        return Line("prefix", question.index or "", question.fields, [first], rest, "prefix only")
    asked = {step["fieldPath"] for step in conditions}
    second = next((name for name in other if name not in asked), None)
    if second is None:
        return None
    fields = (path, second)
    rest = [step for step in question.range if step is not first]
    return Line("prefix", _named(fields, indexes), fields, [first], rest, "prefix only")


def _named(fields: tuple[str, ...], indexes: dict[str, tuple[str, ...]]) -> str:
    """The learner's name for an index over these fields, or the one that they would give it."""
    own = next((name for name, declared in indexes.items() if declared == fields), None)
    return own or "by_" + "_".join(fields).replace(".", "_")
