"""HTTP actions of a stand-alone deployment: a request on the network becomes one for http.ts, and back.

Here the deployment has its origins to itself, so everything its code answers is passed on as it is. On the classroom's
site, which shares its origin with learners, answers leave through safe_answers.py instead.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from sandbox.engine import (
    Deployment,
    HttpActionRequest,
    HttpActionResponse,
    Identity,
    LearnerError,
    RequestMetadata,
    StoreUnavailable,
    limits,
)
from sandbox.gateway.sockets import Receive, Send

logger = logging.getLogger(__name__)


async def serve_http_action(
    deployment: Deployment, scope: dict[str, Any], receive: Receive, send: Send, *, prefix: str = ""
) -> None:
    """Answers one ASGI request. `prefix` is what stands before the routes' own paths ("/http")."""
    body = await _body(receive)
    if body is None:
        return  # the client left
    headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"])
    request = HttpActionRequest(scope["method"], _url(scope, dict(headers), prefix), headers, body)
    client = scope.get("client")
    metadata = RequestMetadata(
        ip=client[0] if client else None,
        user_agent=dict(headers).get("user-agent"),
        request_id=secrets.token_hex(8),
    )
    identity = identity_of(deployment, dict(headers))
    stream = _Stream(request.method, send)
    response: HttpActionResponse | None
    try:
        response = await deployment.stream_http_action(request, stream, identity=identity, metadata=metadata)
    except StoreUnavailable as error:
        logger.error("%s (%s)", error.message, error.__cause__)
        text = (("content-type", "text/plain; charset=utf-8"),)
        response = HttpActionResponse(HTTPStatus.SERVICE_UNAVAILABLE, text, error.message.encode())
    if response is None or stream.has_started:
        await stream.end()
    else:
        await _send(response, request.method, send)


async def _body(receive: Receive) -> bytes | None:
    """The whole body, and a byte too many of one that is too large. None when the client left before its end."""
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return None
        if len(body) <= limits.HTTP_BODY_BYTES_MAX:
            body += message.get("body", b"")
        if not message.get("more_body", False):
            return bytes(body[: limits.HTTP_BODY_BYTES_MAX + 1])


def _url(scope: dict[str, Any], headers: dict[str, str], prefix: str) -> str:
    host = headers.get("host") or "{}:{}".format(*scope["server"])
    path = (scope.get("raw_path") or scope["path"].encode()).decode("latin-1").partition("?")[0]
    query = scope["query_string"].decode("latin-1")
    return f"{scope.get('scheme', 'http')}://{host}{path.removeprefix(prefix) or '/'}{'?' if query else ''}{query}"


def identity_of(deployment: Deployment, headers: Mapping[str, str]) -> Identity | None:
    """Whose JWT the request carries. Routes may use the header for tokens of their own, so others are no error."""
    scheme, _, token = headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        return None
    try:
        return deployment.callers.user(token.strip()).identity
    except LearnerError:
        return None


class _Stream:
    """A response whose body is sent as it comes. Where its length is not known, the server marks its end."""

    def __init__(self, method: str, send: Send) -> None:
        self._has_body = method != "HEAD"
        self._send = send
        self.has_started = False

    async def start(self, response: HttpActionResponse) -> None:
        self.has_started = True
        headers = _encoded(response)
        if response.size is not None and self._has_body:
            headers.append((b"content-length", str(response.size).encode()))
        await self._send({"type": "http.response.start", "status": response.status, "headers": headers})

    async def add(self, data: bytes) -> None:
        if self._has_body:
            await self._send({"type": "http.response.body", "body": data, "more_body": True})

    async def end(self) -> None:
        await self._send({"type": "http.response.body", "body": b""})


def _encoded(response: HttpActionResponse) -> list[tuple[bytes, bytes]]:
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in response.headers]


async def _send(response: HttpActionResponse, method: str, send: Send) -> None:
    headers = _encoded(response)
    if method != "HEAD" and response.status not in (204, 304):
        headers.append((b"content-length", str(len(response.body)).encode()))
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": response.body})
