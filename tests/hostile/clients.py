"""A learner's clients over the real sync socket, and how long a neighbour waits for its own push."""

from __future__ import annotations

import json
import threading
import time
from contextlib import ExitStack
from typing import Any
from uuid import uuid4

from websockets.sync.client import connect

from tests.visitor import Visitor

PATIENCE_S = 30


def sync_address(visitor: Visitor) -> str:
    return visitor.deployment_url.replace("http", "ws", 1) + "/api/1.48.0/sync"


class Client:
    """One client of a deployment, as it comes from a pane: with the token alone, from an opaque origin."""

    def __init__(self, visitor: Visitor) -> None:
        self._stack = ExitStack()
        self._socket = self._stack.enter_context(
            connect(sync_address(visitor), origin="null", max_size=None, compression=None)
        )
        self._queries = self._requests = 0
        self._say(type="Connect", sessionId=str(uuid4()), connectionCount=0, lastCloseReason="InitialConnect")

    def _say(self, **message: Any) -> None:
        self._socket.send(json.dumps(message))

    def hear(self) -> dict[str, Any]:
        return json.loads(self._socket.recv(timeout=PATIENCE_S))

    def mutate(self, path: str, **args: Any) -> dict[str, Any]:
        """The response."""
        self._requests += 1
        self._say(type="Mutation", requestId=self._requests, udfPath=path, args=[args])
        while True:
            message = self.hear()
            if message["type"] == "MutationResponse" and message["requestId"] == self._requests:
                return message

    def subscribe(self, path: str, **args: Any) -> dict[str, Any]:
        """The first result: QueryUpdated or QueryFailed."""
        query, self._queries = self._queries, self._queries + 1
        added = {"type": "Add", "queryId": query, "udfPath": path, "args": [args]}
        self._say(type="ModifyQuerySet", baseVersion=query, newVersion=query + 1, modifications=[added])
        return self.next_result(query)

    def next_result(self, query: int) -> dict[str, Any]:
        while True:
            for change in self.hear().get("modifications", []):
                if change["queryId"] == query:
                    return change

    def close(self) -> None:
        self._stack.close()


class Neighbour:
    """Another learner at work: mutates in one client and waits until the other one shows it, over and over."""

    def __init__(self, visitor: Visitor) -> None:
        self._writer, self._reader = Client(visitor), Client(visitor)
        self._reader.subscribe("signups:listActive", ownerId="alice")
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._work, daemon=True)
        self.seconds: list[float] = []
        self.failures: list[str] = []
        self._thread.start()

    def _work(self) -> None:
        try:
            while not self._is_over.wait(0.02):
                self._once(f"row {len(self.seconds)}")
        except Exception as error:
            self.failures.append(repr(error))

    def _once(self, name: str) -> None:
        started = time.perf_counter()
        response = self._writer.mutate("signups:create", ownerId="alice", name=name, bus=1)
        if not response["success"]:
            raise AssertionError(response["result"])
        while name not in [row["name"] for row in self._reader.next_result(0)["value"]]:
            pass
        self.seconds.append(time.perf_counter() - started)

    def stop(self) -> None:
        self._is_over.set()
        self._thread.join()
        self._writer.close()
        self._reader.close()
