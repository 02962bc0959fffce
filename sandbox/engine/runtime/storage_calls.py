"""`ctx.storage`: the operations of a running function on stored files, and the addresses that it gets.

A query or mutation works in its own transaction, an action in one for each operation; `TransactionScope` and
`ActionScope` are that difference. Facts and texts: docs/spec/runtime-abi.md §2, semantics.md §10.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from sandbox.engine import limits
from sandbox.engine.errors import LearnerError
from sandbox.engine.store import FileChanges, Files, StoredFile, Transaction, UploadTokens
from sandbox.engine.trace import FunctionKind

Result = TypeVar("Result")
Reading = Callable[[Transaction], Awaitable[Result]]
Writing = Callable[[Transaction, FileChanges], Awaitable[Result]]
Operation = Callable[[dict[str, Any]], Awaitable[str]]


class Storage:
    """The files of a deployment and how they are reached: `url` is what stands before `/<uuid>` and `/upload`."""

    def __init__(self, files: Files, tokens: UploadTokens, url: str) -> None:
        self.files = files
        self.tokens = tokens
        self._url = url

    def upload_url(self) -> str:
        """Good for an hour."""
        return f"{self._url}/upload?token={self.tokens.issue()}"

    def url_of(self, file: StoredFile) -> str:
        return f"{self._url}/{file.uuid}"

    def calls(self, tx: Transaction, kind: FunctionKind) -> StorageCalls:
        """For one attempt of a query or mutation; `settle` when it is over."""
        return StorageCalls(self, TransactionScope(tx, self.files), kind)

    def action_calls(self) -> StorageCalls:
        """For one action. There is nothing to settle."""
        return StorageCalls(self, ActionScope(self.files), "action")


class TransactionScope:
    """Everything in one transaction, which somebody else commits."""

    def __init__(self, tx: Transaction, files: Files) -> None:
        self._tx = tx
        self._files = files
        self._changes = FileChanges()

    async def read(self, work: Reading[Result]) -> Result:
        return await work(self._tx)

    async def write(self, work: Writing[Result]) -> Result:
        return await work(self._tx, self._changes)

    def count_read(self, size: int) -> None:
        """Raises LimitExceeded."""
        self._tx.meter.count_file_read(size)

    def count_written(self, size: int) -> None:
        """Raises LimitExceeded."""
        self._tx.meter.count_file_written(size)

    async def settle(self) -> None:
        await self._files.settle(self._changes)


class ActionScope:
    """Each operation in a transaction of its own, at the newest data."""

    def __init__(self, files: Files) -> None:
        self._files = files

    async def read(self, work: Reading[Result]) -> Result:
        return await self._files.read(work)

    async def write(self, work: Writing[Result]) -> Result:
        return await self._files.transact(work)

    def count_read(self, size: int) -> None:
        """An action may read as much as it likes."""

    def count_written(self, size: int) -> None:
        """And store."""

    async def settle(self) -> None:
        """Every operation has been settled already."""


class StorageCalls:
    """`operations` by the name of the syscall; each takes its arguments and returns the JSON text of the result."""

    def __init__(self, storage: Storage, scope: TransactionScope | ActionScope, kind: FunctionKind) -> None:
        self._storage = storage
        self._files = storage.files
        self._scope = scope
        self._kind = kind
        self.operations: dict[str, Operation] = {
            "1.0/storageGetUrl": self._get_url,
            "1.0/storageGetMetadata": self._get_metadata,
            "1.0/storageGenerateUploadUrl": self._generate_upload_url,
            "1.0/storageDelete": self._delete,
            "1.0/storageStore": self._store,
            "1.0/storageGet": self._get,
        }

    def of_kind(self, kind: FunctionKind) -> StorageCalls:
        """For a call that a function makes: the same transaction, the rules of its own kind."""
        return StorageCalls(self._storage, self._scope, kind)

    async def settle(self) -> None:
        """To be called once the transaction is over, whatever came of it."""
        await self._scope.settle()

    async def _get_url(self, args: dict[str, Any]) -> str:
        file = await self._find(args, "getUrl")
        return json.dumps(None if file is None else self._storage.url_of(file))

    async def _get_metadata(self, args: dict[str, Any]) -> str:
        file = await self._find(args, "getMetadata")
        if file is None:
            return "null"
        return json.dumps(
            {
                "storageId": file.uuid,
                "sha256": file.sha256,
                "size": float(file.size),
                "contentType": file.content_type,
            }
        )

    async def _generate_upload_url(self, args: dict[str, Any]) -> str:
        self._refuse_in_query("generateUploadUrl")
        return json.dumps(self._storage.upload_url())

    async def _delete(self, args: dict[str, Any]) -> str:
        self._refuse_in_query("delete")
        name = _storage_id(args, "delete")
        await _naming("delete", self._scope.write(lambda tx, changes: self._files.delete(tx, name, changes)))
        return "null"

    async def _store(self, args: dict[str, Any]) -> str:
        """{blob: base64 or bytes, contentType, sha256?: base64 or hex} → storage id."""
        self._refuse_in_query("store")
        data = _bytes(args.get("blob"))
        content_type = args.get("contentType")
        self._scope.count_written(len(data))
        arrived = await self._files.receive_whole(data)
        try:
            check_digest(args.get("sha256"), arrived.sha256)
        except LearnerError:
            await self._files.settle(FileChanges([arrived]))
            raise
        known_type = content_type if isinstance(content_type, str) and content_type else None
        return json.dumps(
            await self._scope.write(lambda tx, changes: self._files.insert(tx, arrived, known_type, changes))
        )

    async def _get(self, args: dict[str, Any]) -> str:
        """{blob: base64, contentType} or null."""
        self._refuse_in_query("get")
        file = await self._find(args, "get")
        if file is None:
            return "null"
        self._scope.count_read(file.size)
        try:
            with self._files.open_bytes(file) as content:
                data = content.read()
        except FileNotFoundError:
            return "null"  # deleted meanwhile
        return json.dumps({"blob": base64.b64encode(data).decode(), "contentType": file.content_type})

    async def _find(self, args: dict[str, Any], method: str) -> StoredFile | None:
        name = _storage_id(args, method)
        return await _naming(method, self._scope.read(lambda tx: self._files.find(tx, name)))

    def _refuse_in_query(self, method: str) -> None:
        if self._kind == "query":
            text = (
                f"Can't use storage.{method}() in queries. Please consider using a mutation or an action. "
                "See https://docs.convex.dev/functions/actions for more details."
            )
            raise LearnerError(text, code="StorageInQuery")


def check_digest(wanted: Any, sha256: str) -> None:
    """`wanted` is what the client says the bytes hash to, in base64 or hex; None for nothing said.

    Raises LearnerError `Sha256Mismatch`, or `BadDigest` for what is no hash.
    """
    if wanted is None:
        return
    digest = _digest(wanted)
    actual = bytes.fromhex(sha256)
    if digest != actual:
        shown, found = (base64.b64encode(value).decode() for value in (digest, actual))
        raise LearnerError(f"Sha256 mismatch. Expected: {shown} Actual: {found}", code="Sha256Mismatch")


def _digest(text: Any) -> bytes:
    if isinstance(text, str):
        for decode in (bytes.fromhex, _from_base64):
            try:
                digest = decode(text)
            except ValueError:
                continue
            if len(digest) == 32:
                return digest
    raise LearnerError("Invalid sha256: expected 32 bytes in base64 or hex", code="BadDigest")


def _from_base64(text: str) -> bytes:
    return base64.b64decode(text, validate=True)


def _bytes(blob: Any) -> bytes:
    try:
        data = _from_base64(blob) if isinstance(blob, str) else blob if isinstance(blob, bytes) else None
    except binascii.Error:
        data = None
    if data is None:
        raise LearnerError("Invalid argument `blob` for `storage.store`: expected base64", code="InvalidArgument")
    if len(data) > limits.STORED_FILE_BYTES_MAX:
        raise file_too_large()
    return data


def file_too_large() -> LearnerError:
    size = limits.STORED_FILE_BYTES_MAX // limits.MIB
    return LearnerError(f"This file is too large to be stored here (limit: {size} MiB)", code="FileTooLarge")


def _storage_id(args: dict[str, Any], method: str) -> str:
    name = args.get("storageId")
    if not isinstance(name, str):
        raise LearnerError(
            f"Invalid argument `storageId` for `storage.{method}`: expected a string", code="InvalidArgument"
        )
    return name


async def _naming(method: str, work: Awaitable[Result]) -> Result:
    """Says which argument of which method a bad storage id was."""
    try:
        return await work
    except LearnerError as error:
        if error.code not in ("InvalidStorageId", "InvalidArgument"):
            raise
        message = f"Invalid argument `storageId` for `storage.{method}`: {error.message}"
        raise LearnerError(message, code=error.code) from None
