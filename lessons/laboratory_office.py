"""Work of the index laboratory that this process has under way: who waits for what, and what is shared.

Nothing is computed here. A build that several pages ask for runs once, goes on when they leave, and tells all of them
how far it is; everything else ends when its page goes.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from weakref import WeakKeyDictionary

from django.conf import settings

from sandbox.engine import laboratory

Message = laboratory.Message


class Job:
    """One build that pages follow. `last` is what it said last."""

    def __init__(self, run: Callable[[Job], Awaitable[None]]) -> None:
        self.last: Message | None = None
        self._changed = asyncio.Event()
        self.task = asyncio.ensure_future(run(self))
        self.task.add_done_callback(self._end)

    def say(self, message: Message) -> None:
        self.last = message
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    async def follow(self, tell: laboratory.Tell, *, until: Callable[[], bool] = lambda: False) -> None:
        """Tells what it says until it ends, or until the condition holds. Raises what ended it."""
        told: Message | None = None
        while not until():
            if self.last is not None and self.last is not told:
                told = self.last
                tell(told)
            if self.task.done():
                self.task.result()
                return
            changed = self._changed
            await changed.wait()

    def _end(self, task: asyncio.Future[None]) -> None:
        if not task.cancelled():
            task.exception()  # whoever follows hears of it
        self._changed.set()


class Office:
    """The jobs and the queue of one event loop."""

    def __init__(self, folder: Path) -> None:
        self.places = laboratory.Places(folder)
        self._jobs: dict[str, Job] = {}

    def share(self, name: str, module: str, task: Message) -> Job:
        """The job of that name that runs already, or a new one."""
        job = self._jobs.get(name)
        if job is None:
            job = self._jobs[name] = Job(lambda job: self._run(job, name, module, task))
        return job

    async def _run(self, job: Job, name: str, module: str, task: Message) -> None:
        try:
            async for message in self.work(module, task, job.say):
                job.say(message)
        finally:
            del self._jobs[name]

    async def work(self, module: str, task: Message, tell: laboratory.Tell) -> AsyncIterator[Message]:
        """Waits for a place and runs one worker in it. `tell` hears of the place in the queue."""

        def tell_place(place: int) -> None:
            tell({"type": "waiting", "place": place})

        async with self.places.take(tell_place):
            async for message in laboratory.run_worker(module, task):
                yield message


_offices: WeakKeyDictionary[asyncio.AbstractEventLoop, Office] = WeakKeyDictionary()


def folder() -> Path:
    return Path(settings.DATA_DIR) / "laboratory"


def office() -> Office:
    """The one of the running loop."""
    loop = asyncio.get_running_loop()
    found = _offices.get(loop)
    if found is None:
        found = _offices[loop] = Office(folder())
    return found
