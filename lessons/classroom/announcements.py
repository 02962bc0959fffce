"""Tells the open tables of class sections that something was written. What it was, they read themselves.

Only within this process; what another web process writes is noticed by the pace at which a table looks anyway
(`section_socket.py`).
"""

from __future__ import annotations

import asyncio
from typing import Any

from django.db import transaction
from django.db.models.signals import post_delete, post_save

_listeners: set[Bell] = set()


class Bell:
    """An asyncio.Event of one loop that any thread may set."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._rung = asyncio.Event()

    def __enter__(self) -> Bell:
        _listeners.add(self)
        return self

    def __exit__(self, *_: object) -> None:
        _listeners.discard(self)

    def ring(self) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._rung.set)

    async def wait(self, seconds: float) -> None:
        """Until somebody rings, but no longer than so many seconds."""
        try:
            async with asyncio.timeout(seconds):
                await self._rung.wait()
        except TimeoutError:
            pass
        self._rung.clear()


def connect() -> None:
    """Once, when Django is ready."""
    from lessons.classroom.models import ClassSection, Enrollment
    from lessons.models import Event

    for model in (Event, Enrollment, ClassSection):
        post_save.connect(_written, sender=model, dispatch_uid=f"classroom-{model.__name__}-saved")
        post_delete.connect(_written, sender=model, dispatch_uid=f"classroom-{model.__name__}-deleted")


def _written(**_: Any) -> None:
    if _listeners:
        transaction.on_commit(_ring_all)


def _ring_all() -> None:
    for listener in tuple(_listeners):
        listener.ring()
