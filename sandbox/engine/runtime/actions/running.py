"""One action that runs: its operations in flight, its log, and the future of its outcome."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from sandbox.engine import limits
from sandbox.engine.errors import LearnerError
from sandbox.engine.runtime.frames import CallStopped, Reply, refusal_text

logger = logging.getLogger(__name__)

INTERNAL_ERROR = LearnerError("InternalServerError: Your request couldn't be completed. Try again later.")


class Operations(Protocol):
    """What an action may ask; see operations.py."""

    async def handle(self, op: str, text: str) -> str: ...


@dataclass(frozen=True, slots=True)
class ActionCall:
    """`args` is the JSON text of the arguments, or of the request of an HTTP action (whose `path` is None)."""

    path: str | None
    args: str
    now_ms: float
    seed: int

    @property
    def about(self) -> dict[str, Any]:
        kind = "http" if self.path is None else "action"
        return {"kind": kind, "path": self.path, "nowMs": self.now_ms, "seed": self.seed, "tables": {}}


@dataclass(slots=True, eq=False)
class Run:
    """`answer` is called with the id and the reply of every operation that ends while the action runs."""

    token: bytes
    operations: Operations
    log_lines: list[str]
    answer: Callable[[bytes, str], None]
    outcome: asyncio.Future[Reply]
    has_begun: bool = False
    count: int = 0
    bytes_in_flight: int = 0
    tasks: dict[bytes, asyncio.Task[None]] = field(default_factory=dict)

    def ask(self, number: bytes, op: str, text: str) -> None:
        """Starts an operation. Raises CallStopped when the action has asked for too many."""
        self.count += 1
        if self.count > limits.SYSCALLS_MAX:
            raise CallStopped(
                f"Too many system operations in one function (limit: {limits.SYSCALLS_MAX})", code="TooManySyscalls"
            )
        refusal = self._refusal(len(text))
        if refusal is not None:
            self.answer(number, refusal_text(refusal))
            return
        self.bytes_in_flight += len(text)
        self.tasks[number] = asyncio.create_task(self._serve(number, op, text))

    def _refusal(self, size: int) -> LearnerError | None:
        if len(self.tasks) >= limits.ACTION_OPERATIONS_AT_ONCE_MAX:
            return LearnerError(
                f"Too many operations at once in one action (limit: {limits.ACTION_OPERATIONS_AT_ONCE_MAX}). "
                "Await some before you begin others.",
                code="TooManyOperations",
            )
        if self.bytes_in_flight and self.bytes_in_flight + size > limits.ACTION_OPERATION_BYTES_MAX:
            limit = limits.ACTION_OPERATION_BYTES_MAX // limits.MIB
            return LearnerError(
                f"Too large arguments of operations at once in one action (limit: {limit} MiB)",
                code="TooManyOperations",
            )
        return None

    def cancel_operations(self) -> list[asyncio.Task[None]]:
        """Gives up what is under way. Returns what is to be awaited."""
        tasks = list(self.tasks.values())
        for task in tasks:
            task.cancel()
        return tasks

    async def _serve(self, number: bytes, op: str, text: str) -> None:
        try:
            reply = "=" + await self.operations.handle(op, text)
        except LearnerError as error:
            reply = refusal_text(error)
        except CallStopped as stopped:
            self.fail(stopped)
            return
        except Exception:
            logger.exception("An operation of an action failed")
            reply = refusal_text(INTERNAL_ERROR)
        finally:
            self.tasks.pop(number, None)
            self.bytes_in_flight -= len(text)
        self.answer(number, reply)

    def fail(self, stopped: CallStopped) -> None:
        if not self.outcome.done():
            self.outcome.set_exception(stopped)
