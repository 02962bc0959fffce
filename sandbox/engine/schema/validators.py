"""Validators: what accepts or refuses a value, and says where and why.

Source: docs/spec/semantics.md §5 (`common/src/schemas/validator.rs`). Made by `validator_json.parse_validator`;
the wrappers around the sentences are in functions.py and definitions.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from sandbox.engine.errors import LearnerError
from sandbox.engine.values import Int64, Value, decode_id, display, display_json_number, dumps, encode_value


class TableNames(Protocol):
    def name_of(self, table_no: int) -> str | None:
        """The name of an existing table; those of the system start with an underscore."""
        ...


class ValidationError(LearnerError):
    """A value that a validator refuses. The message names the path and prints value and validator."""

    code = "ValidationError"


@dataclass(slots=True)
class Mismatch:
    """One refusal. Its text is made only when it is shown: a union drops those of its members."""

    sentence: Callable[[str], str]
    """From the context, empty or `Path: .a[0].b`, to the text."""
    path: list[str] = field(default_factory=list)
    """The parts of the path, innermost first."""

    def within(self, part: str) -> Mismatch:
        self.path.append(part)
        return self

    def __str__(self) -> str:
        return self.sentence(f"Path: {''.join(reversed(self.path))}" if self.path else "")


class Validator:
    """Accepts or refuses values. `str()` of it is the `v.…` that would make it."""

    __slots__ = ()

    def check(self, value: Value, tables: TableNames) -> None:
        """Raises ValidationError with Convex's text."""
        start_checking()
        mismatch = self.mismatch(value, tables)
        if mismatch is not None:
            raise ValidationError(str(mismatch))

    def mismatch(self, value: Value, tables: TableNames) -> Mismatch | None:
        raise NotImplementedError

    def refuse(self, value: Value) -> Mismatch:
        return Mismatch(
            lambda context: f"Value does not match validator.\n{context}\nValue: {display(value)}\nValidator: {self}"
        )


@dataclass(frozen=True, slots=True)
class AnyValidator(Validator):
    def mismatch(self, value: Value, tables: TableNames) -> Mismatch | None:
        return None

    def __str__(self) -> str:
        return "v.any()"


@dataclass(frozen=True, slots=True)
class ScalarValidator(Validator):
    """All values of one simple type: null, number, bigint, boolean, string or bytes."""

    name: str
    kind: type

    def mismatch(self, value: Value, tables: TableNames) -> Mismatch | None:
        return None if type(value) is self.kind else self.refuse(value)

    def __str__(self) -> str:
        return f"v.{self.name}()"


NULL = ScalarValidator("null", type(None))
FLOAT64 = ScalarValidator("float64", float)
INT64 = ScalarValidator("int64", Int64)
BOOLEAN = ScalarValidator("boolean", bool)
STRING = ScalarValidator("string", str)
BYTES = ScalarValidator("bytes", bytes)
ANY = AnyValidator()


@dataclass(frozen=True, slots=True)
class LiteralValidator(Validator):
    """One value, by the equality of the order of values: `v.literal(1)` is a Float64 and refuses `1n`."""

    value: Value = field(compare=False)
    key: bytes = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "key", encode_value(self.value))

    def mismatch(self, value: Value, tables: TableNames) -> Mismatch | None:
        if type(value) is type(self.value) and encode_value(value) == self.key:
            return None
        return Mismatch(
            lambda context: f"`{display(value)}` does not match literal validator `v.literal({self._shown})`.{context}"
        )

    def __str__(self) -> str:
        return f"v.literal({self._shown})"

    @property
    def _shown(self) -> str:
        if type(self.value) is Int64:
            return "<bigint>"
        if type(self.value) is float:
            return display_json_number(self.value)
        return dumps(self.value)


@dataclass(frozen=True, slots=True)
class IdValidator(Validator):
    """Ids of one table. Whether the document exists is not asked."""

    table: str

    def mismatch(self, value: Value, tables: TableNames) -> Mismatch | None:
        if type(value) is not str:
            return self.refuse(value)
        try:
            table_no, _ = decode_id(value)
        except LearnerError:
            return self.refuse(value)
        found = tables.name_of(table_no)
        if found == self.table:
            return None
        if found is None:
            return self.refuse(value)
        origin = "a system table" if found.startswith("_") else f"table `{found}`"
        return Mismatch(
            lambda context: (
                f'Found ID "{value}" from {origin}, which does not match the table name in validator `{self}`.{context}'
            )
        )

    def __str__(self) -> str:
        return f'v.id("{self.table}")'


@dataclass(frozen=True, slots=True)
class ArrayValidator(Validator):
    element: Validator

    def mismatch(self, value: Value, tables: TableNames) -> Mismatch | None:
        if type(value) is not list:
            return self.refuse(value)
        for position, inner in enumerate(value):
            mismatch = self.element.mismatch(inner, tables)
            if mismatch is not None:
                return mismatch.within(f"[{position}]")
        return None

    def __str__(self) -> str:
        return f"v.array({self.element})"


