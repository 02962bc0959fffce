"""Operations of the library that a sandbox does not have: each says so. docs/spec/runtime-abi.md §2, §5."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn

from sandbox.engine.errors import LearnerError
from sandbox.engine.runtime.syscalls.context import CallContext, Operation

_ABSENT = {
    "1.0/signJwt": "ctx.auth.signJwt()",
    "1.0/auditLog": "The audit log",
    "1.0/createServiceToken": "createServiceToken()",
    "1.0/getServiceUrl": "getServiceUrl()",
}


def operations(context: CallContext) -> Mapping[str, Operation]:
    return {op: _refusing(f"{what} is not available in this sandbox.") for op, what in _ABSENT.items()}


def _refusing(message: str) -> Operation:
    async def refuse(args: dict[str, Any]) -> NoReturn:
        raise LearnerError(message, code="NotAvailable")

    return refuse
