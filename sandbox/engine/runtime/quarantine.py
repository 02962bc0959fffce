"""A deployment in quarantine: a short-lived copy of a project in which queries and mutations may fetch.

For one demonstration: what would come of it if the runtime allowed what it refuses. Its fetches reach the practice
service of that very copy and nothing else. A deployment is put into quarantine when it is opened, by the host alone;
no code of a learner's and no request can do it, and a learner's own deployment never is.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from sandbox.engine.errors import LearnerError
from sandbox.engine.runtime.actions.operations import fetch_request
from sandbox.engine.runtime.fetching import Asker, Fetcher, PracticeService
from sandbox.engine.runtime.fetching.practice import HOST, ORIGIN


class Quarantine:
    """Answers the fetches of queries and mutations."""

    def __init__(self, practice: PracticeService) -> None:
        self._fetcher = Fetcher(practice=practice)

    async def fetch(self, path: str, args: Mapping[str, Any]) -> str:
        """`args` describe a request as js/quarantine_world.js does; `path` is the function that asks.

        The answer as JSON text. Raises LearnerError.
        """
        body = args.get("body")
        try:
            sent = base64.b64decode(body) if isinstance(body, str) else b""
            host = urlsplit(str(args.get("url"))).hostname
        except ValueError:
            raise LearnerError("Invalid arguments for fetch", code="InvalidSyscall") from None
        request = fetch_request(dict(args), sent)
        if host != HOST:
            raise LearnerError(f"In quarantine, only {ORIGIN} can be fetched.", code="FetchRefused")
        response = await self._fetcher.fetch(request, Asker(path, ""))
        answer = {
            "url": response.url,
            "status": response.status,
            "statusText": response.status_text,
            "headers": response.headers,
            "redirected": response.redirected,
            "body": base64.b64encode(response.body).decode(),
        }
        return json.dumps(answer)

    def close(self) -> None:
        self._fetcher.close()
