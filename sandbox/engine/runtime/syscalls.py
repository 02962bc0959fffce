"""What a running function may ask of the engine: one object for one call, over one store transaction.

Facts and texts: docs/spec/runtime-abi.md §2. Arguments come from learner code and are checked before they are used.
Two operations are our own, between js/prelude.js and here: "stream/next" and "id/normalize".
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol

from sandbox.engine import values
from sandbox.engine.errors import LearnerError
from sandbox.engine.trace import FunctionKind
from sandbox.engine.values import Undefined, Value

STREAM_BATCH_MAX = 256

_LATER = {
    "1.0/queryPage": "paginate()",
    "1.0/runUdf": "ctx.runQuery() and ctx.runMutation()",
    "1.0/schedule": "ctx.scheduler",
    "1.0/cancel_job": "ctx.scheduler",
    "1.0/createFunctionHandle": "createFunctionHandle()",
    "1.0/getTransactionMetrics": "ctx.meta.getTransactionMetrics()",
    "1.0/getDeploymentMetadata": "ctx.meta.getDeploymentMetadata()",
    "1.0/signJwt": "ctx.auth.signJwt()",
    "1.0/auditLog": "the audit log",
    "1.0/createServiceToken": "service tokens",
    "1.0/getServiceUrl": "service addresses",
}


class Stream(Protocol):
    """The QueryStream of the store."""

    async def next(self, n: int) -> tuple[list[bytes], bool]: ...
    def close(self, consumed: int | None) -> None: ...


class Reads(Protocol):
    """The part of a store transaction that a function reaches; see store/transaction.py."""

    async def get(self, id: str, *, table: str | None, method: str = "get") -> bytes | None: ...  # noqa: A002
    def open_query(self, plan: dict[str, Any]) -> Stream: ...
    async def insert(self, table: str, value: dict[str, Value]) -> str: ...
    async def patch(self, id: str, fields: dict[str, Value | Undefined], *, table: str | None = None) -> None: ...  # noqa: A002
    async def replace(self, id: str, value: dict[str, Value], *, table: str | None = None) -> None: ...  # noqa: A002
    async def delete(self, id: str, *, table: str | None = None) -> None: ...  # noqa: A002
    def normalize_id(self, table: str, text: str) -> str | None: ...


Operation = Callable[[dict[str, Any]], Awaitable[str]]
"""From the arguments of an operation to the JSON text of its result. Raises LearnerError."""


class Syscalls:
    """`identity` is what `ctx.auth.getUserIdentity()` returns; `identity_was_read` says whether it was asked for.

    `more` are operations that other modules know, by their names (storage_calls.py).
    """

    def __init__(
        self,
        tx: Reads,
        *,
        kind: FunctionKind,
        identity: Mapping[str, Any] | None,
        path: str = "",
        more: Mapping[str, Operation] | None = None,
    ) -> None:
        self._tx = tx
        self._kind = kind
        self._identity = identity
        self._path = path
        self._streams: dict[int, Stream] = {}
        self.identity_was_read = False
        self._operations: dict[str, Operation] = {
            **(more or {}),
            "stream/next": self._stream_next,
            "id/normalize": self._normalize_id,
            "1.0/get": self._get,
            "1.0/count": self._count,
            "1.0/insert": self._insert,
            "1.0/shallowMerge": self._patch,
            "1.0/replace": self._replace,
            "1.0/remove": self._remove,
            "1.0/getUserIdentity": self._get_identity,
            "1.0/getFunctionMetadata": self._function_metadata,
            "1.0/getRequestMetadata": self._request_metadata,
        }

    async def handle(self, op: str, args_json: str) -> str:
        """The JSON text of the result. Raises LearnerError, which the function sees as a rejected promise."""
        operation = self._operations.get(op)
        if operation is None:
            raise _refusal(op)
        try:
            args = json.loads(args_json)
        except (ValueError, RecursionError):
            args = None
        if not isinstance(args, dict):
            raise LearnerError(f"Invalid arguments for {op}", code="InvalidSyscall")
        return await operation(args)

    def leave_stream(self, stream: int, consumed: int) -> None:
        """The function stopped reading a query after `consumed` documents: only so much of it counts as read."""
        left = self._streams.pop(stream, None)
        if left is not None:
            left.close(consumed)

    # ── reads ───────────────────────────────────────────────────────────────

    async def _get(self, args: dict[str, Any]) -> str:
        method = "system.get" if args.get("isSystem") else "get"
        document = await self._tx.get(_id(args, method), table=_table(args), method=method)
        return "null" if document is None else document.decode()

    async def _stream_next(self, args: dict[str, Any]) -> str:
        number = args.get("stream")
        if type(number) is not int:
            raise LearnerError("in-progress query not found", code="InvalidSyscall")
        if "plan" in args:
            plan = args["plan"]
            if not isinstance(plan, dict):
                raise LearnerError("Invalid query", code="InvalidSyscall")
            self._streams[number] = self._tx.open_query(plan)
        if number not in self._streams:
            raise LearnerError("in-progress query not found", code="InvalidSyscall")
        documents, is_done = await self._streams[number].next(STREAM_BATCH_MAX)
        if is_done and not documents:
            del self._streams[number]
        return "\t".join(("1" if is_done else "0", *(document.decode() for document in documents)))

    async def _count(self, args: dict[str, Any]) -> str:
        source = {"type": "FullTableScan", "tableName": _text(args, "table", "count"), "order": None}
        stream = self._tx.open_query({"source": source, "operators": []})
        count, is_done = 0, False
        while not is_done:
            documents, is_done = await stream.next(STREAM_BATCH_MAX)
            count += len(documents)
        return json.dumps(float(count))

    async def _normalize_id(self, args: dict[str, Any]) -> str:
        table, text = args.get("table"), args.get("id")
        known = self._tx.normalize_id(table, text) if isinstance(table, str) and isinstance(text, str) else None
        return json.dumps({"id": known})

    # ── writes ──────────────────────────────────────────────────────────────

    async def _insert(self, args: dict[str, Any]) -> str:
        self._refuse_unless_mutation()
        document_id = await self._tx.insert(_text(args, "table", "insert"), _document(args, "insert"))
        return json.dumps({"_id": document_id})

    async def _patch(self, args: dict[str, Any]) -> str:
        self._refuse_unless_mutation()
        raw = args.get("value")
        if not isinstance(raw, dict):
            raise _not_an_object("patch")
        values.check_field_names(raw.keys())
        fields = {name: values.decode_with_undefined(value) for name, value in raw.items()}
        await self._tx.patch(_id(args, "patch"), fields, table=_table(args))
        return "null"

    async def _replace(self, args: dict[str, Any]) -> str:
        self._refuse_unless_mutation()
        await self._tx.replace(_id(args, "replace"), _document(args, "replace"), table=_table(args))
        return "null"

    async def _remove(self, args: dict[str, Any]) -> str:
        self._refuse_unless_mutation()
        await self._tx.delete(_id(args, "delete"), table=_table(args))
        return "null"

    def _refuse_unless_mutation(self) -> None:
        if self._kind != "mutation":
            raise LearnerError("A query cannot write to the database. Use a mutation.", code="WriteInQuery")

    # ── about the call ──────────────────────────────────────────────────────

    async def _get_identity(self, args: dict[str, Any]) -> str:
        self.identity_was_read = True
        return json.dumps(None if self._identity is None else dict(self._identity))

    async def _function_metadata(self, args: dict[str, Any]) -> str:
        return json.dumps({"name": self._path, "componentPath": ""})

    async def _request_metadata(self, args: dict[str, Any]) -> str:
        return json.dumps(dict.fromkeys(("ip", "userAgent", "requestId", "scheduledFunctionId", "authToken")))


def _refusal(op: str) -> LearnerError:
    what = (
        "ctx.storage"
        if op.startswith("1.0/storage")
        else "actions"
        if op.startswith("1.0/actions/")
        else _LATER.get(op)
    )
    if what is None:
        return LearnerError(f"Unknown async operation {op}", code="UnknownOperation")
    return LearnerError(f"This sandbox does not offer {what} yet.", code="NotAvailable")


def _id(args: dict[str, Any], method: str) -> str:
    return _text(args, "id", method)


def _text(args: dict[str, Any], name: str, method: str) -> str:
    value = args.get(name)
    if not isinstance(value, str):
        raise LearnerError(f"Invalid argument `{name}` for `db.{method}`: expected a string", code="InvalidArgument")
    return value


def _table(args: dict[str, Any]) -> str | None:
    table = args.get("table")
    return table if isinstance(table, str) else None


def _document(args: dict[str, Any], method: str) -> dict[str, Value]:
    document = values.decode(args.get("value"))
    if not isinstance(document, dict):
        raise _not_an_object(method)
    return document


def _not_an_object(method: str) -> LearnerError:
    return LearnerError(f"Invalid argument `value` for `db.{method}`: Value must be an Object", code="InvalidArgument")
