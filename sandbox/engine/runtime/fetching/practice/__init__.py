"""`https://practice.test`: the outside world of one deployment, with a memory. Pages: docs/practice-service.md.

ledger.py keeps what happened, moods.py decides when it fails, pages.py answers, service.py puts them together.
"""

from sandbox.engine.runtime.fetching.practice.ledger import Charge, Mail, PracticeCall
from sandbox.engine.runtime.fetching.practice.moods import Failure, Mood
from sandbox.engine.runtime.fetching.practice.service import (
    HOST,
    NOBODY_KNOWN,
    ORIGIN,
    AnswerLost,
    Asker,
    PracticeService,
)

__all__ = [
    "HOST",
    "NOBODY_KNOWN",
    "ORIGIN",
    "AnswerLost",
    "Asker",
    "Charge",
    "Failure",
    "Mail",
    "Mood",
    "PracticeCall",
    "PracticeService",
]
