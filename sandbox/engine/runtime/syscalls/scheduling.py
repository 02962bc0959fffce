"""`ctx.scheduler` of mutations: jobs as rows of their transaction (store/scheduled_functions.py)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sandbox.engine.runtime.syscalls.addresses import path_of
from sandbox.engine.runtime.syscalls.arguments import document, text
from sandbox.engine.runtime.syscalls.context import CallContext, Operation
from sandbox.engine.store import scheduled_functions


def operations(context: CallContext) -> Mapping[str, Operation]:
    scheduler = _Scheduler(context)
    return {"1.0/schedule": scheduler.schedule, "1.0/cancel_job": scheduler.cancel}


class _Scheduler:
    def __init__(self, context: CallContext) -> None:
        self._context = context

    async def schedule(self, args: dict[str, Any]) -> str:
        self._context.refuse_unless_mutation()
        run = self._context.run
        path = path_of(args, "scheduler", run)
        scheduled_ms = scheduled_functions.scheduled_time(args.get("ts"), run.now_ms)
        arguments = document(args, "args", "scheduler")
        scheduled_functions.check_target(path, run.functions.functions, run.services.modules)
        job_id = await scheduled_functions.schedule(
            self._context.transaction, path, arguments, scheduled_ms, parent=run.request.job_id
        )
        return json.dumps(job_id)

    async def cancel(self, args: dict[str, Any]) -> str:
        self._context.refuse_unless_mutation()
        await scheduled_functions.cancel(self._context.transaction, text(args, "id", "db.cancel_job"))
        return "null"
