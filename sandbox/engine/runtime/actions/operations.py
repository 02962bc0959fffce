"""What a running action may ask of the engine: other functions, files, the scheduler, the outside world.

Facts: docs/spec/runtime-abi.md §2. An action is no transaction, so each operation is one of its own. Arguments come
from learner code and are checked before they are used.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol

from sandbox.engine import limits, values
from sandbox.engine.errors import LearnerError
from sandbox.engine.runtime import steps
from sandbox.engine.runtime.actions.http_exchange import HttpAnswer
from sandbox.engine.runtime.actions.pieces import Pieces
from sandbox.engine.runtime.fetching import Asker, Fetcher, FetchRequest
from sandbox.engine.runtime.request import Outcome, Request
from sandbox.engine.runtime.stepping import Step, StepDone, Stepper
from sandbox.engine.runtime.syscalls.arguments import document
from sandbox.engine.trace import FunctionKind

# Operations that are the same as a mutation's, in a transaction of their own; the second ones change nothing.
_WRITING = {"1.0/actions/schedule": "1.0/schedule", "1.0/actions/cancel_job": "1.0/cancel_job"}
_READING = (
    "1.0/createFunctionHandle",
    "1.0/getUserIdentity",
    "1.0/getFunctionMetadata",
    "1.0/getRequestMetadata",
    "1.0/getDeploymentMetadata",
    # These say that the sandbox does not have them.
    "1.0/auditLog",
    "1.0/createServiceToken",
    "1.0/getServiceUrl",
)


Operation = Callable[[dict[str, Any]], Awaitable[str]]
"""Gets the parsed arguments, returns JSON text. Raises LearnerError."""


class Backend(Protocol):
    """The rest of the engine, as an action sees it; see backend.py."""

    def path_of(self, args: dict[str, Any], method: str, caller: Request) -> str:
        """The function that the arguments name. Raises LearnerError."""
        ...

    async def call(self, kind: FunctionKind, request: Request, depth: int) -> Outcome:
        """Runs a function that an action calls."""
        ...

    async def operate(self, op: str, args_json: str, caller: Request, *, writes: bool) -> str:
        """One operation in a transaction of its own: the result's JSON. Raises LearnerError."""
        ...

    async def vector_search(self, query: dict[str, Any]) -> list[dict[str, Any]]:
        """Raises LearnerError."""
        ...


