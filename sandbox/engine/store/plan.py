"""Query plans: the JSON that the library makes of `ctx.db.query(…)`, checked and turned into key intervals.

Source: docs/spec/runtime-abi.md §4 for the form, semantics.md §3 for the rules of ranges and their error texts.
Reading is query_stream.py's part.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, TypeAlias

from sandbox.engine.errors import LearnerError
from sandbox.engine.limits import QUERY_OPERATORS_MAX
from sandbox.engine.store.catalog import BY_ID, Index, Table
from sandbox.engine.store.filter_expressions import (
    MalformedQuery,
    Predicate,
    compile_filter,
    query_path,
    query_value,
)
from sandbox.engine.store.read_set import Interval
from sandbox.engine.store.search_index import TextIndex
from sandbox.engine.store.text_query import TextQuery, parse_text_query
from sandbox.engine.trace import Order
from sandbox.engine.values import (
    UNDEFINED,
    Undefined,
    Value,
    encode_key,
    encode_value,
    identifier_problem,
    key_after,
)
from sandbox.engine.values.display import display

_MORE = "For more information see https://docs.convex.dev/using/indexes."
_SIGNS = {"Gt": ">", "Gte": ">=", "Lt": "<", "Lte": "<="}

Range: TypeAlias = list[dict[str, Any]]
"""The wire form of an index range."""


class Filter(NamedTuple):
    matches: Predicate
    expression: Any = None
    """The wire form that `matches` was made of."""


class Limit(NamedTuple):
    at_most: int


Operator: TypeAlias = Filter | Limit


class Plan(NamedTuple):
    """What to read. `index_name` is None for a full table scan.

    Where the table does not exist, `interval` is None and `fields`, those of the index, are empty.
    """

    table: str
    index_name: str | None
    range: Range
    order: Order
    interval: Interval | None
    operators: tuple[Operator, ...]
    fields: tuple[str, ...] = ()
    search: TextQuery | None = None
    """Set: the interval is one of match keys (search.py), and `range` holds the conditions of the search."""

    @property
    def limit(self) -> int | None:
        """How many documents are read at most, where the first operator says so."""
        return self.operators[0].at_most if self.operators and isinstance(self.operators[0], Limit) else None

    @property
    def wire_operators(self) -> list[dict[str, Any]]:
        """The operators as they came."""
        return [
            {"limit": operator.at_most} if isinstance(operator, Limit) else {"filter": operator.expression}
            for operator in self.operators
        ]


def parse_plan(plan: dict[str, Any], find_table: Callable[[str], Table | None], method: str = "queryStream") -> Plan:
    """`method` is the call that brings the plan. Raises LearnerError with Convex's text."""
    try:
        return _parse_plan(plan, find_table)
    except MalformedQuery as error:
        raise LearnerError(f"Invalid argument `query` for `{method}`: {error.message}", code=error.code) from None
    except (AttributeError, KeyError, OverflowError, TypeError, ValueError) as error:
        # The library makes good plans; learner code can call the syscall with anything.
        raise LearnerError("Invalid query: this is not a query plan", code="InvalidQuery") from error


def _parse_plan(plan: dict[str, Any], find_table: Callable[[str], Table | None]) -> Plan:
    source = plan["source"]
    order: Order = "desc" if source.get("order") == "desc" else "asc"
    operators = _parse_operators(plan["operators"]) if plan.get("operators") else ()
    kind: Literal["FullTableScan", "IndexRange", "Search"] = source["type"]
    if kind == "FullTableScan":
        name = source["tableName"]
        table = _named(find_table, name)
        if table is None:
            return Plan(name, None, [], order, None, operators)
        by = table.by_creation_time
        return Plan(name, None, [], order, Interval(by.id, b"", None), operators, by.fields)
    name, _, index_name = source["indexName"].partition(".")
    table = _named(find_table, name)
    if kind == "Search":
        text_index = find_text_index(table, name, index_name)
        query = parse_text_query(name, text_index, source["filters"])
        interval = Interval(text_index.id, b"", None)
        return Plan(name, index_name, source["filters"], "asc", interval, operators, search=query)
    if kind != "IndexRange":
        raise _index_not_found(source["indexName"])
    range_: Range = source["range"]
    if table is None:
        parse_range(source["indexName"], range_)
        return Plan(name, index_name, range_, order, None, operators)
    index = find_index(table, index_name)
    interval = _plain_interval(index, range_) or compile_range(table, index, parse_range(source["indexName"], range_))
    return Plan(name, index_name, range_, order, interval, operators, index.fields)


