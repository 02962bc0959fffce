from __future__ import annotations

import json
from pathlib import Path

import pytest

from sandbox.engine.clock import FixedClock
from sandbox.engine.schema import SchemaDefinition
from sandbox.engine.store import Store
from sandbox.engine.tables import TableEditor
from sandbox.engine.trace import RunNote


def field(kind: str, optional: bool = False) -> dict[str, object]:
    return {"fieldType": {"type": kind}, "optional": optional}


SIGNUPS = {
    "tableName": "signups",
    "indexes": [{"indexDescriptor": "by_owner", "fields": ["ownerId", "bus"]}],
    "searchIndexes": [],
    "vectorIndexes": [],
    "documentType": {
        "type": "object",
        "value": {
            "ownerId": field("string"),
            "name": field("string"),
            "bus": field("number"),
            "archivedAt": field("number", optional=True),
        },
    },
}
SCHEMA = SchemaDefinition.parse(json.dumps({"tables": [SIGNUPS], "schemaValidation": True}))


@pytest.fixture
async def store(tmp_path: Path):
    store = await Store.open(tmp_path / "store", clock=FixedClock())
    await store.push_schema(SCHEMA)
    yield store
    await store.close()


@pytest.fixture
def notes() -> list[RunNote]:
    return []


@pytest.fixture
def editor(store: Store, notes: list[RunNote]) -> TableEditor:
    return TableEditor(store, FixedClock(), notes.append, lambda: None)


async def rows_of(store: Store, table: str = "signups") -> list[dict]:
    page = await store.table_page(table, index=None, order="asc", limit=1_000, after=None)
    return [json.loads(row) for row in page.rows]
