"""The site's server with one deployment and, beside it, an echo: the floor under every push over a socket.

Run by wire.py: `python -m tests.benchmarks.wire_server PORT`. Prints the token of the deployment when it listens.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections import deque
from pathlib import Path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sandbox.settings")

from channels.generic.websocket import AsyncWebsocketConsumer
from channels.routing import ProtocolTypeRouter, URLRouter
from django.urls import path

from sandbox.asgi import application as site
from sandbox.engine import Deployment, RunNote, TraceNote
from sandbox.engine.laboratory import WORKER, run_worker
from sandbox.gateway import tokens
from sandbox.gateway.registry import registry
from sandbox.gateway.routing import socket_routes
from sandbox.gateway.server import Server

STARTER = Path(__file__).parents[2] / "lessons/content/09-trash-can/starter"
NAME = "bench"

function_ms: deque[float] = deque(maxlen=10_000)
"""Time of each run outside the store: the JavaScript call and its way there and back."""


class Echo(AsyncWebsocketConsumer):  # type: ignore[misc]
    """Sends back what comes; "runs" is answered with the runs' times since the last time it was asked, and "work …"
    with all that a worker of the laboratory says of that task."""

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        if text_data is not None and text_data.startswith("work "):
            task = json.loads(text_data.removeprefix("work "))
            text_data = json.dumps([message async for message in run_worker(WORKER, task)])
        elif text_data == "runs":
            text_data = json.dumps(list(function_ms))
            function_ms.clear()
        await self.send(text_data=text_data)


def note(noted: TraceNote) -> None:
    if isinstance(noted, RunNote):
        function_ms.append(noted.total_ms - noted.store_ms)


async def prepare() -> Deployment:
    deployment = await registry.get(NAME)
    files = {f"convex/{name}": (STARTER / "convex" / name).read_text() for name in ("schema.ts", "signups.ts")}
    result = await deployment.deploy(1, files)
    assert result.ok, result.problems
    deployment.add_listener(note)
    print(tokens.issue(NAME).text, flush=True)
    return deployment


def main() -> None:
    echo = path("ws/echo", Echo.as_asgi())
    application = ProtocolTypeRouter({"http": site, "websocket": URLRouter([echo, *socket_routes])})
    preparing: list[asyncio.Task[Deployment]] = []
    Server(
        application,
        "127.0.0.1",
        int(sys.argv[1]),
        on_listening=lambda: preparing.append(asyncio.ensure_future(prepare())),
        on_stop=registry.close_all,
    ).run()


if __name__ == "__main__":
    main()