def _named(find_table: Callable[[str], Table | None], name: str) -> Table | None:
    table = find_table(name)
    problem = identifier_problem(name) if table is None else None
    if problem is not None:
        raise MalformedQuery(problem)
    return table


def _plain_interval(index: Index, range_: Range) -> Interval | None:
    """The interval of the commonest range, without detours: equalities on the first fields, in their order."""
    if len(range_) > len(index.fields):
        return None
    prefix = b""
    for comparison, path in zip(range_, index.fields, strict=False):
        if comparison["type"] != "Eq" or comparison["fieldPath"] != path:
            return None
        prefix += encode_value(query_value(comparison["value"]))
    return Interval(index.id, prefix, key_after(prefix))


def find_index(table: Table, name: str) -> Index:
    index = table.indexes.get(name)
    if index is None and name in table.search_indexes:
        raise LearnerError(f"Index {table.name}.{name} is not a database index", code="IndexNotADatabaseIndex")
    if index is None:
        raise _index_not_found(f"{table.name}.{name}")
    _refuse_staged(table, index)
    return index


def find_text_index(table: Table | None, table_name: str, name: str) -> TextIndex:
    index = None if table is None else table.search_indexes.get(name)
    if table is None or (index is None and name not in table.indexes):
        raise _index_not_found(f"{table_name}.{name}")
    if not isinstance(index, TextIndex):
        raise LearnerError(f"Index {table_name}.{name} is not a search index", code="IndexNotASearchIndex")
    _refuse_staged(table, index)
    return index


def _refuse_staged(table: Table, index: Index | TextIndex) -> None:
    if index.is_staged:
        raise LearnerError(
            f"Index {table.name}.{index.name} is currently staged and not available to query until it is enabled.",
            code="StagedIndex",
        )


def _index_not_found(name: str) -> LearnerError:
    return LearnerError(f"Index {name} not found.", code="IndexNotFound")


def _parse_operators(operators: Sequence[dict[str, Any]]) -> tuple[Operator, ...]:
    if len(operators) > QUERY_OPERATORS_MAX:
        raise LearnerError(
            f"Can't construct query with more than {QUERY_OPERATORS_MAX} operators", code="TooManyOperators"
        )
    return tuple(map(_parse_operator, operators))


def _parse_operator(operator: dict[str, Any]) -> Operator:
    if "filter" in operator:
        return Filter(compile_filter(operator["filter"]), operator["filter"])
    count = operator["limit"]
    if isinstance(count, bool) or not isinstance(count, int | float) or count != int(count) or count < 0:
        raise LearnerError(f"A limit must be a whole number that is not negative, not {count}", code="InvalidLimit")
    return Limit(int(count))


# --- ranges


@dataclass(frozen=True, slots=True)
class _Bound:
    value: Value | Undefined
    is_inclusive: bool


@dataclass(slots=True)
class ParsedRange:
    """The comparisons of a range, before they are held against an index."""

    index_name: str
    equalities: dict[str, Value | Undefined]
    bounded_field: str | None = None
    lower: _Bound | None = None
    upper: _Bound | None = None


