"""`ctx.storage`; what it does is storage_calls.py."""

from __future__ import annotations

from collections.abc import Mapping

from sandbox.engine.runtime.syscalls.context import CallContext, Operation


def operations(context: CallContext) -> Mapping[str, Operation]:
    storage = context.run.storage
    return {} if storage is None else storage.of_kind(context.kind).operations
