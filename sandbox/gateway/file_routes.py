"""Stored files over HTTP: uploads to an address that a function made, and the bytes behind `ctx.storage.getUrl()`.

Facts: docs/spec/semantics.md §10. Which deployment a request means is found as in http_api.py. Whoever has the address
of a file may read it, as on Convex; whoever has that of an upload may write one for an hour.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, BinaryIO

from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.views.decorators.csrf import csrf_exempt

from sandbox.engine import LearnerError, StoredFile, StoreUnavailable, check_digest, file_too_large, limits
from sandbox.gateway import safe_answers
from sandbox.gateway.http_api import Find, internal_error, open_to_pages, other_method, store_unavailable
from sandbox.gateway.http_requests import Refusal

if TYPE_CHECKING:
    from sandbox.engine import Deployment

logger = logging.getLogger(__name__)

CHUNK_BYTES = 1 << 16
MAX_AGE_S = 30 * 24 * 3600
"""The bytes behind an address never change."""

_MEDIA_TYPE = re.compile(
    r"[\w!#$&^.+-]+/[\w!#$&^.+-]+(\s*;\s*[\w!#$&^.+-]+=(\"[^\"\\\r\n]*\"|[\w!#$&^.+-]+))*", re.ASCII
)
_RANGE = re.compile(r"\s*bytes\s*=\s*(.*)", re.IGNORECASE)
_SPAN = re.compile(r"\s*(\d{0,18})\s*-\s*(\d{0,18})\s*", re.ASCII)
_STATUS_OF_CODE = {
    "StorageTokenInvalid": 401,
    "StorageTokenExpired": 401,
    "FileTooLarge": 413,
    "Sha256Mismatch": 400,
    "BadDigest": 400,
}
_READABLE = "Accept-Ranges, Content-Length, Content-Range, Content-Type, Digest, ETag"

View = Callable[..., Coroutine[Any, Any, HttpResponse]]
Handler = Callable[[HttpRequest, "Deployment", str], Coroutine[Any, Any, HttpResponse]]


def file_routes(find: Find, prefix: str = "api/storage/") -> list[URLPattern]:
    """The two addresses, ready for a URLconf: `upload`, and one for each file."""
    return [
        path(f"{prefix}upload", _view(find, _upload, ("POST",))),
        path(f"{prefix}<str:file>", _view(find, _send, ("GET", "HEAD"))),
    ]


def _view(find: Find, handler: Handler, methods: tuple[str, ...]) -> View:
    async def answer(request: HttpRequest, place: dict[str, str]) -> HttpResponse:
        name = place.pop("file", "")
        async with find(request, **place) as deployment:
            return await handler(request, deployment, name)

    @csrf_exempt
    async def view(request: HttpRequest, **place: str) -> HttpResponse:
        if request.method not in methods:
            return other_method(request, methods)
        try:
            response = await answer(request, place)
        except Refusal as refusal:
            response = _refused(refusal)
        except LearnerError as error:
            response = _refused(Refusal(_STATUS_OF_CODE.get(error.code, 400), error.code, error.message))
        except StoreUnavailable as error:
            response = _refused(store_unavailable(error))
        except Exception:
            logger.exception("A request for a stored file failed")
            response = internal_error()
        return open_to_pages(request, response)

    return view


def _refused(refusal: Refusal) -> HttpResponse:
    return safe_answers.json_text(refusal.text, status=refusal.status)


# ── uploads ─────────────────────────────────────────────────────────────────


async def _upload(request: HttpRequest, deployment: Deployment, _: str) -> HttpResponse:
    """The body is the file. Answers `{"storageId": …}`."""
    token = request.GET.get("token")
    if token is None:
        raise Refusal(400, "BadQueryArgs", "Failed to deserialize query string: missing field `token`")
    deployment.storage.tokens.check(token)
    content_type, digest = _content_type(request), _digest(request)
    incoming = deployment.storage.files.receive()
    try:
        while chunk := request.read(CHUNK_BYTES):
            incoming.write(chunk)
            if incoming.size > limits.STORED_FILE_BYTES_MAX:
                raise file_too_large()
            await asyncio.sleep(0)  # others come in between
        check_digest(digest, incoming.sha256)
        arrived = await incoming.finish()
    except BaseException:
        incoming.abandon()
        raise
    storage_id = await deployment.storage.files.add(arrived, content_type)
    return safe_answers.json_text(json.dumps({"storageId": storage_id}))


def _content_type(request: HttpRequest) -> str | None:
    value = request.headers.get("Content-Type", "").strip()
    if value and not _MEDIA_TYPE.fullmatch(value):
        raise Refusal(400, "BadHeader", "Bad header for content-type: invalid HTTP header (content-type)")
    return value or None


def _digest(request: HttpRequest) -> str | None:
    """`Digest: sha-256=<base64>`: what the bytes shall hash to."""
    value = request.headers.get("Digest")
    if value is None:
        return None
    name, _, digest = value.partition("=")
    if name.strip().lower() != "sha-256":
        raise Refusal(400, "BadHeader", "Bad header for digest: invalid HTTP header (digest)")
    return digest.strip()


# ── downloads ───────────────────────────────────────────────────────────────


async def _send(request: HttpRequest, deployment: Deployment, name: str) -> HttpResponse:
    try:
        found = await deployment.open_file(name)
    except LearnerError:
        text = (
            f'Invalid storage path: "{name}". Please use `storage.getUrl()` to generate a valid URL to retrieve files. '
            "See https://docs.convex.dev/file-storage/serve-files for more details"
        )
        raise Refusal(400, "InvalidStoragePath", text) from None
    if found is None:
        raise Refusal(404, "FileNotFound", f"File {name} not found")
    file, content = found
    with content:
        return await asyncio.to_thread(_answer, request, file, content)


def _answer(request: HttpRequest, file: StoredFile, content: BinaryIO) -> HttpResponse:
    etag = f'"{file.sha256}"'
    headers = {
        "Accept-Ranges": "bytes",
        "Access-Control-Expose-Headers": _READABLE,
        "Cache-Control": f"private, max-age={MAX_AGE_S}",
        "ETag": etag,
    }
    if _is_known(request.headers.get("If-None-Match", ""), etag):
        return safe_answers.stored_file(b"", file.content_type, status=304, headers=headers)
    if request.headers.get("If-Range", etag) != etag:
        span: range | None = range(file.size)
    else:
        span = wanted_span(request.headers.get("Range"), file.size)
    if span is None:
        headers["Content-Range"] = f"bytes */{file.size}"
        return safe_answers.stored_file(b"", None, status=416, headers=headers)
    if len(span) < file.size:
        headers["Content-Range"] = f"bytes {span.start}-{span.stop - 1}/{file.size}"
    else:
        headers["Digest"] = f"sha-256={file.digest}"
    headers["Content-Length"] = str(len(span))
    content.seek(span.start)
    body = b"" if request.method == "HEAD" else content.read(len(span))
    status = 206 if len(span) < file.size else 200
    return safe_answers.stored_file(body, file.content_type, status=status, headers=headers)


def wanted_span(header: str | None, size: int) -> range | None:
    """The bytes that a Range header asks for: all without one or with an unreadable one, None when it cannot be met.

    Like Convex, one span at a time.
    """
    whole = range(size)
    found = None if header is None or size == 0 else _RANGE.fullmatch(header)
    if found is None:
        return whole
    spans = [_SPAN.fullmatch(part) for part in found[1].split(",")]
    if len(spans) > 1:
        return None
    span = spans[0]
    if span is None or (span[1] == "" and span[2] == ""):
        return whole
    if span[1] == "":
        return whole[-int(span[2]) :] if int(span[2]) > 0 else None
    start = int(span[1])
    if span[2] != "" and int(span[2]) < start:
        return whole
    end = size if span[2] == "" else min(int(span[2]) + 1, size)
    return range(start, end) if start < size else None


def _is_known(header: str, etag: str) -> bool:
    """Whether an If-None-Match header names what the client would get."""
    known = {name.strip().removeprefix("W/") for name in header.split(",")}
    return etag in known or "*" in known