def parse_range(index_name: str, range_: Range) -> ParsedRange:
    parsed = ParsedRange(index_name, {})
    for comparison in range_:
        kind, path = comparison["type"], ".".join(query_path(comparison["fieldPath"]))
        value = query_value(comparison["value"])
        if kind == "Eq":
            if path in parsed.equalities:
                raise _already_defined("equality", path, "==", parsed.equalities[path])
            parsed.equalities[path] = value
        else:
            _add_bound(parsed, kind, path, value)
    if parsed.bounded_field is not None and parsed.bounded_field in parsed.equalities:
        path = parsed.bounded_field
        raise _already_defined("inequality", path, "==", parsed.equalities[path])
    return parsed


def _add_bound(parsed: ParsedRange, kind: str, path: str, value: Value | Undefined) -> None:
    is_upper = kind in ("Lt", "Lte")
    if (parsed.upper if is_upper else parsed.lower) is not None:
        raise _already_defined("upper" if is_upper else "lower", path, _SIGNS[kind], value)
    if parsed.bounded_field not in (None, path):
        raise LearnerError(
            "Upper and lower bounds in `range` can only be applied to a single index field. "
            f"This query against index {parsed.index_name} attempted to set a range bound on both "
            f'"{parsed.bounded_field}" and "{path}". Consider using `filter` instead. '
            "See https://docs.convex.dev/using/indexes for more info.",
            code="BoundsOnMultipleFields",
        )
    parsed.bounded_field = path
    bound = _Bound(value, kind in ("Gte", "Lte"))
    if is_upper:
        parsed.upper = bound
    else:
        parsed.lower = bound


def _already_defined(what: str, path: str, sign: str, value: Value | Undefined) -> LearnerError:
    shown = "undefined" if value is UNDEFINED else display(value)
    return LearnerError(
        f'Already defined {what} bound in index range. Can\'t add "{path}" {sign} {shown}.', code="AlreadyDefinedBound"
    )


def compile_range(table: Table, index: Index, parsed: ParsedRange) -> Interval:
    """The interval of keys that the range selects; it may be empty. Raises LearnerError."""
    in_order = _in_index_order(table, index, parsed)
    prefix = encode_key([parsed.equalities[path] for path in in_order])
    low: bytes | None = prefix
    high = key_after(prefix)
    if parsed.lower is not None:
        low = prefix + encode_key([parsed.lower.value])
        if not parsed.lower.is_inclusive:
            low = key_after(low)
    if parsed.upper is not None:
        high = prefix + encode_key([parsed.upper.value])
        if parsed.upper.is_inclusive:
            high = key_after(high)
    assert low is not None  # a key begins with a tag, and no tag is 0xff
    return Interval(index.id, low, high)


def _in_index_order(table: Table, index: Index, parsed: ParsedRange) -> list[str]:
    """The equality fields in index order, once it is sure that with the bounded field they begin the index."""
    name = f"{table.name}.{index.name}"
    rank = {path: place for place, path in enumerate(index.fields)}
    equal = sorted(parsed.equalities, key=lambda path: path.split("."))
    for path in [*equal, *([] if parsed.bounded_field is None else [parsed.bounded_field])]:
        if path not in rank:
            raise LearnerError(
                f'The index range included a comparison with "{path}", but {name} with fields '
                f"{_listed(_shown_fields(index))} doesn't index this field. {_MORE}",
                code="FieldNotInIndex",
            )
    equalities = sorted(parsed.equalities, key=rank.__getitem__)
    used = equalities + ([] if parsed.bounded_field is None else [parsed.bounded_field])
    for place, path in enumerate(used):
        if path != index.fields[place]:
            raise LearnerError(
                f"Tried to query index {name} but the query didn't use the index fields in order.\n"
                f"Index fields: {_listed(_shown_fields(index))}\nQuery fields: {_listed(used)}\n"
                f'First incorrect field: "{path}"\n{_MORE}',
                code="InvalidIndexRange",
            )
    return equalities


def _shown_fields(index: Index) -> Sequence[str]:
    """Convex shows the appended `_creationTime` and never the `_id` behind it."""
    return () if index.name == BY_ID else index.fields[:-1]


def _listed(paths: Sequence[str]) -> str:
    return "[" + ", ".join(f'"{path}"' for path in paths) + "]"
