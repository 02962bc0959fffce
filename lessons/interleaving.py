"""Two runs of learners' functions in many orders of their steps, and the smallest order that breaks a promise.

A step is what a function asks of the engine, the commit included (engine, stepping.py). An order says which of the
two goes next, step by step. Orders are drawn with the check's seed; one that breaks the promise is made smaller by
letting one run go on for longer before the other has its turn.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass

from lessons.clients import Answer, Planned
from sandbox.engine import StepEvent, Stepper, StepReached

ROUNDS = 12
SHRINK_ROUNDS_MAX = 12
STEPS_DRAWN = 24
REACH_SECONDS_MAX = 5.0

Prepare = Callable[[], Awaitable[Sequence[Planned]]]
Holds = Callable[[Sequence[Answer]], Awaitable[bool]]
Order = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Broken:
    """An order after which the promise did not hold. `schedule` is it in words: `alice 2 steps, bob to the end`."""

    order: Order
    schedule: str
    answers: tuple[Answer, ...]


async def find_broken(prepare: Prepare, holds: Holds, chance: random.Random, rounds: int = ROUNDS) -> Broken | None:
    """Tries so many orders. `prepare` makes a fresh scene and says which two calls meet; `holds` is the promise."""
    for order in _orders(chance, rounds):
        broken = await _try(order, prepare, holds)
        if broken is not None:
            return await _smallest(broken, prepare, holds)
    return None


def _orders(chance: random.Random, rounds: int) -> Iterator[Order]:
    """First those that break most: one run stops after its first step until the other has ended; both go in turn."""
    first = [(0,) + (1,) * STEPS_DRAWN, (1,) + (0,) * STEPS_DRAWN, (0, 1) * (STEPS_DRAWN // 2)]
    for number in range(rounds):
        if number < len(first):
            yield first[number]
        else:
            yield tuple(chance.randrange(2) for _ in range(STEPS_DRAWN))


async def _smallest(broken: Broken, prepare: Prepare, holds: Holds) -> Broken:
    """Fewer changes from one run to the other, as long as the promise still breaks."""
    for _ in range(SHRINK_ROUNDS_MAX):
        smaller = None
        for order in _with_fewer_turns(broken.order):
            smaller = await _try(order, prepare, holds)
            if smaller is not None:
                break
        if smaller is None:
            return broken
        broken = smaller
    return broken


def _with_fewer_turns(order: Order) -> list[Order]:
    """Orders with fewer changes: one stretch of steps given to the other run. The fewest first."""
    stretches: list[list[int]] = []
    for who in order:
        if stretches and stretches[-1][0] == who:
            stretches[-1].append(who)
        else:
            stretches.append([who])
    found = []
    for left_out in range(1, len(stretches) - 1):
        changed = [
            [1 - who for who in stretch] if number == left_out else stretch for number, stretch in enumerate(stretches)
        ]
        found.append(tuple(who for stretch in changed for who in stretch))
    return found[:4]


async def _try(order: Order, prepare: Prepare, holds: Holds) -> Broken | None:
    calls = await prepare()
    if len(calls) != 2:
        raise ValueError("two calls meet")
    answers, taken = await _run(calls, order)
    return None if await holds(answers) else Broken(taken, _in_words(calls, taken), tuple(answers))


async def _run(calls: Sequence[Planned], order: Order) -> tuple[list[Answer], Order]:
    """Runs both in that order. Returns their answers and the order that was really taken."""
    runs = [_Run(call) for call in calls]
    taken: list[int] = []
    try:
        for who in order:
            await asyncio.gather(*(run.stands() for run in runs))
            if all(run.task.done() for run in runs):
                break
            next_one = who if not runs[who].task.done() else 1 - who
            taken.append(next_one)
            runs[next_one].step()
    finally:
        for run in runs:
            run.stepper.run_on()
    return [await run.task for run in runs], tuple(taken)


class _Run:
    """One of the two calls: held before each step."""

    def __init__(self, call: Planned) -> None:
        self._news = asyncio.Event()
        self.stepper = Stepper(self._hear)
        self.task = asyncio.create_task(call.make(self.stepper))
        self.task.add_done_callback(lambda _: self._news.set())

    async def stands(self) -> None:
        """Returns when it is held or over; one that neither comes to a step nor ends is let go."""
        try:
            async with asyncio.timeout(REACH_SECONDS_MAX):
                while not self.task.done() and self.stepper.state != "held":
                    self._news.clear()
                    if self.stepper.holds and not self.task.done():
                        await self._news.wait()
                        await asyncio.sleep(0)
                    else:
                        await asyncio.wait([self.task])
        except TimeoutError:
            self.stepper.run_on()

    def step(self) -> None:
        self._news.clear()
        self.stepper.let_go()

    def _hear(self, event: StepEvent) -> None:
        if isinstance(event, StepReached):
            self._news.set()


def _in_words(calls: Sequence[Planned], order: Order) -> str:
    names = [call.client.name for call in calls]
    if names[0] == names[1]:
        names = [f"{name} ({place})" for name, place in zip(names, ("first", "second"), strict=True)]
    parts: list[tuple[int, int]] = []
    for who in order:
        if parts and parts[-1][0] == who:
            parts[-1] = (who, parts[-1][1] + 1)
        else:
            parts.append((who, 1))
    return ", then ".join(f"{names[who]} {steps} step{'' if steps == 1 else 's'}" for who, steps in parts)
