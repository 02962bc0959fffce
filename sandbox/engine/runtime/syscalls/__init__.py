"""What a running function may ask of the engine, one object for one call, over one store transaction.

The operations stand in groups, a file each; a group is a function from the call's context to operations by name.
Facts and texts: docs/spec/runtime-abi.md §2. Arguments come from learner code and are checked before they are used.
Two operations are our own, between js/prelude.js and here: "stream/next" and "id/normalize".
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sandbox.engine.errors import LearnerError
from sandbox.engine.runtime import steps
from sandbox.engine.runtime.frames import Reply
from sandbox.engine.runtime.stepping import Step, Stepper
from sandbox.engine.runtime.syscalls import database, meta, nested, quarantine, refusals, scheduling, storage
from sandbox.engine.runtime.syscalls.context import CallContext, Operation, Reads, RunContext, Stream
from sandbox.engine.runtime.syscalls.nested import NestedCall
from sandbox.engine.trace import FunctionKind

__all__ = ["CallContext", "NestedCall", "Operation", "Reads", "RunContext", "Stream", "Syscalls"]

_GROUPS = (
    database.operations,
    meta.operations,
    scheduling.operations,
    storage.operations,
    nested.operations,
    quarantine.operations,
    refusals.operations,
)


class Syscalls:
    """`run` is what the call shares with those that it makes; without it, the call stands alone."""

    def __init__(
        self,
        tx: Reads,
        *,
        kind: FunctionKind,
        identity: Mapping[str, Any] | None = None,
        path: str = "",
        run: RunContext | None = None,
        depth: int = 0,
    ) -> None:
        self._streams = database.Streams(tx)
        run = run or RunContext.alone(path, identity)
        self._context = CallContext(tx, kind, path, run, depth, self._streams.read_ahead)
        self._operations: dict[str, Operation] = dict(self._streams.operations)
        for group in _GROUPS:
            self._operations.update(group(self._context))

    @property
    def _tx(self) -> Reads:
        return self._context.tx

    @property
    def identity_was_read(self) -> bool:
        """Whether `ctx.auth.getUserIdentity()` was called, here or in a call that this one made."""
        return self._context.run.identity_was_read

    def note_outcome(self, reply: Reply) -> None:
        """To be called when the function has ended, and for every one that it called."""
        self._context.run.time_was_read |= reply.time_was_read

    @property
    def stepper(self) -> Stepper | None:
        """Who holds the run before each of its steps."""
        return self._context.run.stepper

    async def reach(self, op: str, args_json: str, place: tuple[str, int]) -> Step | None:
        """Waits until the operation may happen, where somebody steps through the run. Raises CallStopped.

        `place` is the learner's file and line that asks for it.
        """
        run = self._context.run
        if run.stepper is None:
            return None
        if run.recorder is not None:
            run.recorder.look_back()
        return await steps.reach(run.stepper, op, args_json, self._context.path, place)

    def note_step(self, step: Step, answer: str | NestedCall | LearnerError) -> None:
        if self._context.run.recorder is not None:
            self._context.run.recorder.done(step, None if isinstance(answer, NestedCall) else answer)

    async def handle(self, op: str, args_json: str) -> str | NestedCall:
        """The JSON text of the result, or a call that has to run first.

        Raises LearnerError, which the function sees as a rejected promise.
        """
        operation = self._operations.get(op)
        if operation is None:
            raise LearnerError(f"Unknown async operation {op}", code="UnknownOperation")
        try:
            args = json.loads(args_json)
        except (ValueError, RecursionError):
            args = None
        if not isinstance(args, dict):
            raise LearnerError(f"Invalid arguments for {op}", code="InvalidSyscall")
        return await operation(args)

    def leave_stream(self, stream: int, consumed: int) -> None:
        """The function stopped reading a query after `consumed` documents: only so much of it counts as read."""
        self._streams.leave(stream, consumed)
