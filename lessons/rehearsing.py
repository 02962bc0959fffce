"""The schema that a learner has saved, live or not, against the rows that are stored."""

from __future__ import annotations

import asyncio
from typing import Any
from weakref import WeakValueDictionary

from asgiref.sync import sync_to_async

from lessons import workspaces
from lessons.models import Workspace
from sandbox.engine import Rehearsal, RehearsedTable, rehearse_schema
from sandbox.gateway import front_end
from sandbox.gateway.registry import registry

SECONDS_MAX = 3.0

_turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()


async def rehearse(workspace: Workspace) -> dict[str, Any]:
    """What would become of the rows if the last saved revision went live. One at a time in a workspace.

    Raises StoreUnavailable, RunnerRefused.
    """
    async with _turns.setdefault(workspace.id, asyncio.Lock()):
        project = await sync_to_async(workspaces.last_project)(workspace)
        async with registry.use(workspace.id) as deployment:
            found = await rehearse_schema(deployment, project.files, front_end.toolchain(), seconds=SECONDS_MAX)
    return {"revision": project.number, **_described(found)}


def _described(found: Rehearsal) -> dict[str, Any]:
    return {
        "validated": found.is_validated,
        "cut": found.is_cut,
        "problems": [
            {"file": one.file, "line": one.line, "column": one.column, "message": one.message} for one in found.problems
        ],
        "tables": [_table(table) for table in found.tables],
        "rows": [
            {"table": one.table, "id": one.id, "field": one.field, "fault": one.fault, "value": one.value}
            for one in found.faults
        ],
    }


def _table(table: RehearsedTable) -> dict[str, Any]:
    return {
        "name": table.name,
        "rows": table.rows,
        "checked": table.checked,
        "mismatched": table.mismatched,
        "fields": [{"name": name, "type": type_, "optional": optional} for name, type_, optional in table.fields],
        "faults": [
            {"field": field, "fault": fault, "rows": rows} for (field, fault), rows in sorted(table.faults.items())
        ],
    }
