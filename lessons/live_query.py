"""A subscription that stays open while a check goes on: what it emitted, how often it ran."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from lessons.evidence import Evidence, name_of, shown
from lessons.refusals import CallRefused
from sandbox.engine import Emission, Watch

Settle = Callable[[], Awaitable[None]]


class LiveQuery:
    """`settle` returns when nothing more can come of what has happened so far."""

    def __init__(
        self, who: str, path: str, args: Mapping[str, Any], watch: Watch, at: Evidence, settle: Settle
    ) -> None:
        self._who, self._path = who, path
        self._watch = watch
        self._at = at
        self._settle = settle
        self._last: Emission | None = None
        at.note(
            f"{who} subscribes to {name_of(path)}({shown(at.rows.symbolic(args))})",
            kind="subscribe",
            who=who,
            path=path,
            args=at.rows.symbolic(args),
        )

    async def wait_until(self, condition: Callable[[Any], bool]) -> bool:
        """Whether an emission comes, or has come last, whose value fulfils the condition. Raises CallRefused.

        It waits for what follows from the calls so far, due scheduled functions included, and not for the clock.
        """
        if self._last is not None and self._fulfils(self._last, condition):
            return True
        for _ in range(2):
            if await self._next_that(condition):
                return True
            await self._settle()
        return await self._next_that(condition)

    async def first(self) -> None:
        """Waits for the first result. Raises CallRefused."""
        self._fulfils(self._take(await anext(self._watch)), lambda value: True)

    @property
    def value(self) -> Any:
        """The value of the last emission that came."""
        return self._watch.emissions[-1].value if self._watch.emissions else None

    @property
    def emissions(self) -> list[Any]:
        """The values of all emissions, oldest first. Final after `fork.settle()`. Raises CallRefused."""
        for emission in self._watch.emissions:
            self._fulfils(emission, lambda value: True)
        return [emission.value for emission in self._watch.emissions]

    @property
    def runs(self) -> int:
        """How often the function ran for it, the first time included. Final after `fork.settle()`."""
        return self._watch.runs

    async def drain(self) -> None:
        """Writes down what came and nobody waited for."""
        while len(self._watch):
            self._take(await anext(self._watch))

    async def close(self) -> None:
        await self._watch.close()

    async def _next_that(self, condition: Callable[[Any], bool]) -> bool:
        while len(self._watch):
            if self._fulfils(self._take(await anext(self._watch)), condition):
                return True
        return False

    def _take(self, emission: Emission) -> Emission:
        self._last = emission
        what = shown(emission.value) if emission.error is None else f"error: {emission.error.message}"
        self._at.note(
            f"live {name_of(self._path)} ({self._who}) → {what}", kind="emission", who=self._who, path=self._path
        )
        return emission

    def _fulfils(self, emission: Emission, condition: Callable[[Any], bool]) -> bool:
        if emission.error is not None:
            raise CallRefused(self._path, emission.error)
        return condition(emission.value)
