"""The socket of the workspace page: /ws/workspace/<id>. Runs, commits and rows out; watch, seed, compare and steps in.

Only a page of this site may open it, with the session of someone who may have the workspace. What a message looks like
is written in activity.py; what the engine noted is not changed here.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections import OrderedDict, deque
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http.request import split_domain_port, validate_host

from sandbox.engine import (
    BackfillNote,
    CommitNote,
    DeployNote,
    LearnerError,
    PracticeNote,
    ReadNote,
    RunNote,
    StoreUnavailable,
    TraceNote,
    columns_of,
)
from sandbox.gateway import activity, course
from sandbox.gateway.registry import registry
from sandbox.gateway.sockets import CLOSE_TRY_AGAIN, TOO_MANY_CLIENTS, Receive, Send, Socket
from sandbox.gateway.stepped_runs import SteppedRuns
from sandbox.gateway.watched_rows import Watched, key_text, parse_watch

if TYPE_CHECKING:
    from sandbox.engine import Deployment

logger = logging.getLogger(__name__)

FRAME_CHARACTERS_MAX = 64_000
FEEDS_PER_WORKSPACE_MAX = 50  # every one is a tab, or somebody who looks on
MESSAGES_WAITING_MAX = 2_000
CHARACTERS_WAITING_MAX = 16_000_000
RUNS_KEPT = 500
SEED_COUNT_MAX = 100_000
ROWS_PER_INSERT = 250
# Rows are read again at most this often while commits pour in.
REFRESH_S = 0.05
WRITER = "data panel"


async def workspace_consumer(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    """ASGI application for one page; `scope` holds the user of the session."""
    socket = Socket(receive, send)
    await socket.open()
    workspace_id = scope["url_route"]["kwargs"]["workspace_id"]
    if not comes_from_own_page(scope) or not await course.may_open_workspace(scope["user"], workspace_id):
        await socket.refuse()
        return
    try:
        async with registry.use(workspace_id) as deployment:
            await socket.accept()
            if deployment.listener_count >= FEEDS_PER_WORKSPACE_MAX:
                await socket.close(CLOSE_TRY_AGAIN, TOO_MANY_CLIENTS)
                return
            await WorkspaceFeed(socket, deployment, workspace_id).serve()
    except StoreUnavailable as error:
        logger.error("Deployment %s does not run: %s (%s)", workspace_id, error.message, error.__cause__)
        await socket.accept()
        await socket.send_text(_encode(activity.error_message(error.message)))
        await socket.close(CLOSE_TRY_AGAIN, "InternalServerError")


def comes_from_own_page(scope: dict[str, Any]) -> bool:
    """Whether the page that opens the socket has our host and port: cookies do not tell ports apart."""
    headers = {name.lower(): value.decode("latin1") for name, value in scope["headers"]}
    host, origin = headers.get(b"host", ""), headers.get(b"origin", "")
    domain, _ = split_domain_port(host)
    return bool(domain) and validate_host(domain, settings.ALLOWED_HOSTS) and urlsplit(origin).netloc == host


class WorkspaceFeed:
    """One open page: a queue of messages to it, and what it watches."""

    def __init__(self, socket: Socket, deployment: Deployment, workspace_id: str) -> None:
        self._socket = socket
        self._deployment = deployment
        self._workspace_id = workspace_id
        self._waiting: deque[str] = deque()
        self._waiting_characters = 0
        self._has_message = asyncio.Event()
        self._watched: Watched | None = None
        self._is_changed = asyncio.Event()
        self._tables_changed = False
        self._reads: OrderedDict[str, tuple[ReadNote, ...]] = OrderedDict()
        self._run_of_commit: OrderedDict[int, str] = OrderedDict()
        self._is_seeding = False
        self._is_comparing = False
        self._tasks: set[asyncio.Task[None]] = set()
        self._stepped = SteppedRuns(deployment, workspace_id, self._say)

    async def serve(self) -> None:
        """Until the page is gone."""
        self._deployment.add_listener(self._hear)
        tables = await self._tables()
        # Before all notes that came while the tables were read.
        hello = {"type": "hello", "good_revision": self._deployment.revision, "tables": tables}
        self._waiting.appendleft(_encode(hello))
        self._waiting_characters += len(self._waiting[0])
        self._has_message.set()
        for work in (self._write(), self._refresh()):
            self._start(work)
        try:
            async for text in self._socket.frames(FRAME_CHARACTERS_MAX):
                self._obey(text)
        finally:
            self._deployment.remove_listener(self._hear)
            self._stepped.close()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    # ── out ─────────────────────────────────────────────────────────────────

    def _say(self, message: activity.Message) -> None:
        # A page that does not keep up loses the oldest notes; rows are read again anyway.
        self._waiting.append(_encode(message))
        self._waiting_characters += len(self._waiting[-1])
        while len(self._waiting) > MESSAGES_WAITING_MAX or self._waiting_characters > CHARACTERS_WAITING_MAX:
            self._waiting_characters -= len(self._waiting.popleft())
        self._has_message.set()

    async def _write(self) -> None:
        while True:
            await self._has_message.wait()
            self._has_message.clear()
            while self._waiting:
                text = self._waiting.popleft()
                self._waiting_characters -= len(text)
                await self._socket.send_text(text)

    def _hear(self, note: TraceNote) -> None:
        match note:
            case RunNote():
                self._remember(note)
                self._say(activity.run_message(note, self._run_of_commit))
            case DeployNote():
                self._say(activity.deployed_message(note))
                self._tables_changed = True
                self._is_changed.set()
            case BackfillNote():
                self._say(activity.backfill_message(note))
            case CommitNote():
                self._hear_commit(note)
            case PracticeNote():
                self._say({"type": "practice"})

    def _hear_commit(self, note: CommitNote) -> None:
        if note.run_id:
            self._run_of_commit[note.commit_ts] = note.run_id
            _forget_oldest(self._run_of_commit)
        else:
            self._say(activity.commit_message(note))
        if note.tables:
            self._tables_changed = True
            self._is_changed.set()

    def _remember(self, note: RunNote) -> None:
        self._reads[note.run_id] = note.reads[: activity.READS_MAX]
        _forget_oldest(self._reads)

    async def _refresh(self) -> None:
        """Reads again what the page shows, once for all commits of a moment."""
        while True:
            await self._is_changed.wait()
            self._is_changed.clear()
            if self._tables_changed:
                self._tables_changed = False
                self._say({"type": "tables", "tables": await self._tables()})
            if self._watched is not None:
                await self._show(self._watched)
            await asyncio.sleep(REFRESH_S)

    async def _tables(self) -> list[activity.Message]:
        return [activity.table_info(table) for table in await self._deployment.store.tables()]

    async def _show(self, watched: Watched) -> None:
        columns = columns_of(self._deployment.store.schema, watched.table)
        try:
            ask = watched.ask(columns)
            window = await self._deployment.store.table_window(ask)
        except LearnerError as error:
            self._say(activity.table_refused_message(watched.table, error.message) | {"number": watched.number})
            return
        keys = [key_text(key) for key in window.keys]
        self._say(activity.table_message(ask, window, columns, keys) | {"number": watched.number})

    # ── in ──────────────────────────────────────────────────────────────────

    def _obey(self, text: str) -> None:
        try:
            message = json.loads(text)
            # Half a surrogate pair is JSON, but no text that a store could look for.
            json.dumps(message, ensure_ascii=False).encode()
            match message:
                case {"type": "watch"}:
                    self._watch(message)
                case {"type": "seed", "table": str(table), "count": int(count)}:
                    self._start(self._seed(table, max(1, min(count, SEED_COUNT_MAX))))
                case {"type": "compare", "run": str(run), "read": int(read)}:
                    self._start(self._compare(run, read))
                case {"type": str()} if self._stepped.obey(message):
                    pass
                case _:
                    self._say(activity.error_message("This message is not understood."))
        except (ValueError, RecursionError):
            self._say(activity.error_message("This message is not JSON."))

    def _watch(self, message: dict[str, Any]) -> None:
        try:
            self._watched = parse_watch(message)
        except ValueError:
            self._say(activity.error_message("This message is not understood."))
            return
        self._is_changed.set()

    def _start(self, work: Any) -> None:
        task: asyncio.Task[None] = asyncio.create_task(self._logged(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _logged(self, work: Any) -> None:
        """A failure in here is ours: logged with its trace, and the page reconnects."""
        try:
            await work
        except Exception:
            logger.exception("The feed of workspace %s failed", self._workspace_id)
            await self._socket.close(1011, "InternalServerError")

    async def _seed(self, table: str, count: int) -> None:
        if self._is_seeding:
            self._say(activity.error_message("Seeding is already running."))
            return
        self._is_seeding = True
        started = time.perf_counter()
        try:
            rows = await course.seed_rows(self._workspace_id, table, count)
            for start in range(0, len(rows), ROWS_PER_INSERT):
                await self._deployment.insert_rows(table, rows[start : start + ROWS_PER_INSERT], writer=WRITER)
            self._say({"type": "seeded", "count": len(rows), "ms": (time.perf_counter() - started) * 1000})
        except ValueError as error:
            self._say(activity.error_message(str(error)))
        except LearnerError as error:
            self._say(activity.error_message(error.message))
        finally:
            self._is_seeding = False

    async def _compare(self, run: str, read: int) -> None:
        reads = self._reads.get(run, ())
        if not 0 <= read < len(reads) or reads[read].index is None or not activity.has_short_range(reads[read]):
            self._say(activity.error_message("Only a read through an index can be compared with a full scan."))
            return
        if self._is_comparing:
            self._say(activity.error_message("A comparison is already running."))
            return
        self._is_comparing = True
        chosen = reads[read]
        try:
            comparison = await self._deployment.compare(
                chosen.table, chosen.index, chosen.range, chosen.order, chosen.limit
            )
            self._say(activity.compared_message(run, read, comparison))
        except LearnerError as error:
            self._say(activity.error_message(error.message))
        finally:
            self._is_comparing = False


def _encode(message: activity.Message) -> str:
    """In ASCII: learner code can put half a surrogate pair into any text, and no socket carries one."""
    return json.dumps(message, separators=(",", ":"))


def _forget_oldest(notes: OrderedDict[Any, Any]) -> None:
    while len(notes) > RUNS_KEPT:
        notes.popitem(last=False)
