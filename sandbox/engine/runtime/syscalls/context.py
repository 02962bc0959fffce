"""What the operations of a call work on, and what they may expect of a store transaction."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from sandbox.engine.errors import LearnerError
from sandbox.engine.runtime.functions import FunctionTable
from sandbox.engine.runtime.request import Request
from sandbox.engine.runtime.services import Services
from sandbox.engine.runtime.stepping import Stepper
from sandbox.engine.runtime.steps import StepRecorder
from sandbox.engine.runtime.storage_calls import StorageCalls
from sandbox.engine.trace import FunctionKind
from sandbox.engine.values import Undefined, Value

if TYPE_CHECKING:
    from sandbox.engine.runtime.syscalls.nested import NestedCall
    from sandbox.engine.store import Transaction

Operation = Callable[[dict[str, Any]], Awaitable["str | NestedCall"]]
"""Gets the parsed arguments, returns JSON text. Raises LearnerError."""


QuarantineFetch = Callable[[str, Mapping[str, Any]], Awaitable[str]]
"""Gets the path of the function and the request. Raises LearnerError."""


class Stream(Protocol):
    """The QueryStream of the store."""

    async def next(self, n: int) -> tuple[list[bytes], bool]: ...
    def read_ahead(self, consumed: int) -> tuple[int, int]: ...
    def close(self, consumed: int | None) -> None: ...


class Reads(Protocol):
    """The part of a store transaction that a function's database operations reach; see store/transaction.py."""

    async def get(self, id: str, *, table: str | None, method: str = "get") -> bytes | None: ...  # noqa: A002
    def open_query(self, plan: dict[str, Any]) -> Stream: ...
    async def insert(self, table: str, value: dict[str, Value]) -> str: ...
    async def patch(self, id: str, fields: dict[str, Value | Undefined], *, table: str | None = None) -> None: ...  # noqa: A002
    async def replace(self, id: str, value: dict[str, Value], *, table: str | None = None) -> None: ...  # noqa: A002
    async def delete(self, id: str, *, table: str | None = None) -> None: ...  # noqa: A002
    def normalize_id(self, table: str, text: str) -> str | None: ...


@dataclass(slots=True)
class RunContext:
    """What a call and the calls that it makes have in common."""

    request: Request
    functions: FunctionTable
    services: Services
    now_ms: float = 0.0
    seed: int = 0
    storage: StorageCalls | None = None
    identity_was_read: bool = False
    time_was_read: bool = False
    fetch: QuarantineFetch | None = None
    """Only in quarantine (runtime/quarantine.py): elsewhere a query or mutation has no such operation."""
    stepper: Stepper | None = None
    """Who holds the run before each of its steps; None for nearly all runs."""
    recorder: StepRecorder | None = None

    @classmethod
    def alone(cls, path: str, identity: Mapping[str, Any] | None) -> RunContext:
        """That of a call for which there is nothing but its transaction."""
        return cls(Request(path, "[{}]", identity), FunctionTable({}), Services())

    def next_seed(self) -> int:
        """The seed of a call that this run makes: it follows from the run's own, and none is used twice."""
        self.seed = (self.seed * 6_364_136_223_846_793_005 + 1_442_695_040_888_963_407) % 2**53
        return self.seed


@dataclass(slots=True)
class CallContext:
    """One call. `depth` is 0 for the one that a client made.

    `read_ahead` tells the documents and bytes of its open queries that the function has not seen yet.
    """

    tx: Reads
    kind: FunctionKind
    path: str
    run: RunContext
    depth: int = 0
    read_ahead: Callable[[Any], tuple[int, int]] = lambda consumed: (0, 0)

    @property
    def transaction(self) -> Transaction:
        """The whole transaction, for operations that need more of it than the database's."""
        from sandbox.engine.store import Transaction

        assert isinstance(self.tx, Transaction)
        return self.tx

    def refuse_unless_mutation(self) -> None:
        """Raises LearnerError. The library has no such method in queries; this is for code that asks by itself."""
        if self.kind != "mutation":
            raise LearnerError("A query cannot write to the database. Use a mutation.", code="WriteInQuery")
