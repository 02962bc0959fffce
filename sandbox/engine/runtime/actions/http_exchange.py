"""Requests to http.ts and their answers, on the way between the network and the realm.

The realm gets a request as JSON and returns its response as JSON (js/action_world.js); what comes back was made by
learner code and is checked. Texts: docs/spec/runtime-abi.md §3, semantics.md §9.
"""

from __future__ import annotations

import json
import re
import secrets
from dataclasses import dataclass, replace
from typing import Any, Protocol

from sandbox.engine import limits
from sandbox.engine.errors import LearnerError
from sandbox.engine.runtime.actions.pieces import Pieces, decoded_body

Headers = tuple[tuple[str, str], ...]

NO_HTTP_ACTIONS = "This Convex deployment does not have HTTP actions enabled."
_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,256}")
_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]{0,65536}")
# What belongs to one connection; the server that sends the answer says these.
_OF_THE_CONNECTION = frozenset(
    ("connection", "content-length", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade")
)
_HEADERS_MAX = 256
_BODY = "The body of an HTTP action's response"


@dataclass(frozen=True, slots=True)
class HttpActionRequest:
    """`url` is absolute; its path is what http.ts routes by."""

    method: str
    url: str
    headers: Headers = ()
    body: bytes = b""

    def to_json(self, pieces: Pieces) -> str:
        """What the realm makes a Request of; a large body is held for it in `pieces`."""
        document = {
            "method": self.method,
            "url": self.url,
            "headers": [pair for pair in self.headers if _NAME.fullmatch(pair[0]) and _VALUE.fullmatch(pair[1])],
            "body": pieces.hold(self.body),
        }
        return json.dumps(document)


@dataclass(frozen=True, slots=True)
class HttpActionResponse:
    """`route` is the route that answered ("GET /messages/*"), None when there is none.

    `size` is how long a body will be that comes in pieces, None where that is not known.
    """

    status: int
    headers: Headers
    body: bytes
    route: str | None = None
    size: int | None = None

    def for_method(self, method: str) -> HttpActionResponse:
        """HEAD is answered as GET, without the body."""
        return replace(self, body=b"") if method == "HEAD" else self


class ResponseSink(Protocol):
    """Where a response goes whose body comes in pieces."""

    async def start(self, response: HttpActionResponse) -> None:
        """Status and headers; the body is empty yet."""
        ...

    async def add(self, data: bytes) -> None:
        """More of the body."""
        ...


class HttpAnswer:
    """A response on its way: passed on to `sink` as it comes, or gathered where there is none."""

    def __init__(self, sink: ResponseSink | None = None) -> None:
        self._sink = sink
        self._size = 0
        self._body = bytearray()
        self.head: HttpActionResponse | None = None
        """What has begun to go; None as long as nothing has."""

    async def start(self, text: str) -> None:
        """Raises LearnerError for what is no response."""
        if self.head is not None:
            raise _unreadable()
        self.head = read_response(text)
        if self._sink is not None:
            await self._sink.start(self.head)

    async def add(self, text: str) -> None:
        """Raises LearnerError."""
        if self.head is None:
            raise _unreadable()
        try:
            body = json.loads(text)
        except (ValueError, RecursionError):
            raise _unreadable() from None
        data = decoded_body(body, limits.MIB, "A piece of an HTTP action's response")
        self._size += len(data)
        if self._size > (limits.HTTP_BODY_BYTES_MAX if self.head.size is None else self.head.size):
            raise _body_too_large()
        if self._sink is None:
            self._body += data
        else:
            await self._sink.add(data)

    def gathered(self) -> HttpActionResponse | None:
        """The whole response, if there was no sink to take it."""
        return None if self.head is None or self._sink is not None else replace(self.head, body=bytes(self._body))


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
    body = decoded_body(document.get("body"), limits.HTTP_BODY_BYTES_MAX, _BODY)
    size = document.get("size")
    if size is not None and (type(size) is not int or size < 0):
        raise _unreadable()
    if (size or 0) > limits.HTTP_BODY_BYTES_MAX:
        raise _body_too_large()
    kept = tuple(pair for pair in pairs if pair[0] not in _OF_THE_CONNECTION)
    return HttpActionResponse(status, kept, body, None if route is None else route[:1024], size)


def _body_too_large() -> LearnerError:
    limit = limits.HTTP_BODY_BYTES_MAX // limits.MIB
    return LearnerError(f"{_BODY} is too large (limit: {limit} MiB)", code="LimitExceeded")


def _unreadable() -> LearnerError:
    return LearnerError("The HTTP action did not return a response", code="BadResult")
