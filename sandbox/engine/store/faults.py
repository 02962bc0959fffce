"""What can be wrong with a store's file, in one error with a stable code and a clear text.

A full disk, a folder that cannot be written, a damaged file: whoever uses that deployment is told, and others in this
process go on. A mistake of ours in SQL is no such fault: it stays what it is and is logged as a bug.
"""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from sandbox.engine.errors import StoreUnavailable

_P = ParamSpec("_P")
_T = TypeVar("_T")

_FULL = ("StoreFull", "there is no space left on the disk, so that nothing can be written")
_READ_ONLY = ("StoreReadOnly", "its folder or file cannot be written")
_UNREADABLE = ("StoreUnreadable", "its file cannot be opened or read")
_CORRUPT = ("StoreCorrupt", "its file is damaged or not a store at all")
_BUSY = ("StoreBusy", "another process has kept it locked for too long")

_BY_SQLITE_CODE = {
    sqlite3.SQLITE_FULL: _FULL,
    sqlite3.SQLITE_READONLY: _READ_ONLY,
    sqlite3.SQLITE_PERM: _READ_ONLY,
    sqlite3.SQLITE_CANTOPEN: _UNREADABLE,
    sqlite3.SQLITE_IOERR: _UNREADABLE,
    sqlite3.SQLITE_CORRUPT: _CORRUPT,
    sqlite3.SQLITE_NOTADB: _CORRUPT,
    sqlite3.SQLITE_BUSY: _BUSY,
    sqlite3.SQLITE_LOCKED: _BUSY,
}
_BY_ERRNO = {
    errno.ENOSPC: _FULL,
    errno.EDQUOT: _FULL,
    errno.EROFS: _READ_ONLY,
    errno.EACCES: _READ_ONLY,
    errno.EPERM: _READ_ONLY,
}


def fault_of(error: Exception) -> StoreUnavailable | None:
    """The fault behind an error of SQLite or of the system; None when it is something else."""
    kind: tuple[str, str] | None = None
    if isinstance(error, sqlite3.DatabaseError):
        kind = _BY_SQLITE_CODE.get(getattr(error, "sqlite_errorcode", 0) & 0xFF)
    elif isinstance(error, OSError):
        kind = _BY_ERRNO.get(error.errno or 0, _UNREADABLE)
    if kind is None:
        return None
    code, reason = kind
    return StoreUnavailable(f"This deployment's store is not available: {reason}.", code=code)


def reporting(method: Callable[_P, Coroutine[Any, Any, _T]]) -> Callable[_P, Coroutine[Any, Any, _T]]:
    """Has a method raise StoreUnavailable for what is wrong with the file."""

    @wraps(method)
    async def reported(*args: _P.args, **kwargs: _P.kwargs) -> _T:
        try:
            return await method(*args, **kwargs)
        except (sqlite3.DatabaseError, OSError) as error:
            fault = fault_of(error)
            if fault is None:
                raise
            raise fault from error

    return reported
