"""The practice service without a memory, `practice.sandbox.test`. Pages: docs/practice-service.md.

It is deterministic (the same request gets the same answer on every machine and every day) and keeps no state, so
lessons and checks can rely on it without a network. Its name ends in `.test`, which no real host may have (RFC 6761).
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, urlsplit

HOST = "practice.sandbox.test"
ORIGIN = f"https://{HOST}"
SLOW_MS_MAX = 10_000
BYTES_MAX = 1 << 20
FLAKY_ATTEMPTS = 3

_QUOTES = (
    ("Ada Lovelace", "That brain of mine is something more than merely mortal; as time will show."),
    ("Grace Hopper", "A ship in port is safe; but that is not what ships are built for."),
    ("Alan Turing", "We can only see a short distance ahead, but we can see plenty there that needs to be done."),
    ("Edsger Dijkstra", "Simplicity is prerequisite for reliability."),
    ("Barbara Liskov", "You never need optimal performance, you need good-enough performance."),
)
_SKIES = ("clear", "cloudy", "rain", "snow", "fog")


@dataclass(frozen=True, slots=True)
class Asked:
    """One request, with its address taken apart."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: tuple[tuple[str, str], ...]
    body: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


async def answer(method: str, url: str, headers: tuple[tuple[str, str], ...], body: bytes) -> Answer:
    """Answers one request for an address of the practice service."""
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    asked = Asked(method, parts.path or "/", query, headers, body)
    page, _, rest = asked.path.removeprefix("/").partition("/")
    handler = _PAGES.get(page)
    if handler is None:
        return problem(404, f"The practice service has no page {asked.path}")
    return await handler(asked, rest)


# ── the pages ───────────────────────────────────────────────────────────────


async def _index(asked: Asked, rest: str) -> Answer:
    return json_answer(200, {"service": "practice", "pages": [f"/{name}" for name in _PAGES if name]})


async def _weather(asked: Asked, rest: str) -> Answer:
    """Made from the letters of the city: Paris has the same weather for everyone, for ever."""
    city = asked.query.get("city", "").strip()
    if not city:
        return problem(400, "Ask for a city: /weather?city=Paris")
    digest = hashlib.sha256(city.casefold().encode()).digest()
    return json_answer(
        200,
        {
            "city": city,
            "celsius": digest[0] % 45 - 10,
            "sky": _SKIES[digest[1] % len(_SKIES)],
            "wind_kmh": digest[2] % 60,
        },
    )


async def _quotes(asked: Asked, rest: str) -> Answer:
    quotes = [{"id": i + 1, "author": author, "text": text} for i, (author, text) in enumerate(_QUOTES)]
    if not rest:
        return json_answer(200, quotes)
    if rest.isascii() and rest.isdigit() and 1 <= int(rest[:9]) <= len(quotes):
        return json_answer(200, quotes[int(rest) - 1])
    return problem(404, f"There is no quote {rest}")


async def _echo(asked: Asked, rest: str) -> Answer:
    """What arrived, as JSON; a body of JSON also parsed."""
    try:
        parsed = json.loads(asked.body) if asked.body else None
    except (ValueError, RecursionError):
        parsed = None
    document = {
        "method": asked.method,
        "path": asked.path,
        "query": dict(asked.query),
        "headers": {name.lower(): value for name, value in asked.headers},
        "body": asked.body.decode(errors="replace"),
        "json": parsed,
    }
    return json_answer(200, document)


async def _status(asked: Asked, rest: str) -> Answer:
    """The status that is asked for: /status/503."""
    if not (rest.isascii() and rest.isdigit() and len(rest) == 3 and 200 <= int(rest) <= 599):
        return problem(400, "Ask for a status from 200 to 599: /status/503")
    code = int(rest)
    return (
        Answer(code, (), b"")
        if code in (204, 205, 304)
        else json_answer(code, {"status": code, "reason": _reason(code)})
    )


async def _slow(asked: Asked, rest: str) -> Answer:
    """Answers after `ms` milliseconds: /slow?ms=1500."""
    wanted = asked.query.get("ms", "1000")
    ms = int(wanted) if wanted.isascii() and wanted.isdigit() and len(wanted) < 9 else -1
    if not 0 <= ms <= SLOW_MS_MAX:
        return problem(400, f"Ask for 0 to {SLOW_MS_MAX} milliseconds: /slow?ms=1500")
    await asyncio.sleep(ms / 1000)
    return json_answer(200, {"waited_ms": ms})


async def _flaky(asked: Asked, rest: str) -> Answer:
    """Fails until the third attempt, which the caller counts: /flaky?attempt=1."""
    attempt = asked.query.get("attempt", "1")
    if not (attempt.isascii() and attempt.isdigit() and len(attempt) < 9):
        return problem(400, "Say which attempt it is: /flaky?attempt=1")
    if int(attempt) < FLAKY_ATTEMPTS:
        return problem(503, f"Try again: attempt {attempt} of {FLAKY_ATTEMPTS}")
    return json_answer(200, {"attempt": int(attempt), "ok": True})


async def _redirect(asked: Asked, rest: str) -> Answer:
    """To a page of its own: /redirect?to=/quotes/1."""
    target = asked.query.get("to", "/")
    if not target.startswith("/") or target.startswith(("//", "/\\")):
        return problem(400, "The practice service redirects to its own pages only: /redirect?to=/quotes/1")
    return Answer(302, (("location", target),), b"")


async def _bytes(asked: Asked, rest: str) -> Answer:
    """So many bytes, 0 to 255 and round again: /bytes/1000."""
    if not (rest.isascii() and rest.isdigit() and len(rest) < 9 and int(rest) <= BYTES_MAX):
        return problem(400, f"Ask for up to {BYTES_MAX} bytes: /bytes/1000")
    count = int(rest)
    body = (bytes(range(256)) * (count // 256 + 1))[:count]
    return Answer(200, (("content-type", "application/octet-stream"),), body)


_PAGES: dict[str, Callable[[Asked, str], Awaitable[Answer]]] = {
    "": _index,
    "weather": _weather,
    "quotes": _quotes,
    "echo": _echo,
    "status": _status,
    "slow": _slow,
    "flaky": _flaky,
    "redirect": _redirect,
    "bytes": _bytes,
}


def json_answer(status: int, document: Any) -> Answer:
    return Answer(status, (("content-type", "application/json"),), json.dumps(document, ensure_ascii=False).encode())


def problem(status: int, message: str) -> Answer:
    return json_answer(status, {"error": message})


def _reason(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""
