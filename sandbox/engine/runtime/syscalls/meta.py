"""`ctx.auth` and `ctx.meta`, and function handles. Shapes: docs/spec/runtime-abi.md §2."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sandbox.engine.runtime.syscalls.addresses import handle_of, path_of
from sandbox.engine.runtime.syscalls.context import CallContext, Operation


def operations(context: CallContext) -> Mapping[str, Operation]:
    about = _About(context)
    return {
        "1.0/getUserIdentity": about.identity,
        "1.0/getFunctionMetadata": about.function,
        "1.0/getRequestMetadata": about.request,
        "1.0/getDeploymentMetadata": about.deployment,
        "1.0/getTransactionMetrics": about.metrics,
        "1.0/createFunctionHandle": about.handle,
    }


class _About:
    def __init__(self, context: CallContext) -> None:
        self._context = context
        self._run = context.run

    async def identity(self, args: dict[str, Any]) -> str:
        self._run.identity_was_read = True
        identity = self._run.request.identity
        return json.dumps(None if identity is None else dict(identity))

    async def function(self, args: dict[str, Any]) -> str:
        return json.dumps({"name": self._context.path, "componentPath": ""})

    async def request(self, args: dict[str, Any]) -> str:
        return json.dumps(self._run.request.metadata.to_json())

    async def deployment(self, args: dict[str, Any]) -> str:
        return json.dumps({"name": self._run.services.name, "region": None, "class": "s16"})

    async def metrics(self, args: dict[str, Any]) -> str:
        """What the function took: a query reads ahead, and gives back what was not wanted."""
        metrics = self._context.transaction.metrics()
        ahead = self._context.read_ahead(args.get("consumed"))
        for name, surplus in zip(("documentsRead", "bytesRead"), ahead, strict=True):
            metrics[name] = {
                "used": max(metrics[name]["used"] - surplus, 0),
                "remaining": metrics[name]["remaining"] + surplus,
            }
        return json.dumps(metrics)

    async def handle(self, args: dict[str, Any]) -> str:
        return json.dumps(handle_of(path_of(args, "createFunctionHandle", self._run), self._run))
