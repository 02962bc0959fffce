"""What the Data panel does to a workspace's rows: texts from its cells become values, and values commits.

Every action goes to the engine with the writer "data panel" and through the validators; a refusal is a LearnerError
with their text.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict
from typing import Any

from lessons.models import Workspace
from lessons.requests import Refused
from sandbox.engine import UNDEFINED, Column, Deployment, LearnerError, StoreUnavailable, columns_of, decode, parse_cell
from sandbox.gateway.registry import registry

WRITER = "data panel"


@asynccontextmanager
async def rows_of(workspace: Workspace) -> AsyncIterator[Deployment]:
    """The workspace's deployment while one request is answered. Raises Refused instead of the engine's errors."""
    try:
        async with registry.use(workspace.id) as deployment:
            yield deployment
    except LearnerError as error:
        raise Refused(400, error.code, error.message) from error
    except StoreUnavailable as error:
        raise Refused(503, error.code, error.message) from error


async def change_cell(workspace: Workspace, table: str, row_id: str, field: str, text: str, was: Any) -> None:
    """Sets one field to what the text says; `was` is what the cell showed, encoded, or a field without value."""
    async with rows_of(workspace) as deployment:
        value = parse_cell(text, _column(deployment, table, field))
        before = UNDEFINED if was is UNDEFINED else decode(was)
        await deployment.tables.change(table, row_id, field, value, was=before, writer=WRITER)


async def add_row(workspace: Workspace, table: str, cells: Mapping[str, str]) -> str:
    """Adds a row of these texts by field; empty ones are left out where the schema allows it. Returns its id."""
    async with rows_of(workspace) as deployment:
        values = {name: parse_cell(text, _column(deployment, table, name)) for name, text in cells.items()}
        row = {name: value for name, value in values.items() if value is not UNDEFINED}
        return await deployment.tables.add(table, row, writer=WRITER)


async def add_document(workspace: Workspace, table: str, document: Mapping[str, Any]) -> str:
    """The same for a Convex-encoded document, where no schema names the fields."""
    async with rows_of(workspace) as deployment:
        return await deployment.tables.add(table, {k: decode(v) for k, v in document.items()}, writer=WRITER)


async def delete_rows(workspace: Workspace, table: str, row_ids: Sequence[str]) -> int:
    async with rows_of(workspace) as deployment:
        return await deployment.tables.delete(table, row_ids, writer=WRITER)


def _column(deployment: Deployment, table: str, field: str) -> Column:
    return columns_of(deployment.store.schema, table).get(field) or Column(field)


async def snapshots(workspace: Workspace) -> list[dict[str, Any]]:
    """The newest first: id, name, at_ms, rows, bytes."""
    async with rows_of(workspace) as deployment:
        return [asdict(one) for one in await deployment.snapshots.known()]


async def take_snapshot(workspace: Workspace, name: str) -> dict[str, Any]:
    async with rows_of(workspace) as deployment:
        return asdict(await deployment.snapshots.take(name))


async def delete_snapshot(workspace: Workspace, snapshot_id: str) -> None:
    async with rows_of(workspace) as deployment:
        await deployment.snapshots.delete(snapshot_id)


async def restore_snapshot(workspace: Workspace, snapshot_id: str) -> AsyncIterator[dict[str, Any]]:
    """Tells how far it is, at the end how many rows were changed."""
    changed = 0
    async with rows_of(workspace) as deployment:
        async for changed, total in deployment.snapshots.restore(snapshot_id):
            yield {"changed": changed, "total": total}
    yield {"done": True, "changed": changed}
