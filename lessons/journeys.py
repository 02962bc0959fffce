"""Journeys of many people at once, kept in memory and brought up to date by the events that are new.

One query reads what is new of people who are known, one more reads all of people who are not. Nothing is kept that
could not be read again: a restart, or somebody who was forgotten for lack of room, costs one longer query.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from functools import cache

from django.db.models import Case, F, Func, JSONField, Q, Value, When

from lessons import catalogue
from lessons.journey import Happening, Journey
from lessons.models import Event

PEOPLE_REMEMBERED = 2_000

# By far the most events are saves and deploys, and of these only the moment counts.
_WITHOUT_PAYLOAD = (Event.Kind.STARTED, Event.Kind.OPENED, Event.Kind.SAVED, Event.Kind.DEPLOYED, Event.Kind.MEASURED)
# What fills payloads and says nothing about how far somebody is; left out before it leaves the database.
_HEAVY = ("$.result.evidence", "$.result.advice", "$.text")


class _Memory:
    """`_read_to` says up to which event a person's were read; event ids grow in the order of their commits."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._journeys: OrderedDict[int, Journey] = OrderedDict()
        self._read_to: dict[int, int] = {}

    def journeys(self, people: Iterable[int]) -> dict[int, Journey]:
        with self._lock:
            wanted = set(people)
            known = {person for person in wanted if person in self._journeys}
            newest = 0
            for after, group in ((0, wanted - known), (min(map(self._read_to.__getitem__, known), default=0), known)):
                if group:
                    newest = max(newest, self._read(group, after))
            for person in wanted:
                self._read_to[person] = max(newest, self._read_to.get(person, 0))
                self._journeys.move_to_end(person)
            found = {person: self._journeys[person] for person in wanted}
            self._forget_oldest()
            return found

    def clear(self) -> None:
        with self._lock:
            self._journeys.clear()
            self._read_to.clear()

    def _read(self, people: set[int], after: int) -> int:
        """Folds their events after that one. Returns the last one read, or `after`."""
        for person in people:
            self._journeys.setdefault(person, Journey())
        newest = after
        numbers = cache(task_numbers)
        for person, happening in _happenings(people, after):
            self._journeys[person].fold(happening, numbers)
            newest = happening.id
        return newest

    def _forget_oldest(self) -> None:
        while len(self._journeys) > PEOPLE_REMEMBERED:
            person, _ = self._journeys.popitem(last=False)
            del self._read_to[person]


_memory = _Memory()
journeys = _memory.journeys
forget_all = _memory.clear


def task_numbers(slug: str) -> tuple[int, ...]:
    """The numbers of the lesson's tasks; none for a lesson that is not in the course (any more)."""
    lesson = catalogue.lesson(slug)
    # Every locale has the same tasks; asking for that of the request costs more than the rest of a table.
    return () if lesson is None else tuple(task.number for task in next(iter(lesson.texts.values())).tasks)


def _happenings(people: set[int], after: int) -> Iterator[tuple[int, Happening]]:
    light = Func(F("payload"), *map(Value, _HEAVY), function="JSON_REMOVE", output_field=JSONField())
    payload = Case(When(~Q(kind__in=_WITHOUT_PAYLOAD), then=light), default=None, output_field=JSONField())
    rows = (
        Event.objects.filter(person__in=people, id__gt=after)
        .order_by("id")
        .values_list("person_id", "id", "at", "kind", "workspace__lesson", payload)
    )
    for person, number, at, kind, lesson, said in rows.iterator(chunk_size=5_000):
        yield person, Happening(number, at, kind, lesson or "", said or {})
