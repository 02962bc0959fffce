"""Answers of demonstrations that come as lines of JSON while they go on. When the page goes, the work ends."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from django.http import StreamingHttpResponse
from django.utils.translation import gettext as _

from sandbox.engine import EngineError

logger = logging.getLogger(__name__)

Tell = Callable[[dict[str, Any]], None]


def streamed(work: Callable[[Tell], Awaitable[None]]) -> StreamingHttpResponse:
    """What the work tells, a line each, as it is told; a failure is the last line."""
    response = StreamingHttpResponse(_lines(work), content_type="application/x-ndjson")
    response["Cache-Control"] = "no-store"
    response["X-Accel-Buffering"] = "no"
    return response


async def _lines(work: Callable[[Tell], Awaitable[None]]) -> AsyncIterator[bytes]:
    messages: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()

    async def run() -> None:
        try:
            await work(messages.put_nowait)
        except EngineError as error:
            messages.put_nowait({"type": "error", "message": error.message})
        except Exception:
            logger.exception("A demonstration failed")
            messages.put_nowait({"type": "error", "message": _("The demonstration failed. Run it again.")})
        finally:
            messages.put_nowait(None)

    task = asyncio.create_task(run())
    try:
        while (message := await messages.get()) is not None:
            yield json.dumps(message, separators=(",", ":")).encode() + b"\n"
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
