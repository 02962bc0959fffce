"""What may stand in a log line: the formatter that hides tokens, a filter for useless traces, the access log."""

from __future__ import annotations

import logging
import re
from typing import Any

# A token is access to a deployment: whoever reads the log must not get it. It ends at a slash, a space or a quote.
_TOKEN_PATH = re.compile(r"/s/[^/\s\"'?#]+")
access_logger = logging.getLogger("sandbox.access")


def without_tokens(text: str) -> str:
    return _TOKEN_PATH.sub("/s/…", text)


class TokenScrubber(logging.Formatter):
    """Formats as usual, traces included, and then hides the tokens of all paths."""

    def format(self, record: logging.LogRecord) -> str:
        return without_tokens(super().format(record))


class WithoutTrace(logging.Filter):
    """Drops the trace of records whose message says it all: a stranger must not fill the log with our call stacks."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.exc_info = record.exc_text = None
        return True


def log_access(protocol: str, action: str, details: dict[str, Any]) -> None:
    """Daphne's action logger: one line per request or socket; a static file that went well is not worth one."""
    path = details["path"]
    if protocol == "http" and action == "complete":
        if details["status"] < 400 and path.startswith("/static/"):
            return
        access_logger.info(
            "%s %s %s %s %.0f ms",
            details["client"],
            details["method"],
            path,
            details["status"],
            details["time_taken"] * 1000,
        )
    elif protocol == "websocket" and action in ("connected", "rejected", "disconnected"):
        access_logger.info("%s socket %s %s", details["client"], action, path)
