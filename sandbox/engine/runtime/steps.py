"""What of a run is a step, in the learner's words; and what a step did, told from the transaction.

Queries that are read in several batches are one step. Reading who asks, making handles and the like are none: they
change nothing, and no other run can come between.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sandbox.engine.errors import LearnerError
from sandbox.engine.runtime.call import CallResult
from sandbox.engine.runtime.frames import CallStopped
from sandbox.engine.runtime.results import stopped_error
from sandbox.engine.runtime.stepping import COMMIT, Step, StepDone, Stepper
from sandbox.engine.trace import ReadNote

if TYPE_CHECKING:
    from sandbox.engine.store import Transaction

ARGUMENTS_LENGTH_MAX = 2_000
VALUES_MAX = 8

_OPERATIONS = {
    "1.0/get": "db.get",
    "1.0/count": "db.count",
    "1.0/queryPage": "db.query",
    "stream/next": "db.query",
    "1.0/insert": "db.insert",
    "1.0/shallowMerge": "db.patch",
    "1.0/replace": "db.replace",
    "1.0/remove": "db.delete",
    "1.0/schedule": "scheduler.runAfter",
    "1.0/cancel_job": "scheduler.cancel",
    "1.0/storageStore": "storage.store",
    "1.0/storageDelete": "storage.delete",
    "1.0/actions/query": "ctx.runQuery",
    "1.0/actions/mutation": "ctx.runMutation",
    "1.0/actions/action": "ctx.runAction",
    "1.0/actions/schedule": "scheduler.runAfter",
    "1.0/actions/cancel_job": "scheduler.cancel",
    "1.0/actions/vectorSearch": "ctx.vectorSearch",
    "fetch": "fetch",
}
_NESTED = {"query": "ctx.runQuery", "mutation": "ctx.runMutation", "snapshotQuery": "ctx.runQuery"}


def operation_of(op: str, args: Any) -> str | None:
    """The operation in the learner's words, None for what is no step."""
    if not isinstance(args, dict):
        return None
    if op == "1.0/runUdf":
        return _NESTED.get(str(args.get("udfType")))
    if op == "stream/next" and "plan" not in args:
        return None
    return _OPERATIONS.get(op)


def subject_of(args: dict[str, Any]) -> str:
    """The table, the id or the function that the operation is about."""
    plan = args.get("plan") or args.get("query")
    source = plan.get("source") if isinstance(plan, dict) else None
    if isinstance(source, dict):
        name = source.get("tableName") or str(source.get("indexName", "")).partition(".")[0]
        return str(name)[:100]
    for key in ("table", "id", "name", "reference", "functionHandle", "url"):
        if isinstance(args.get(key), str):
            return str(args[key])[:100]
    return ""


async def reach(stepper: Stepper, op: str, args_json: str, path: str, place: tuple[str, int] = ("", 0)) -> Step | None:
    """Comes to the step that an operation is, and waits there; None where it is none. Raises CallStopped."""
    try:
        args = json.loads(args_json)
    except (ValueError, RecursionError):
        return None
    operation = operation_of(op, args)
    if operation is None:
        return None
    arguments = args.get("value", args.get("args"))
    text = "" if arguments is None else json.dumps(arguments, ensure_ascii=False)[:ARGUMENTS_LENGTH_MAX]
    return await stepper.reach(operation, path, subject_of(args), text, place)


async def reach_commit(stepper: Stepper, recorder: StepRecorder | None, path: str, result: CallResult) -> CallResult:
    """The last step of a mutation: everything is written down, and nobody sees it yet. The result, or why it ended."""
    if recorder is not None:
        recorder.look_back()
    if result.error is not None:
        return result
    try:
        await stepper.reach(COMMIT, path)
    except CallStopped as stopped:
        return replace(result, ok=False, value_json=None, error=stopped_error(stopped))
    return result


class StepRecorder:
    """Tells a stepper what each step of one transaction did. One for each attempt; a nested call shares it."""

    def __init__(self, stepper: Stepper, transaction: Transaction) -> None:
        self._stepper = stepper
        self._transaction = transaction
        self._reads = 0
        self._mark = 0
        self._last: StepDone | None = None
        self._documents = 0

    def done(self, step: Step, answer: str | LearnerError | None) -> None:
        """What happened since the step before. `answer` is what the function was given."""
        if not self._stepper.describes:
            return
        transaction = self._transaction
        reads = tuple(transaction.reads[self._reads :])
        self._reads = len(transaction.reads)
        writes = transaction.writes_since(self._mark)
        self._mark = transaction.pending.mark
        refused = answer.message if isinstance(answer, LearnerError) else None
        values = _values(step, answer) if isinstance(answer, str) else ()
        self._last = StepDone(step, reads, writes, values, refused)
        self._documents = _documents(reads)
        self._stepper.note(self._last)

    def look_back(self) -> None:
        """A query may have read on since its step was told, and a nested mutation may have taken back its writes."""
        self._mark = min(self._mark, self._transaction.pending.mark)
        if self._last is not None and _documents(self._last.reads) != self._documents:
            self._documents = _documents(self._last.reads)
            self._stepper.note(self._last)


def _documents(reads: tuple[ReadNote, ...]) -> int:
    return sum(read.documents for read in reads)


def _values(step: Step, answer: str) -> tuple[str, ...]:
    if step.operation == "db.query" and not answer.startswith("{"):
        return tuple(answer.split("\t")[1 : VALUES_MAX + 1])
    return () if answer == "null" else (answer,)
