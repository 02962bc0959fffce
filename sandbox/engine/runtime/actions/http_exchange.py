"""Requests to http.ts and their answers, on the way between the network and the realm.

The realm gets a request as JSON and returns its response as JSON (js/action_world.js); what comes back was made by
learner code and is checked. Texts: docs/spec/runtime-abi.md §3, semantics.md §9.
"""

from __future__ import annotations

import base64
import json
import re
import secrets
from dataclasses import dataclass, replace
from typing import Any

from sandbox.engine import limits
from sandbox.engine.errors import LearnerError
from sandbox.engine.runtime.actions.operations import decoded_body

Headers = tuple[tuple[str, str], ...]

NO_HTTP_ACTIONS = "This Convex deployment does not have HTTP actions enabled."
_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,256}")
_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]{0,65536}")
# What belongs to one connection; the server that sends the answer says these.
_OF_THE_CONNECTION = frozenset(
    ("connection", "content-length", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade")
)
_HEADERS_MAX = 256


@dataclass(frozen=True, slots=True)
class HttpActionRequest:
    """`url` is absolute; its path is what http.ts routes by."""

    method: str
    url: str
    headers: Headers = ()
    body: bytes = b""

    def to_json(self) -> str:
        """What the realm makes a Request of."""
        document = {
            "method": self.method,
            "url": self.url,
            "headers": [pair for pair in self.headers if _NAME.fullmatch(pair[0]) and _VALUE.fullmatch(pair[1])],
            "body": base64.b64encode(self.body).decode() if self.body else None,
        }
        return json.dumps(document)


@dataclass(frozen=True, slots=True)
class HttpActionResponse:
    """`route` is the route that answered ("GET /messages/*"), None when there is none."""

    status: int
    headers: Headers
    body: bytes
    route: str | None = None

    def for_method(self, method: str) -> HttpActionResponse:
        """HEAD is answered as GET, without the body."""
        return replace(self, body=b"") if method == "HEAD" else self


def text_response(status: int, text: str) -> HttpActionResponse:
    return HttpActionResponse(status, (("content-type", "text/plain; charset=utf-8"),), text.encode())


def error_response(error: LearnerError) -> HttpActionResponse:
    """What a client gets when the HTTP action threw: 500 with the error as JSON."""
    first_line = error.message.partition("\n")[0]
    document: dict[str, Any] = {
        "code": f"[Request ID: {secrets.token_hex(8)}] Server Error: {first_line}",
        "trace": error.message,
    }
    if error.has_data:
        document["data"] = error.data
    return HttpActionResponse(500, (("content-type", "application/json"),), json.dumps(document).encode())


def read_response(text: str) -> HttpActionResponse:
    """The response from the realm's JSON. Raises LearnerError for what is none."""
    try:
        document = json.loads(text)
        status, headers, route = document["status"], document["headers"], document["route"]
        pairs = tuple((str(name).lower(), str(value)) for name, value in headers)
    except (ValueError, KeyError, TypeError, RecursionError):
        raise _unreadable() from None
    sound = all(_NAME.fullmatch(name) and _VALUE.fullmatch(value) for name, value in pairs)
    if type(status) is not int or not 200 <= status <= 599 or not sound or len(pairs) > _HEADERS_MAX:
        raise _unreadable()
    if route is not None and not isinstance(route, str):
        raise _unreadable()
    body = decoded_body(document.get("body"), limits.HTTP_BODY_BYTES_MAX, "The body of an HTTP action's response")
    kept = tuple(pair for pair in pairs if pair[0] not in _OF_THE_CONNECTION)
    return HttpActionResponse(status, kept, body, None if route is None else route[:1024])


def _unreadable() -> LearnerError:
    return LearnerError("The HTTP action did not return a response", code="BadResult")
