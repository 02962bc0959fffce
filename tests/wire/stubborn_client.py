"""A client of the sync protocol that loses its server again and again, and holds it to what it promised.

As the npm package does, it comes back with its session, asks again for what was not answered, and starts its queries
anew. What it checks at every frame: Transitions follow each other without a gap, time does not go back (also not
from one server to another), what it sees has no half transaction, and its own writes are in what it sees.
"""

from __future__ import annotations

import asyncio
import base64
import json
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidMessage

IN_FLIGHT = 3
RECONNECT_S = 0.05
LOST = (OSError, EOFError, ConnectionClosed, InvalidHandshake, InvalidMessage)


def ts_of(text: str) -> int:
    return int.from_bytes(base64.b64decode(text), "little")


class StubbornClient:
    """Writes 1, 2, 3, … with `m:write` while `is_writing`, and follows `m:state`. `stir` is called at every frame."""

    def __init__(self, name: str, ports: Sequence[int], stir: Callable[[], None]) -> None:
        self.name = name
        self.acknowledged: set[int] = set()
        self.state: dict[str, Any] | None = None
        self.is_writing = True
        self.failures: Counter[str] = Counter()
        self.connections = self.asked_again = 0
        self._ports = ports
        self._stir = stir
        self._session = str(uuid.uuid4())
        self._unanswered: dict[int, int] = {}
        self._refused: list[int] = []
        self._last = self._requests = 0
        self._seen_ts = 0
        self._own: dict[int, int] = {}

    @property
    def is_settled(self) -> bool:
        """Whether everything was answered, and shown."""
        return not self.is_writing and not self._unanswered and not self._refused and not self._own

    async def run(self) -> None:
        """Until it is cancelled. Raises AssertionError for a broken promise."""
        while True:
            port = self._ports[self.connections % len(self._ports)]
            self.connections += 1
            try:
                async with connect(f"ws://127.0.0.1:{port}/api/1.48.0/sync", max_size=None, compression=None) as socket:
                    await self._greet(socket)
                    await self._converse(socket)
            except LOST:
                await asyncio.sleep(RECONNECT_S)

    async def _greet(self, socket: ClientConnection) -> None:
        self._version: dict[str, Any] = {"querySet": 0, "identity": 0, "ts": "AAAAAAAAAAA="}
        hello = {"sessionId": self._session, "connectionCount": self.connections - 1, "lastCloseReason": "unknown"}
        if self._seen_ts:
            hello["maxObservedTimestamp"] = base64.b64encode(self._seen_ts.to_bytes(8, "little")).decode()
        await _say(socket, "Connect", **hello)
        added = {"type": "Add", "queryId": 0, "udfPath": "m:state", "args": [{}]}
        await _say(socket, "ModifyQuerySet", baseVersion=0, newVersion=1, modifications=[added])
        for request, number in self._unanswered.items():
            self.asked_again += 1
            await self._ask(socket, request, number)
        await self._write(socket)

    async def _converse(self, socket: ClientConnection) -> None:
        async for text in socket:
            message = json.loads(text)
            match message["type"]:
                case "Transition":
                    self._move(message)
                case "MutationResponse":
                    self._hear(message)
                    await self._write(socket)
                case "Ping":
                    pass
                case _:
                    raise AssertionError(message)
            self._stir()

    async def _write(self, socket: ClientConnection) -> None:
        while len(self._unanswered) < IN_FLIGHT and (self._refused or self.is_writing):
            if not self._refused:
                self._last += 1
                self._refused.append(self._last)
            number, request = self._refused.pop(), self._requests
            self._requests += 1
            self._unanswered[request] = number
            await self._ask(socket, request, number)

    async def _ask(self, socket: ClientConnection, request: int, number: int) -> None:
        args = [{"client": self.name, "n": number}]
        await _say(socket, "Mutation", requestId=request, udfPath="m:write", args=args)

    def _hear(self, response: dict[str, Any]) -> None:
        number = self._unanswered.pop(response["requestId"])
        if response["success"]:
            assert response["result"] == number
            self.acknowledged.add(number)
            self._own[number] = ts_of(response["ts"])
        else:
            self.failures[response["result"]] += 1
            self._refused.append(number)

    def _move(self, transition: dict[str, Any]) -> None:
        assert transition["startVersion"] == self._version, "a gap between two Transitions"
        self._version = transition["endVersion"]
        ts = ts_of(self._version["ts"])
        assert ts >= self._seen_ts, "time goes back"
        self._seen_ts = ts
        for change in transition["modifications"]:
            assert change["type"] == "QueryUpdated", change
            self.state = change["value"]
            check_state(self.state)
        shown = {number for number, committed in self._own.items() if committed <= ts}
        if shown:
            assert self.state is not None
            assert self.state["totals"][self.name] >= len(self.acknowledged) - (len(self._own) - len(shown))
        for number in shown:
            del self._own[number]


def check_state(state: dict[str, Any]) -> None:
    """Each mutation counts for its client and for `all`, and leaves an entry at the place that `all` then has."""
    assert sum(state["totals"].values()) == state["all"] == state["newest"], f"half a transaction: {state}"


async def _say(socket: ClientConnection, kind: str, **fields: Any) -> None:
    await socket.send(json.dumps({"type": kind, **fields}))
