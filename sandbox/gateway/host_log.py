"""The newest runs of a hosted project, as `npx convex logs` follows them: it asks again and again from where it was.

Shapes are those of `local_backend/logs.rs` (npm `cli/lib/generatedFunctionLogsApi.ts`); what we do not measure is 0.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections import deque
from typing import Any

from django.urls import URLPattern, path

from sandbox.engine import RunNote, TraceNote
from sandbox.gateway.http_api import Exchange, Find, endpoint
from sandbox.gateway.http_requests import Refusal

ENTRIES_MAX = 1_000
WAIT_S = 60.0
_LEVEL = re.compile(r"\[(DEBUG|ERROR|WARN|INFO|LOG)\] (.*)", re.DOTALL)
_CALLERS = {"first": "SyncWorker", "commit": "SyncWorker", "deploy": "SyncWorker", "identity": "SyncWorker"}
_CALLERS |= {"scheduled": "Scheduler", "cron": "Cron", "http": "HttpEndpoint"}
_USAGE = (
    *("databaseIoReadBytes", "databaseIoWriteBytes", "databaseWriteBytes", "databaseWriteIndexRows"),
    *("storageReadBytes", "storageWriteBytes", "vectorIndexReadBytes", "vectorIndexWriteBytes"),
    *("textIndexQueryBytes", "textIndexWriteQueryBytes", "vectorIndexReadQueryBytes", "vectorIndexWriteQueryBytes"),
    *("networkEgressBytes", "memoryUsedMb"),
)


class FunctionLog:
    """`hear` is a listener of the deployment. A cursor is a time in ms, and each entry has one of its own."""

    def __init__(self) -> None:
        self._entries: deque[tuple[float, RunNote]] = deque(maxlen=ENTRIES_MAX)
        self._last = 0.0
        self._news = asyncio.Event()

    def hear(self, note: TraceNote) -> None:
        if isinstance(note, RunNote) and not note.path.startswith("_system/"):
            self._last = max(note.at_ms, self._last + 0.001)
            self._entries.append((self._last, note))
            self._news.set()
            self._news = asyncio.Event()

    async def after(self, cursor: float, wait_s: float = WAIT_S) -> tuple[list[RunNote], float]:
        """The runs after a cursor, and the cursor after them. Without any it waits for one."""
        if self._last <= cursor:
            try:
                await asyncio.wait_for(self._news.wait(), wait_s)
            except TimeoutError:
                return [], cursor
        return [note for at, note in self._entries if at > cursor], max(cursor, self._last)


def log_routes(find: Find, log: FunctionLog) -> list[URLPattern]:
    async def functions(exchange: Exchange) -> str:
        return await _answer(exchange, log, is_structured=True)

    async def executions(exchange: Exchange) -> str:
        return await _answer(exchange, log, is_structured=False)

    return [
        path(f"api/{below}{address}", endpoint(find, {"GET": handler}))
        for below in ("", "app_metrics/")
        for address, handler in (("stream_function_logs", functions), ("stream_udf_execution", executions))
    ]


async def _answer(exchange: Exchange, log: FunctionLog, *, is_structured: bool) -> str:
    exchange.require_admin()
    notes, cursor = await log.after(_cursor(exchange))
    return json.dumps({"entries": [_entry(note, is_structured) for note in notes], "newCursor": cursor})


def _cursor(exchange: Exchange) -> float:
    text = exchange.request.GET.get("cursor")
    if text is None:
        raise Refusal(400, "BadQueryArgs", "Failed to deserialize query string: missing field `cursor`")
    try:
        return float(str(text))
    except ValueError:
        raise Refusal(400, "BadQueryArgs", "Failed to deserialize query string: invalid float literal") from None


def _entry(note: RunNote, is_structured: bool) -> dict[str, Any]:
    is_http = note.cause.kind == "http"
    return {
        "kind": "Completion",
        "udfType": "HttpAction" if is_http else note.kind.capitalize(),
        "identifier": note.path.removesuffix(":default"),
        "componentPath": None,
        "logLines": [_line(line, note.at_ms) for line in note.log_lines] if is_structured else list(note.log_lines),
        "timestamp": note.at_ms / 1000,
        "executionTimestamp": (note.at_ms - note.total_ms) / 1000,
        "cachedResult": False,
        "caller": _CALLERS.get(note.cause.kind, "HttpApi"),
        "parentExecutionId": None,
        "executionTime": note.total_ms / 1000,
        "success": None,
        "error": note.error,
        "requestId": note.run_id,
        "executionId": note.run_id,
        "usageStats": {
            **dict.fromkeys(_USAGE, 0),
            "databaseReadBytes": sum(read.bytes for read in note.reads),
            "databaseReadDocuments": sum(read.documents for read in note.reads),
            "databaseWriteDocuments": len(note.writes),
        },
        "returnBytes": None,
        "occInfo": None,
        "willRetry": False,
        "identityType": "user" if note.writer else "unknown",
        "environment": "isolate",
    }


def _line(line: str, at_ms: float) -> dict[str, Any]:
    """`[LOG] 'hello'`, taken apart."""
    found = _LEVEL.fullmatch(line)
    level, text = (found[1], found[2]) if found else ("INFO", line)
    return {"messages": [text], "isTruncated": False, "timestamp": at_ms, "level": level, "systemMetadata": None}
