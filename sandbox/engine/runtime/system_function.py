"""Functions of the engine itself, written in Python: `_system/…`, for those who hold the admin key.

They run over a transaction as a learner's functions do, so a client may subscribe to their queries. What they are is
decided by whoever fills `Executor.system_functions`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from sandbox.engine.runtime.call import FunctionInfo
from sandbox.engine.runtime.services import Services
from sandbox.engine.store import Transaction

SYSTEM_PREFIX = "_system/"


@dataclass(frozen=True, slots=True)
class SystemCall:
    """`args` is the argument object as parsed JSON (Convex-encoded); `functions` and `services` are the live code's."""

    transaction: Transaction
    args: dict[str, Any]
    functions: Mapping[str, FunctionInfo]
    services: Services
    journal: str | None = None


@dataclass(frozen=True, slots=True)
class SystemFunction:
    """`run` returns what JSON can hold (Convex-encoded) and raises LearnerError for what the caller did wrong."""

    kind: Literal["query", "mutation"]
    run: Callable[[SystemCall], Awaitable[Any]]
