"""Operations of the library that a sandbox does not have: each says so. docs/spec/runtime-abi.md §2, §5.

And two that end the run as trouble of the backend's own would, with which Convex tests its clients: the call can be
made again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn

from sandbox.engine.errors import BUSY_CODE, CONFLICT_CODE, LearnerError
from sandbox.engine.runtime.frames import CallStopped
from sandbox.engine.runtime.syscalls.context import CallContext, Operation

_ABSENT = {
    "1.0/signJwt": "ctx.auth.signJwt()",
    "1.0/auditLog": "The audit log",
    "1.0/createServiceToken": "createServiceToken()",
    "1.0/getServiceUrl": "getServiceUrl()",
}


_TROUBLE = {
    "throwOcc": (
        "Documents read from or written to some table changed while this mutation was being run "
        "and on every subsequent retry. See https://docs.convex.dev/error#1",
        CONFLICT_CODE,
    ),
    "throwOverloaded": ("I'm a bit busy.", BUSY_CODE),
}


def operations(context: CallContext) -> Mapping[str, Operation]:
    absent = {op: _refusing(f"{what} is not available in this sandbox.") for op, what in _ABSENT.items()}
    return absent | {op: _ending(message, code) for op, (message, code) in _TROUBLE.items()}


def _refusing(message: str) -> Operation:
    async def refuse(args: dict[str, Any]) -> NoReturn:
        raise LearnerError(message, code="NotAvailable")

    return refuse


def _ending(message: str, code: str) -> Operation:
    async def end(args: dict[str, Any]) -> NoReturn:
        raise CallStopped(message, code=code)

    return end
