"""A worker's side of its pipes: one JSON task comes in, JSON messages go out, a line each.

The pipe that brought the task stays open as long as somebody wants the answer; when it closes, the worker ends, also
when the server was killed.
"""

from __future__ import annotations

import json
import os
import sqlite3
import sys
import threading
from collections.abc import Callable
from typing import Any

from sandbox.engine.errors import EngineError
from sandbox.engine.store.faults import fault_of

Message = dict[str, Any]
Tell = Callable[[Message], None]

NICENESS = 10
NOBODY_WAITS = 3


def serve(work: Callable[[Message, Tell], None]) -> None:
    """Does one task and ends. An engine's error is part of the answer."""
    os.nice(NICENESS)
    task = json.loads(sys.stdin.readline())
    threading.Thread(target=_end_with_the_pipe, daemon=True).start()
    try:
        work(task, tell)
    except EngineError as error:
        tell({"type": "error", "message": error.message, "code": error.code})
    except (OSError, sqlite3.DatabaseError) as error:
        fault = fault_of(error)
        if fault is None:
            raise
        reason = fault.message.partition("not available: ")[2] or fault.message
        tell({"type": "error", "message": f"The laboratory's files cannot be used: {reason}.", "code": fault.code})


def tell(message: Message) -> None:
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def _end_with_the_pipe() -> None:
    while os.read(sys.stdin.fileno(), 4_096):
        pass
    os._exit(NOBODY_WAITS)
