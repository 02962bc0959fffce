"""`ctx.runQuery` and `ctx.runMutation` inside a query or mutation: calls in the transaction of their caller.

A nested mutation that fails leaves no writes, though what it read stays read; a query of the stale snapshot reads
beside its caller's transaction. The JavaScript side runs the call in a realm of its own, between two answers of the
host: the command here, and what `NestedCall.end` says (exchange.py).
Source: docs/spec/semantics.md §6, runtime-abi.md §2.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from sandbox.engine import limits, values
from sandbox.engine.errors import LearnerError
from sandbox.engine.runtime.call import Call, CallResult
from sandbox.engine.runtime.syscalls.addresses import path_of
from sandbox.engine.runtime.syscalls.arguments import document
from sandbox.engine.runtime.syscalls.context import CallContext, Operation
from sandbox.engine.store import Transaction
from sandbox.engine.trace import FunctionKind

if TYPE_CHECKING:
    from sandbox.engine.runtime.syscalls import Syscalls

# Which kinds of call a function of each kind may make, and the words of the refusal.
_CALLABLE = {"query": ("query",), "mutation": ("query", "snapshotQuery", "mutation")}
_WORDS = {"query": "Query", "mutation": "Mutation", "snapshotQuery": "SnapshotQuery", "action": "Action"}


def operations(context: CallContext) -> Mapping[str, Operation]:
    async def run_function(args: dict[str, Any]) -> NestedCall:
        return _begin(context, args)

    return {"1.0/runUdf": run_function}


class NestedCall:
    """A call on its way: `command` is what the runner needs, `syscalls` serve it, `end` says what the caller gets."""

    def __init__(
        self, context: CallContext, call: Call, syscalls: Syscalls, transaction: Transaction, own_limits: Any
    ) -> None:
        """Raises LearnerError for limits that are none."""
        self.command = json.dumps({"args": call.args_json, "about": call.about}, separators=(",", ":"))
        self.syscalls = syscalls
        self._context = context
        self._call = call
        self._transaction = transaction
        self._mark = transaction.savepoint()
        self._ceilings = transaction.lower_limits(own_limits) if isinstance(own_limits, dict) else None
        # Pages of a nested call are not pinned: only the function that a client watches has a journal.
        self._journals = transaction.journal_in, transaction.journal_out
        transaction.journal_in = transaction.journal_out = None

    def end(self, result: CallResult) -> str:
        """The JSON text of the value. Raises LearnerError with what the call threw; then it has written nothing."""
        self._transaction.journal_in, self._transaction.journal_out = self._journals
        if self._ceilings is not None:
            self._transaction.restore_limits(self._ceilings)
        try:
            if result.error is not None:
                raise result.error
            assert result.value_json is not None
            self._context.run.functions.check_returns(self._call.path, result.value_json, self._transaction)
        except LearnerError:
            if self._call.kind == "mutation":
                self._transaction.rollback_to(self._mark)
            raise
        return result.value_json


def _begin(context: CallContext, args: dict[str, Any]) -> NestedCall:
    """Raises LearnerError for a call that may not be made."""
    from sandbox.engine.runtime.syscalls import Syscalls

    run = context.run
    asked = str(args.get("udfType"))
    path = path_of(args, "runUdf", run)
    args_json = json.dumps([values.encode(document(args, "args", "runUdf"))], separators=(",", ":"), ensure_ascii=False)
    if asked not in _CALLABLE.get(context.kind, ()):
        raise LearnerError(
            f"Cannot call a {_WORDS.get(asked, asked)} function from a {_WORDS[context.kind]} function",
            code="InvalidFunctionCall",
        )
    kind = cast(FunctionKind, "query" if asked == "snapshotQuery" else asked)
    own = context.transaction
    run.functions.find(path, kind, internal=True)
    run.functions.check_args(path, args_json, own)
    if context.depth >= limits.NESTED_CALL_DEPTH_MAX:
        raise LearnerError(
            "Cross component call depth limit exceeded. Do you have an infinite loop in your app?",
            code="MaximumCallDepthExceeded",
        )
    transaction = own.stale_view() if asked == "snapshotQuery" else own
    syscalls = Syscalls(transaction, kind=kind, path=path, run=run, depth=context.depth + 1)
    call = Call(
        kind=kind,
        path=path,
        args_json=args_json,
        now_ms=run.now_ms,
        seed=run.next_seed(),
        table_numbers=transaction.table_numbers(),
        snapshot_ts=transaction.begin_ts,
        steps=run.stepper is not None and run.stepper.describes,
    )
    return NestedCall(context, call, syscalls, transaction, args.get("transactionLimits"))