@dataclass(frozen=True, slots=True)
class RecordValidator(Validator):
    """Objects of any number of fields whose names, as strings, and values match."""

    keys: Validator
    values: Validator

    def mismatch(self, value: Value, tables: TableNames) -> Mismatch | None:
        if type(value) is not dict:
            return self.refuse(value)
        for name in sorted(value):
            mismatch = self.keys.mismatch(name, tables)
            if mismatch is not None:
                return mismatch.within(".keys()")
            mismatch = self.values.mismatch(value[name], tables)
            if mismatch is not None:
                return mismatch.within(".values()")
        return None

    def __str__(self) -> str:
        return f"v.record({self.keys}, {self.values})"


@dataclass(frozen=True, slots=True)
class Field:
    """A declared field of an object. Optional means that the field may be absent, never that it may be null."""

    name: str
    validator: Validator
    optional: bool

    def __str__(self) -> str:
        return f"{self.name}: v.optional({self.validator})" if self.optional else f"{self.name}: {self.validator}"


@dataclass(frozen=True, slots=True)
class ObjectValidator(Validator):
    """Objects of exactly these fields, in ascending order of their names. Declared fields are checked first."""

    fields: tuple[Field, ...]
    names: frozenset[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "fields", tuple(sorted(self.fields, key=lambda declared: declared.name)))
        object.__setattr__(self, "names", frozenset(declared.name for declared in self.fields))

    def mismatch(self, value: Value, tables: TableNames) -> Mismatch | None:
        if type(value) is not dict:
            return self.refuse(value)
        for declared in self.fields:
            if declared.name in value:
                mismatch = declared.validator.mismatch(value[declared.name], tables)
                if mismatch is not None:
                    return mismatch.within(f".{declared.name}")
            elif not declared.optional:
                return self._missing(value, declared.name)
        if not self.names.issuperset(value):
            return self._extra(value, min(value.keys() - self.names))
        return None

    def _missing(self, value: Value, name: str) -> Mismatch:
        return self._refuse_object(
            value,
            f"Object is missing the required field `{name}`. Consider wrapping the field validator "
            "in `v.optional(...)` if this is expected.",
        )

    def _extra(self, value: Value, name: str) -> Mismatch:
        return self._refuse_object(value, f"Object contains extra field `{name}` that is not in the validator.")

    def _refuse_object(self, value: Value, reason: str) -> Mismatch:
        return Mismatch(lambda context: f"{reason}\n{context}\nObject: {display(value)}\nValidator: {self}")

    def __str__(self) -> str:
        return f"v.object({{{', '.join(map(str, self.fields))}}})"


@dataclass(frozen=True, slots=True)
class UnionValidator(Validator):
    """What any member accepts. A union of one says what its member says; an empty one accepts nothing."""

    members: tuple[Validator, ...]
    by_kind: Mapping[type, tuple[Validator, ...]] = field(init=False, repr=False, compare=False)
    """The members that may accept a value of each type; of a scalar type that is a member, it alone."""
    literals: frozenset[tuple[type, bytes]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        literals = [member for member in self.members if isinstance(member, LiteralValidator)]
        object.__setattr__(self, "literals", frozenset((type(literal.value), literal.key) for literal in literals))
        object.__setattr__(self, "by_kind", {kind: _members_for(kind, self.members) for kind in _KINDS})

    def mismatch(self, value: Value, tables: TableNames) -> Mismatch | None:
        if len(self.members) == 1:
            return self.members[0].mismatch(value, tables)
        kind = type(value)
        if self.literals and (kind, encode_value(value) if kind in _LITERAL_KINDS else b"") in self.literals:
            return None
        candidates = self.by_kind[kind]
        _spend(len(candidates))
        for member in candidates:
            if member.mismatch(value, tables) is None:
                return None
        return self.refuse(value)

    def __str__(self) -> str:
        return f"v.union({', '.join(map(str, self.members))})"


_KINDS: tuple[type, ...] = (type(None), Int64, float, bool, str, bytes, list, dict)
_LITERAL_KINDS = frozenset({Int64, float, bool, str})


def _members_for(kind: type, members: Iterable[Validator]) -> tuple[Validator, ...]:
    """Literals are left out: they are looked up."""
    found: list[Validator] = []
    for member in members:
        if isinstance(member, AnyValidator) or (isinstance(member, ScalarValidator) and member.kind is kind):
            return (member,)
        if isinstance(member, UnionValidator) or kind in _ACCEPTED_BY.get(type(member), ()):
            found.append(member)
    return tuple(found)


_ACCEPTED_BY: dict[type[Validator], tuple[type, ...]] = {
    IdValidator: (str,),
    ArrayValidator: (list,),
    RecordValidator: (dict,),
    ObjectValidator: (dict,),
}


# --- what checking one value may cost

UNION_MEMBERS_TRIED_MAX = 1_000_000
"""Ours: about a second. A union of many objects, tried on an array of many values, could hold up everybody else."""


class _Work:
    tried = 0


def start_checking() -> None:
    """Call before a value is checked: what earlier ones cost is forgotten."""
    _Work.tried = 0


def _spend(tries: int) -> None:
    _Work.tried += tries
    if _Work.tried > UNION_MEMBERS_TRIED_MAX:
        raise ValidationError(
            "Validating this value takes too long: its validator has unions of too many members for so many values",
            code="ValidationTooLong",
        )


def display_validator(validator: Validator) -> str:
    """`v.object({a: v.float64(), b: v.optional(v.string())})`."""
    return str(validator)
