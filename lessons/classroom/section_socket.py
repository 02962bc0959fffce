"""The socket of a class section's table: /ws/section/<id>. It says which rows changed, and never what is in them.

    hello    {"type": "hello", "stamp": "4711-9c1f"}  what the table has to show; the page compares its own stamp
    changed  {"type": "changed", "rows": [7, 9]}      enrollments whose learners did something
    all      {"type": "all"}                          who is in the section, or its name, changed

The page asks for the rows with an ordinary request, which checks access anew. Nothing comes in.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from typing import Any

from asgiref.sync import sync_to_async
from django.db.models import Max, QuerySet

from lessons.classroom.access import section_for_socket
from lessons.classroom.announcements import Bell
from lessons.classroom.models import ClassSection, Enrollment
from lessons.models import Event
from sandbox.gateway.sockets import CLOSE_TRY_AGAIN, TOO_MANY_CLIENTS, Receive, Send, Socket
from sandbox.gateway.workspace_consumer import comes_from_own_page

# A class that types makes dozens of events a second; one message a moment is enough to look live.
THROTTLE_S = 0.7
# What another web process wrote rings no bell here.
LOOK_ANYWAY_S = 3.0
FRAME_CHARACTERS_MAX = 1_000
OPEN_MAX = 200

_open = 0


async def section_consumer(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    """ASGI application for one table; `scope` holds the user of the session."""
    global _open
    socket = Socket(receive, send)
    await socket.open()
    user, section_id = scope["user"], scope["url_route"]["kwargs"]["object_id"]
    may = comes_from_own_page(scope) and await sync_to_async(section_for_socket)(user, section_id) is not None
    if not may:
        await socket.refuse()
        return
    await socket.accept()
    if _open >= OPEN_MAX:
        await socket.close(CLOSE_TRY_AGAIN, TOO_MANY_CLIENTS)
        return
    _open += 1
    try:
        await _serve(socket, user, section_id)
    finally:
        _open -= 1


async def _serve(socket: Socket, user: Any, section_id: str) -> None:
    with Bell() as bell:
        feed = _Feed(socket, bell, user, section_id)
        telling = asyncio.create_task(feed.tell())
        try:
            async for _ in socket.frames(FRAME_CHARACTERS_MAX):
                pass
        finally:
            telling.cancel()
            await asyncio.gather(telling, return_exceptions=True)


class _Feed:
    """What one table has been told."""

    def __init__(self, socket: Socket, bell: Bell, user: Any, section_id: str) -> None:
        self._socket = socket
        self._bell = bell
        self._user = user
        self._section_id = section_id

    async def tell(self) -> None:
        """Until it is cancelled, or the user may not have the section any more."""
        at = await sync_to_async(_last_event)(self._section_id)
        people = await sync_to_async(_people)(self._section_id)
        await self._say(type="hello", stamp=_stamp(at, people))
        while True:
            await self._bell.wait(LOOK_ANYWAY_S)
            if await sync_to_async(section_for_socket)(self._user, self._section_id) is None:
                await self._socket.close()
                return
            now = await sync_to_async(_people)(self._section_id)
            rows, at = await sync_to_async(_changed_rows)(self._section_id, at)
            if now != people:
                people = now
                await self._say(type="all")
            elif rows:
                await self._say(type="changed", rows=rows)
            else:
                continue
            await asyncio.sleep(THROTTLE_S)

    async def _say(self, **message: Any) -> None:
        await self._socket.send_text(json.dumps(message, separators=(",", ":")))


def stamp(section_id: str) -> str:
    """What a table shows that is read after this: equal stamps, equal tables but for the time."""
    return _stamp(_last_event(section_id), _people(section_id))


def _stamp(at: int, people: tuple[Any, ...]) -> str:
    return f"{at}-{hashlib.sha256(repr(people).encode()).hexdigest()[:8]}"


def _last_event(section_id: str) -> int:
    return _events(section_id).aggregate(last=Max("id"))["last"] or 0


def _changed_rows(section_id: str, after: int) -> tuple[list[int], int]:
    new = _events(section_id).filter(id__gt=after)
    found = list(new.values_list("person_id").annotate(last=Max("id")))
    if not found:
        return [], after
    people = [person for person, _ in found]
    learners = Enrollment.objects.filter(section_id=section_id, person_id__in=people)
    return sorted(learners.values_list("id", flat=True)), max(last for _, last in found)


def _events(section_id: str) -> QuerySet[Event]:
    learners = Enrollment.objects.filter(section_id=section_id, role=Enrollment.Role.LEARNER)
    return Event.objects.filter(person_id__in=learners.values("person_id"))


def _people(section_id: str) -> tuple[Any, ...]:
    """What makes the table another one as a whole."""
    section = ClassSection.objects.filter(pk=section_id).values_list("name", "about").first()
    rows = Enrollment.objects.filter(section_id=section_id).values_list("id", "role", "person__pseudonym")
    return section, tuple(rows)
