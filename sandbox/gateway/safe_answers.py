"""THE way by which bytes that learner code or an upload made leave this server.

They share the site's origin, so a browser must never treat them as a page of the site: they get a policy that shuts
everything out, a fixed type, and only the headers of a short list. What is not on the list is dropped, not passed on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

from django.http import HttpResponse

POLICY = "sandbox; default-src 'none'"

# Never here: Set-Cookie, Clear-Site-Data, Service-Worker-Allowed, any policy, Refresh, Link, WWW-Authenticate.
PASSED_HEADERS = frozenset(
    {
        "access-control-allow-headers",
        "access-control-allow-methods",
        "access-control-allow-origin",
        "access-control-expose-headers",
        "access-control-max-age",
        "cache-control",
        "content-language",
        "content-type",
        "etag",
        "expires",
        "last-modified",
        "retry-after",
        "vary",
    }
)
# Types that a browser shows without running anything in them. No SVG: it is a document with scripts.
SHOWN_TYPES = frozenset(
    {
        "image/png",
        "image/jpeg",
        "image/gif",
        "image/webp",
        "image/avif",
        "audio/mpeg",
        "audio/ogg",
        "audio/wav",
        "audio/webm",
        "audio/mp4",
        "audio/flac",
        "video/mp4",
        "video/webm",
        "video/ogg",
    }
)

Headers = Iterable[tuple[str, str]]


def answer(
    body: bytes | str, *, status: int = 200, headers: Headers = (), own_hosts: Iterable[str] = ()
) -> HttpResponse:
    """Bytes of learner code's making, with what it said about them as far as that is harmless.

    A redirect may only lead to another site: `own_hosts` are the names (`host[:port]`) under which this one is
    reached. Without a type the bytes are `application/octet-stream`.
    """
    passed = [(name, value) for name, value in headers if name.lower() in PASSED_HEADERS and _is_clean(value)]
    wanted = next((value for name, value in headers if name.lower() == "location"), None)
    response = HttpResponse(body, status=status if 200 <= status <= 599 else 500)
    response["Content-Type"] = "application/octet-stream"
    for name, value in passed:
        response[name] = value
    if 300 <= response.status_code < 400 and response.status_code != 304:
        if wanted is None or not _leads_away(wanted, own_hosts):
            return _refused_redirect()
        response["Location"] = wanted
    return _walled(response)


def module(code: str, *, max_age_s: int) -> HttpResponse:
    """A learner's compiled module for a pane, whose opaque origin makes it a cross-origin request."""
    response = HttpResponse(code, content_type="text/javascript; charset=utf-8")
    response["Access-Control-Allow-Origin"] = "*"
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    response["Cache-Control"] = f"private, max-age={max_age_s}, immutable" if max_age_s else "no-store"
    return _walled(response)


def json_text(text: str, *, status: int = 200) -> HttpResponse:
    """Values of a deployment, for any client that has the token."""
    response = HttpResponse(text, status=status, content_type="application/json")
    response["Access-Control-Allow-Origin"] = "*"
    response["Cache-Control"] = "no-store"
    return _walled(response)


def stored_file(
    body: bytes, content_type: str | None, *, status: int = 200, headers: Mapping[str, str] | None = None
) -> HttpResponse:
    """A stored file, or a part of one, with the type that its uploader gave it. `headers` are ours.

    Whatever is not plainly a picture, a sound or a film is downloaded, never shown.
    """
    known_type = content_type if content_type and _is_clean(content_type) else "application/octet-stream"
    response = HttpResponse(body, status=status, content_type=known_type, headers=headers)
    if known_type.partition(";")[0].strip().lower() not in SHOWN_TYPES:
        response["Content-Disposition"] = "attachment"
    response["Access-Control-Allow-Origin"] = "*"
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    return _walled(response)


def _walled(response: HttpResponse) -> HttpResponse:
    response["Content-Security-Policy"] = POLICY
    response["X-Content-Type-Options"] = "nosniff"
    response["Referrer-Policy"] = "no-referrer"
    return response


def _refused_redirect() -> HttpResponse:
    text = "This function answered with a redirect that does not lead to another site."
    return _walled(HttpResponse(text, status=502, content_type="text/plain; charset=utf-8"))


def _is_clean(value: str) -> bool:
    """A line break would begin another header."""
    return value.isprintable()


def _leads_away(location: str, own_hosts: Iterable[str]) -> bool:
    """Whether it is an absolute http(s) address of another host. Browsers read backslashes as slashes."""
    if not _is_clean(location) or "\\" in location:
        return False
    try:
        parts = urlsplit(location)
        host, port = parts.hostname, parts.port
    except ValueError:
        return False
    if parts.scheme not in ("http", "https") or not host:
        return False
    own = {name.lower() for name in own_hosts}
    return host not in own and f"{host}:{port}" not in own and host not in {name.partition(":")[0] for name in own}
