"""Functions written in Python where a deployment has learner code: the rest of the engine is real."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from sandbox.engine.errors import LearnerError
from sandbox.engine.runtime.executor import Executor
from sandbox.engine.runtime.host import Call, CallResult, FunctionInfo
from sandbox.engine.sync.callers import Callers
from sandbox.engine.sync.live_queries import LiveQueries
from sandbox.engine.sync.session import SyncSession
from sandbox.engine.trace import RunNote

Handler = Callable[[Any, dict[str, Any]], Awaitable[Any]]
ANY = {"type": "any"}


class PythonHost:
    """Stands where JsHost stands. A handler gets the transaction and the argument object."""

    def __init__(self) -> None:
        self.handlers: dict[str, Handler] = {}
        self.functions: dict[str, FunctionInfo] = {}
        self.calls: list[str] = []

    def function(self, path: str, kind: str) -> Callable[[Handler], Handler]:
        def register(handler: Handler) -> Handler:
            self.handlers[path] = handler
            self.functions[path] = FunctionInfo(kind=kind, visibility="public", args=ANY, returns=None, file="", line=0)
            return handler

        return register

    async def call(self, call: Call, syscalls: Any) -> CallResult:
        self.calls.append(call.path)
        try:
            value = await self.handlers[call.path](syscalls, json.loads(call.args_json)[0])
        except LearnerError as error:
            return CallResult(ok=False, value_json=None, error=error, log_lines=(), total_ms=0.0)
        return CallResult(ok=True, value_json=json.dumps(value), error=None, log_lines=(), total_ms=0.0)


def verify_token(token: str) -> dict[str, Any]:
    if not token.startswith("good-"):
        raise LearnerError("Could not verify the token", code="InvalidAuthHeader")
    return {"subject": token.removeprefix("good-"), "issuer": "test", "tokenIdentifier": f"test|{token}"}


@dataclass
class FakeBackend:
    """What a session needs of its deployment."""

    store: Any
    executor: Executor
    live: LiveQueries
    clock: Any
    notes: list[RunNote] = field(default_factory=list)
    callers: Callers = field(default_factory=lambda: Callers(verify_token, lambda key: key == "admin-key"))

    running: set[Any] = field(default_factory=set)
    actions: dict[str, Callable[[Any], Awaitable[Any]]] = field(default_factory=dict)

    def note_run(self, note: RunNote) -> None:
        self.notes.append(note)

    async def run_action(self, request: Any) -> Any:
        """Actions in Python, by path; each gets the request and returns what an Outcome must show."""
        return await self.actions[request.path](request)

    def run_to_end(self, work: Any) -> asyncio.Task[None]:
        task = asyncio.ensure_future(work)
        self.running.add(task)
        task.add_done_callback(self.running.discard)
        return task


class Client:
    """The far end of a session: keeps what was sent and waits for what is still to come."""

    def __init__(self, backend: FakeBackend, session_id: str = "session-1") -> None:
        self.frames: list[dict[str, Any]] = []
        self.closed: tuple[int, str] | None = None
        self.takes_frames = asyncio.Event()
        self.takes_frames.set()
        self._news = asyncio.Condition()
        self.session = SyncSession(backend, self._send, self._close)
        self.session_id = session_id

    async def _send(self, text: str) -> None:
        await self.takes_frames.wait()
        async with self._news:
            self.frames.append(json.loads(text))
            self._news.notify_all()

    async def _close(self, code: int, reason: str) -> None:
        async with self._news:
            self.closed = (code, reason)
            self._news.notify_all()

    async def say(self, type_: str, **fields: Any) -> None:
        await self.session.receive(json.dumps({"type": type_, **fields}))

    async def connect(self) -> None:
        await self.say("Connect", sessionId=self.session_id, connectionCount=0, lastCloseReason="InitialConnect")

    async def add_query(self, query_id: int, path: str, version: int = 0, **args: Any) -> None:
        added = {"type": "Add", "queryId": query_id, "udfPath": path, "args": [args]}
        await self.say("ModifyQuerySet", baseVersion=version, newVersion=version + 1, modifications=[added])

    async def wait(self, holds: Callable[[], Any], seconds: float = 5) -> Any:
        async with asyncio.timeout(seconds), self._news:
            await self._news.wait_for(lambda: bool(holds()))
        return holds()

    def of_type(self, type_: str) -> list[dict[str, Any]]:
        return [frame for frame in self.frames if frame["type"] == type_]

    def value_of(self, query_id: int) -> Any:
        """The newest value of a query, or "nothing yet"."""
        found: Any = "nothing yet"
        for frame in self.of_type("Transition"):
            for modification in frame["modifications"]:
                if modification["queryId"] == query_id and modification["type"] == "QueryUpdated":
                    found = modification["value"]
        return found
