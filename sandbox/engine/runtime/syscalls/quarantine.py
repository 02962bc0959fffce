"""`fetch` in a query or mutation: an operation that exists in quarantine alone (runtime/quarantine.py)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.engine.runtime.syscalls.context import CallContext, Operation


def operations(context: CallContext) -> Mapping[str, Operation]:
    ask = context.run.fetch
    if ask is None:
        return {}

    async def fetch(args: dict[str, Any]) -> str:
        return await ask(context.path, args)

    return {"quarantine/fetch": fetch}