class ActionOperations:
    """Those of one action. `caller` is the action's own request: functions that it calls run for the same person.

    `storage` holds the operations on files by name; `answer` is where an HTTP action's response goes; `stepper` holds
    the action before each of its steps; `run_id` is its run, for the log of the practice service.
    """

    def __init__(
        self,
        backend: Backend,
        fetcher: Fetcher,
        caller: Request,
        depth: int = 0,
        storage: Mapping[str, Operation] | None = None,
        answer: HttpAnswer | None = None,
        stepper: Stepper | None = None,
        run_id: str = "",
    ) -> None:
        self._stepper = stepper
        self.pieces = Pieces()
        self._asker = Asker(caller.path, run_id)
        self._answer = answer
        self._backend = backend
        self._storage = storage or {}
        self._fetcher = fetcher
        self._caller = caller
        self._depth = depth

    async def handle(self, op: str, text: str) -> str:
        """The JSON text of the result. Raises LearnerError, which the action sees as a rejected promise.

        Raises CallStopped where somebody who steps through the action ends it.
        """
        step = None if self._stepper is None else await steps.reach(self._stepper, op, text, self._caller.path)
        try:
            answer = await self._operate(op, text)
        except LearnerError as error:
            self._note(step, (), error.message)
            raise
        self._note(step, (answer,), None)
        return answer

    def _note(self, step: Step | None, values: tuple[str, ...], refused: str | None) -> None:
        if self._stepper is not None and step is not None and self._stepper.describes:
            self._stepper.note(StepDone(step, (), (), values, refused))

    async def _operate(self, op: str, text: str) -> str:
        if op == "fetch":
            return await self._fetch(_arguments(op, text))
        if op in self._storage:
            return await self._storage[op](self._with_blob(_arguments(op, text)))
        if op in _OF_BODIES:
            return await self._move_body(op, text)
        if op in _CALLS:
            return await self._call(_CALLS[op], _arguments(op, text))
        if op == "1.0/actions/vectorSearch":
            return await self._vector_search(_arguments(op, text))
        if op in _WRITING:
            return await self._backend.operate(_WRITING[op], text, self._caller, writes=True)
        if op in _READING:
            return await self._backend.operate(op, text, self._caller, writes=False)
        raise LearnerError(f"Unknown async operation {op}", code="UnknownOperation")

    def _with_blob(self, args: dict[str, Any]) -> dict[str, Any]:
        if not isinstance(args.get("blob"), dict):
            return args
        return {**args, "blob": self.pieces.body(args["blob"], limits.ACTION_OPERATION_BYTES_MAX, "This file")}

    async def _move_body(self, op: str, text: str) -> str:
        match op:
            case "bytes/give":
                self.pieces.give(_arguments(op, text))
            case "bytes/take":
                return json.dumps(self.pieces.take(_arguments(op, text)))
            case "bytes/stored" if "1.0/storageGet" in self._storage:
                found = json.loads(await self._storage["1.0/storageGet"](_arguments(op, text)))
                if found is not None:
                    found["blob"] = self.pieces.hold(base64.b64decode(found["blob"])) or ""
                return json.dumps(found)
            case "http/start" if self._answer is not None:
                await self._answer.start(text)
            case "http/piece" if self._answer is not None:
                await self._answer.add(text)
            case _:
                raise LearnerError(f"Unknown async operation {op}", code="UnknownOperation")
        return "null"

    async def _call(self, kind: FunctionKind, args: dict[str, Any]) -> str:
        path = self._backend.path_of(args, f"ctx.run{kind.capitalize()}", self._caller)
        caller = self._caller
        value = values.encode(document(args, "args", f"ctx.run{kind.capitalize()}"))
        args_json = json.dumps([value], separators=(",", ":"), ensure_ascii=False)
        request = Request(
            path,
            args_json,
            caller.identity,
            caller.writer,
            internal=True,
            job_id=caller.job_id,
            metadata=caller.metadata,
        )
        outcome = await self._backend.call(kind, request, self._depth + 1)
        if outcome.error is not None:
            raise outcome.error
        assert outcome.value_json is not None
        return outcome.value_json

    async def _vector_search(self, args: dict[str, Any]) -> str:
        query = args.get("query")
        if not isinstance(query, dict):
            raise LearnerError("Invalid arguments for `vectorSearch`: a query is missing", code="InvalidArgument")
        return json.dumps({"results": await self._backend.vector_search(query)})

    async def _fetch(self, args: dict[str, Any]) -> str:
        body = self.pieces.body(args.get("body"), limits.FETCH_REQUEST_BYTES_MAX, "The body of a fetch")
        response = await self._fetcher.fetch(fetch_request(args, body), self._asker)
        document = {
            "url": response.url,
            "status": response.status,
            "statusText": response.status_text,
            "headers": response.headers,
            "redirected": response.redirected,
            "body": self.pieces.hold(response.body),
        }
        return json.dumps(document)


_OF_BODIES = ("bytes/give", "bytes/take", "bytes/stored", "http/start", "http/piece")
_CALLS: dict[str, FunctionKind] = {
    "1.0/actions/query": "query",
    "1.0/actions/mutation": "mutation",
    "1.0/actions/action": "action",
}


def _arguments(op: str, text: str) -> dict[str, Any]:
    try:
        args = json.loads(text)
    except (ValueError, RecursionError):
        args = None
    if not isinstance(args, dict):
        raise LearnerError(f"Invalid arguments for {op}", code="InvalidSyscall")
    return args


def fetch_request(args: dict[str, Any], body: bytes) -> FetchRequest:
    """Raises LearnerError for what the realm's own Request would not have made."""
    method, url, headers = (args.get(name) for name in ("method", "url", "headers"))
    redirect = args.get("redirect", "follow")
    pairs = headers if isinstance(headers, list) else []
    is_sound = (
        isinstance(method, str)
        and method.isascii()
        and method.replace("-", "").isalnum()
        and isinstance(url, str)
        and redirect in ("follow", "error", "manual")
        and all(isinstance(pair, list) and len(pair) == 2 and all(isinstance(t, str) for t in pair) for pair in pairs)
    )
    if not is_sound:
        raise LearnerError("Invalid arguments for fetch", code="InvalidSyscall")
    return FetchRequest(str(method), str(url), tuple((name, value) for name, value in pairs), body, str(redirect))
