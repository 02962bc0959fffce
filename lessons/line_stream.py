"""Answers that take a while and come as lines of JSON, each a message. When the page goes, the work ends."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from django.http import StreamingHttpResponse

from sandbox.engine import EngineError
from sandbox.gateway.front_end import FrontEndUnavailable

logger = logging.getLogger(__name__)

Tell = Callable[[dict[str, Any]], None]
Work = Callable[[Tell], Awaitable[Any]]


def line_stream(work: Work, *, what: str) -> StreamingHttpResponse:
    """What the work tells, as it is told. A failure becomes a last message, {"type": "error"}, that names `what`."""
    response = StreamingHttpResponse(_lines(work, what), content_type="application/x-ndjson")
    response["Cache-Control"] = "no-store"
    response["X-Accel-Buffering"] = "no"
    return response


async def _lines(work: Work, what: str) -> AsyncIterator[bytes]:
    messages: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()

    async def run() -> None:
        try:
            await work(messages.put_nowait)
        except EngineError as error:
            messages.put_nowait({"type": "error", "message": error.message})
        except FrontEndUnavailable as error:
            messages.put_nowait({"type": "error", "message": str(error)})
        except Exception:
            logger.exception("%s failed", what)
            messages.put_nowait({"type": "error", "message": f"{what} failed. Try again in a moment."})
        finally:
            messages.put_nowait(None)

    task = asyncio.create_task(run())
    try:
        while (message := await messages.get()) is not None:
            yield json.dumps(message, separators=(",", ":")).encode() + b"\n"
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
