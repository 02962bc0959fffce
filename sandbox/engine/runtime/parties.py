"""Who has a part in a run besides the executor: the JavaScript side, the actions, and those that join a mutation."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol

from sandbox.engine.runtime.call import Call, CallResult
from sandbox.engine.runtime.request import Outcome, Request
from sandbox.engine.runtime.stepping import Stepper
from sandbox.engine.runtime.syscalls import Syscalls
from sandbox.engine.store import Transaction
from sandbox.engine.trace import Cause

BeforeRun = Callable[[Transaction], Awaitable[None]]
BeforeCommit = Callable[[Transaction, str], Awaitable[None]]
"""Gets the transaction of a mutation that succeeded, and its result's JSON."""


class Host(Protocol):
    """The JavaScript side of a deployment: lanes.py, or Python functions in tests."""

    async def call(self, call: Call, syscalls: Syscalls) -> CallResult: ...


class RunsActions(Protocol):
    """The actions of a deployment: actions/actions.py."""

    async def run(self, request: Request, cause: Cause, depth: int = 0, stepper: Stepper | None = None) -> Outcome: ...
