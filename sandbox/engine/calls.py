"""What clients ask of a deployment: queries, mutations, actions, HTTP actions and subscriptions.

Every call is noted for the panels; what a mutation wrote wakes the live queries.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sandbox.engine.runtime.actions.actions import Actions
from sandbox.engine.runtime.actions.http_exchange import HttpActionRequest, HttpActionResponse, ResponseSink
from sandbox.engine.runtime.executor import Executor, Identity, Outcome, Request, RequestMetadata
from sandbox.engine.runtime.function_paths import canonical_path
from sandbox.engine.runtime.stepping import Stepper
from sandbox.engine.sync.answers import persona_of
from sandbox.engine.sync.callers import NOBODY, Caller
from sandbox.engine.sync.live_queries import LiveQueries
from sandbox.engine.sync.watch import Watch
from sandbox.engine.trace import Cause, FunctionKind, RunNote

Arguments = Mapping[str, Any] | Sequence[Any]


class Calls:
    """The part of a deployment that answers calls. Its parts are put together by `deployment.Deployment`."""

    executor: Executor
    live: LiveQueries
    actions: Actions

    async def follow(self) -> None:
        """Takes in what other processes deployed."""
        raise NotImplementedError

    def note_run(self, note: RunNote) -> None:
        """Tells the panels of a run."""
        raise NotImplementedError

    async def run(
        self,
        path: str,
        args: Arguments,
        *,
        identity: Identity | None = None,
        is_admin: bool = False,
        kind: FunctionKind | None = None,
        stepper: Stepper | None = None,
    ) -> Outcome:
        """One call of a function of that kind; without a kind, of whatever the function is.

        A `stepper` holds or ends a mutation or an action before its steps; a query leaves nothing behind and runs on.
        Raises LearnerError where too many runs are held.

        `args` is a Convex-encoded JSON object, or a list of positional arguments as clients send it. An admin reaches
        internal functions, too.
        """
        request = _request_of(Caller(identity, is_admin), path, args)
        if kind is None:
            await self.follow()
        function = self.executor.functions.get(request.path) or self.executor.system_functions.get(request.path)
        match kind or (function.kind if function is not None else "query"):
            case "query":
                return (await self.run_queries([request]))[0]
            case "mutation":
                return await self._run_mutation(request, stepper)
            case "action":
                return await self.run_action(request, stepper)

    async def has_function(self, path: str) -> bool:
        """Whether there is a function of that path now, also one that the caller may not reach."""
        await self.follow()
        known = canonical_path(path)
        return known in self.executor.functions or known in self.executor.system_functions

    async def http_action(
        self, request: HttpActionRequest, *, identity: Identity | None = None, metadata: RequestMetadata | None = None
    ) -> HttpActionResponse:
        """Answers a request by the routes of http.ts; what its code throws is an answer, too (500)."""
        response, note = await self.actions.serve(request, identity, metadata)
        if note is not None:
            self.note_run(note)
        assert response is not None, "there is no sink"
        return response

    async def stream_http_action(
        self,
        request: HttpActionRequest,
        sink: ResponseSink,
        *,
        identity: Identity | None = None,
        metadata: RequestMetadata | None = None,
    ) -> HttpActionResponse | None:
        """The same, but a body that is a stream, or large, goes to `sink` as it comes: then None is returned."""
        response, note = await self.actions.serve(request, identity, metadata, sink)
        if note is not None:
            self.note_run(note)
        return response

    async def run_action(self, request: Request, stepper: Stepper | None = None) -> Outcome:
        """Runs an action once, in no transaction. It goes on when the code changes meanwhile."""
        with self.executor.held.admit(stepper):
            outcome = await self.executor.action(request, stepper=stepper)
        self.note_run(outcome.note)
        return outcome

    async def run_queries(self, requests: Sequence[Request]) -> list[Outcome]:
        """Several queries at one snapshot, the newest."""
        outcomes = await self.executor.queries(requests, Cause("call"))
        for outcome in outcomes:
            self.note_run(outcome.note)
        return outcomes

    async def run_query_batch(
        self, calls: Iterable[tuple[str, Arguments]], *, caller: Caller = NOBODY
    ) -> list[Outcome]:
        """Several queries (path and arguments) at one snapshot."""
        return await self.run_queries([_request_of(caller, path, args) for path, args in calls])

    async def run_query_at(self, ts: int, path: str, args: Arguments, *, caller: Caller = NOBODY) -> Outcome:
        """A query on the data as it was at `ts`, in ns.

        Raises LearnerError: `SnapshotTooOld` where that is no longer known, `InvalidTimestamp` before `ts`.
        """
        outcome = await self.executor.query_at(ts, _request_of(caller, path, args), Cause("call"))
        self.note_run(outcome.note)
        return outcome

    async def run_query(self, path: str, args: Arguments, *, identity: Identity | None = None) -> Outcome:
        """One query at the newest snapshot."""
        return (await self.run_queries([_request(path, args, Caller(identity), None)]))[0]

    async def run_mutation(
        self,
        path: str,
        args: Arguments,
        *,
        identity: Identity | None = None,
        writer: str | None = None,
        stepper: Stepper | None = None,
    ) -> Outcome:
        """Raises LearnerError where too many runs are held already."""
        return await self._run_mutation(_request(path, args, Caller(identity), writer), stepper)

    async def _run_mutation(self, request: Request, stepper: Stepper | None = None) -> Outcome:
        with self.executor.held.admit(stepper):
            outcome = await self.executor.mutation(request, stepper=stepper)
        self.note_run(outcome.note)
        self.live.wake()
        return outcome

    async def subscribe(self, path: str, args: Arguments, *, identity: Identity | None = None) -> Watch:
        return Watch(self.live, canonical_path(path), _args_json(args), identity)

    async def settle(self) -> None:
        """Returns when all subscriptions have what follows from every commit so far."""
        await self.live.settled()


def _args_json(args: Arguments) -> str:
    positional = [dict(args)] if isinstance(args, Mapping) else list(args)
    return json.dumps(positional, separators=(",", ":"), ensure_ascii=False)


def _request(path: str, args: Arguments, caller: Caller, writer: str | None) -> Request:
    return caller.request(canonical_path(path), _args_json(args), writer)


def _request_of(caller: Caller, path: str, args: Arguments) -> Request:
    return _request(path, args, caller, persona_of(caller.identity))
