"""The practice service of one deployment: answers requests, keeps its log, fails when it is told to.

No socket is opened: actions reach it through the host's fetch, people through the Practice panel, checks through the
fork. What it remembers: ledger.py.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from sandbox.engine.runtime.fetching.practice.ledger import Charge, Ledger, Mail, PracticeCall
from sandbox.engine.runtime.fetching.practice.moods import Mood, Moods
from sandbox.engine.runtime.fetching.practice.pages import Question, answer, whole_text
from sandbox.engine.runtime.fetching.practice_service import Answer, problem

HOST = "practice.test"
ORIGIN = f"https://{HOST}"
FILE = "practice.db"
BODY_BYTES_MAX = 65_536
SHOWN_LENGTH_MAX = 1_000
PATH_LENGTH_MAX = 500


@dataclass(frozen=True, slots=True)
class Asker:
    """Whose fetch it is: the path of the function and its run, as the Runs panel shows it."""

    function: str
    run_id: str


NOBODY_KNOWN = Asker("", "")


class AnswerLost(Exception):
    """What was asked is done, and the answer did not arrive."""


class PracticeService:
    """`folder` None keeps everything in memory. `on_change` is called after every change made here."""

    def __init__(
        self,
        folder: Path | None = None,
        *,
        now_ms: Callable[[], float] = lambda: 0.0,
        on_change: Callable[[], None] = lambda: None,
    ) -> None:
        self._ledger = Ledger(None if folder is None else folder / FILE)
        self._moods = Moods(self._ledger)
        self._now_ms = now_ms
        self._on_change = on_change
        self._seen: int | None = None

    def close(self) -> None:
        self._ledger.close()

    # ── what it remembers ───────────────────────────────────────────────────

    @property
    def calls(self) -> list[PracticeCall]:
        """The newest 500, in their order."""
        return self._ledger.calls()

    @property
    def call_count(self) -> int:
        return self._ledger.call_count()

    @property
    def charges(self) -> list[Charge]:
        """One for every receipt: a request whose key was known made none."""
        return self._ledger.charges()

    @property
    def mails(self) -> list[Mail]:
        return self._ledger.mails()

    @property
    def mood(self) -> Mood:
        return self._moods.now

    # ── how it behaves from now on ──────────────────────────────────────────

    def fail_next(self, calls: int = 1) -> None:
        """The next calls answer 503 and do nothing. Raises ValueError."""
        self._moods.fail_next(calls)
        self._on_change()

    def lose_next(self, calls: int = 1) -> None:
        """The next calls do their work, and the answer gets lost: fetch fails. Raises ValueError."""
        self._moods.lose_next(calls)
        self._on_change()

    def fail_rate(self, share: float, *, seed: int | None = None) -> None:
        """This share of calls (0 to 1) fails, half of them after the work is done. Raises ValueError."""
        self._moods.fail_rate(share, seed)
        self._on_change()

    def latency(self, ms: float) -> None:
        """Every answer takes so long. Raises ValueError."""
        self._moods.latency(ms)
        self._on_change()

    def reset(self) -> None:
        """Forgets calls, receipts, mails and settings."""
        self._ledger.clear()
        self._on_change()

    def notice_others(self) -> None:
        """Tells `on_change` when another process wrote. To be called now and then."""
        version = self._ledger.data_version()
        if self._seen is not None and version != self._seen:
            self._on_change()
        self._seen = version

    # ── one request ─────────────────────────────────────────────────────────

    async def answer(
        self, method: str, url: str, headers: tuple[tuple[str, str], ...], body: bytes, by: Asker = NOBODY_KNOWN
    ) -> Answer:
        """Raises AnswerLost when the caller gets nothing, although the work is done."""
        await asyncio.sleep(self._moods.now.latency_ms / 1000)
        question = self._question(method, url, headers, body)
        failure = self._moods.failure()
        if failure == "before":
            told = problem(503, "The practice service is down for a moment. Nothing was done.")
            self._note(question, by, "failed", told)
            return told
        if len(body) > BODY_BYTES_MAX:
            told = problem(413, f"The practice service takes bodies of up to {BODY_BYTES_MAX} bytes.")
            self._note(question, by, "refused", told)
            return told
        done = await answer(question, self._ledger)
        if failure == "lost":
            self._note(question, by, "lost", None)
            raise AnswerLost
        is_refused = done.answer.status >= 400
        self._note(question, by, "replayed" if done.is_replay else "refused" if is_refused else "done", done.answer)
        return done.answer

    def _question(self, method: str, url: str, headers: tuple[tuple[str, str], ...], body: bytes) -> Question:
        parts = urlsplit(url)
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        number = self._ledger.call_count()
        return Question(method, url, parts.path or "/", query, headers, body, self._now_ms(), number)

    def _note(self, question: Question, by: Asker, outcome: str, told: Answer | None) -> None:
        query = urlsplit(question.url).query
        path = question.path + (f"?{query}" if query else "")
        self._ledger.note_call(
            PracticeCall(
                id=0,
                at_ms=question.at_ms,
                method=question.method,
                path=whole_text(path)[:PATH_LENGTH_MAX],
                key=question.key,
                status=None if told is None else told.status,
                outcome=outcome,
                function=by.function,
                run_id=by.run_id,
                asked=_shown(question.body),
                answered="" if told is None else _shown(told.body),
            )
        )
        self._on_change()


def _shown(body: bytes) -> str:
    return body[: SHOWN_LENGTH_MAX * 4].decode(errors="replace")[:SHOWN_LENGTH_MAX]
