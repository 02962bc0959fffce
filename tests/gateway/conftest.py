"""A deployment that only remembers, for tests of what carries frames to it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from types import SimpleNamespace

import pytest

from sandbox.gateway.registry import registry


class FakeSession:
    """Keeps what it received and answers every frame with the same text in brackets."""

    def __init__(self, send, close) -> None:
        self.send, self.close = send, close
        self.received: list[str] = []
        self.is_connected = True

    async def receive(self, text: str) -> None:
        self.received.append(text)
        await self.send(f"[{text}]")

    async def disconnect(self) -> None:
        self.is_connected = False


class FakeStore:
    def __init__(self) -> None:
        self.schema = SimpleNamespace(
            json_text='{"tables":[{"tableName":"signups","indexes":[],"documentType":'
            '{"type":"object","value":{"name":{"fieldType":{"type":"string"}},"bus":{"fieldType":{"type":"number"}}}}}],'
            '"schemaValidation":true}'
        )
        self.rows: list[bytes] = []
        self.asked: list = []

    async def tables(self):
        return [SimpleNamespace(name="signups", number=10001, indexes=(), count=len(self.rows))]

    async def table_window(self, ask):
        self.asked.append(ask)
        rows = self.rows[ask.offset : ask.offset + ask.limit]
        keys = [b"%d" % (ask.offset + place) for place in range(len(rows))]
        return SimpleNamespace(
            rows=rows, keys=keys, offset=ask.offset, count=len(self.rows), total=len(self.rows), anchor=None
        )


class FakeDeployment:
    def __init__(self, deployment_id: str) -> None:
        self.id = deployment_id
        self.revision = 7
        self.store = FakeStore()
        self.sessions: list[FakeSession] = []
        self.listeners: list = []
        self.jobs = SimpleNamespace(is_busy=False, next_job_ms=None, has_crons=False)
        self.is_closed = False
        self.takes_clients = True

    @property
    def listener_count(self) -> int:
        return len(self.listeners)

    def connect(self, send, close) -> FakeSession:
        self.sessions.append(FakeSession(send, close))
        return self.sessions[-1]

    def add_listener(self, listener) -> None:
        self.listeners.append(listener)

    def remove_listener(self, listener) -> None:
        self.listeners.remove(listener)

    def tell(self, note) -> None:
        for listener in self.listeners:
            listener(note)

    async def insert_rows(self, table, rows, *, writer=None, cause="seed") -> int:
        self.store.rows += [b'{"_id":"x","_creationTime":1.0}' for _ in rows]
        return len(rows)

    async def compare(self, table, index, range_, order, limit=None):
        return SimpleNamespace(index_ms=0.1, scan_ms=9.0, index_documents=2, scan_documents=900, rows=2, same=True)

    async def close(self) -> None:
        self.is_closed = True


@pytest.fixture
async def deployments(monkeypatch) -> AsyncIterator[dict[str, FakeDeployment]]:
    """The registry opens fakes; the dict has them by id."""
    opened: dict[str, FakeDeployment] = {}

    async def open_fake(deployment_id: str) -> FakeDeployment:
        opened[deployment_id] = FakeDeployment(deployment_id)
        return opened[deployment_id]

    monkeypatch.setattr(registry, "_opener", open_fake)
    yield opened
    await registry.close_all()
