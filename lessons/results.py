"""Looking into whatever a learner's function returned: its shape is theirs, what it tells is the task's.

`rows` are rows by id, as `fork.rows` gives them.
"""

from __future__ import annotations

import base64
import json
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

Row = Mapping[str, Any]
SYSTEM_FIELDS = ("_id", "_creationTime")
NAMED_MAX = 6


def leaves(result: Any) -> Iterator[Any]:
    """Every text, number, boolean and null in a result, in order; integers and bytes as they are encoded."""
    match result:
        case {"$integer": _} | {"$bytes": _} | {"$float": _}:
            yield result
        case dict():
            for entry in result.values():
                yield from leaves(entry)
        case list() | tuple():
            for entry in result:
                yield from leaves(entry)
        case _:
            yield result


def ids_in(result: Any, rows: Collection[str]) -> set[str]:
    """The ids of known rows anywhere in a result, whatever its shape."""
    return set(ordered_ids_in(result, rows))


def ordered_ids_in(result: Any, rows: Collection[str]) -> list[str]:
    """The same in the order in which they first stand there, each once."""
    known = set(rows)
    return list(dict.fromkeys(leaf for leaf in leaves(result) if isinstance(leaf, str) and leaf in known))


def holds(result: Any, value: Any) -> bool:
    """Whether the value stands anywhere in a result; a number also as a bigint."""
    return any(same(leaf, value) for leaf in leaves(result)) or same(result, value)


def same(one: Any, other: Any) -> bool:
    """Equal values: 1 and 1.0 and the bigint 1 are, true and 1 are not."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    return bool(_plain(one) == _plain(other))


def names_of(ids: Iterable[str], rows: Mapping[str, Row], field: str = "name") -> str:
    """Rows by their names, for a sentence: `Ana, Bo and 3 more`; `nobody` for none."""
    names = sorted(str(rows[id_].get(field, id_)) if id_ in rows else id_ for id_ in ids)
    if len(names) <= NAMED_MAX:
        return ", ".join(names) or "nobody"
    return f"{', '.join(names[:NAMED_MAX])} and {len(names) - NAMED_MAX} more"


def own_fields(row: Row) -> dict[str, Any]:
    """What the project put into a row."""
    return {name: value for name, value in row.items() if name not in SYSTEM_FIELDS}


def changed_fields(before: Row, after: Row) -> list[str]:
    """The fields that differ, in the order in which they stand; missing and null are two things."""
    gone = object()
    return [name for name in {**before, **after} if before.get(name, gone) != after.get(name, gone)]


def same_rows(one: Iterable[Row], other: Iterable[Row], *, ignoring: Collection[str] = SYSTEM_FIELDS) -> bool:
    """Whether both hold the same rows as often, in any order. Without `ignoring`, ids and creation times count too."""
    return _counted(one, ignoring) == _counted(other, ignoring)


def is_ordered(items: Sequence[Any], key: Callable[[Any], Any], *, descending: bool = False) -> bool:
    """Whether the items stand in the order of their keys. Those with equal keys may stand either way."""
    keys = [key(item) for item in items]
    if descending:
        keys.reverse()
    return all(smaller <= larger for smaller, larger in pairwise(keys))


def listed(words: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))


def code(path: str) -> str:
    """A function as a sentence names it."""
    return f"`{path.rpartition(':')[2]}`"


def _plain(value: Any) -> Any:
    match value:
        case {"$integer": str(text)}:
            return int.from_bytes(base64.b64decode(text), "little", signed=True)
        case _:
            return value


def _counted(rows: Iterable[Row], ignoring: Collection[str]) -> Counter[str]:
    kept = ({name: value for name, value in row.items() if name not in ignoring} for row in rows)
    return Counter(json.dumps(row, sort_keys=True) for row in kept)
