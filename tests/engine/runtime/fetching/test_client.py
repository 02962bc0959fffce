"""Fetching from real sockets: what is allowed arrives whole, what leads inside or has no end does not."""

from __future__ import annotations

import asyncio
import gzip
import ipaddress
from contextlib import asynccontextmanager

import pytest

from sandbox.engine import limits
from sandbox.engine.errors import LearnerError
from sandbox.engine.runtime.fetching import Fetcher, FetchPolicy, FetchRequest

LOOPBACK = ipaddress.ip_address("127.0.0.1")


@asynccontextmanager
async def http_server(*answers: bytes):
    """Answers each connection with the next of `answers`; yields its port and the requests that came."""
    asked: list[bytes] = []
    left = list(answers)

    async def serve(reader, writer):
        head = await reader.readuntil(b"\r\n\r\n")
        length = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
        asked.append(head + (await reader.readexactly(int(length[0].split(b":")[1])) if length else b""))
        try:
            writer.write(left.pop(0))
            await writer.drain()
        except ConnectionError:
            pass
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1], asked


def answer(body: bytes = b"hello", status: str = "200 OK", *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"content-length: {len(body)}", "connection: close", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


@asynccontextmanager
async def fetcher(*allowed: str, resolve=None):
    fetcher = Fetcher(FetchPolicy.of(allowed), resolve=resolve)
    try:
        yield fetcher
    finally:
        fetcher.close()


async def code_of(fetcher, url, **options) -> str:
    with pytest.raises(LearnerError) as caught:
        await fetcher.fetch(FetchRequest("GET", url, **options))
    return caught.value.code


async def test_a_request_and_its_response_pass_whole():
    async with (
        http_server(answer(b"hi", "201 Created", "x-a: 1", "x-a: 2")) as (port, asked),
        fetcher("localhost") as f,
    ):
        response = await f.fetch(FetchRequest("POST", f"http://localhost:{port}/p?q=1", (("X-Mine", "yes"),), b"body"))
    assert (response.status, response.status_text, response.body) == (201, "Created", b"hi")
    assert [value for name, value in response.headers if name == "x-a"] == ["1", "2"]
    assert asked[0].startswith(b"POST /p?q=1 HTTP/1.1\r\n")
    assert f"Host: localhost:{port}".encode() in asked[0]
    assert asked[0].endswith(b"\r\n\r\nbody")


async def test_headers_of_the_connection_are_the_hosts():
    async with http_server(answer()) as (port, asked), fetcher("localhost") as f:
        await f.fetch(FetchRequest("GET", f"http://localhost:{port}/", (("Host", "evil"), ("Content-Length", "5"))))
    assert b"evil" not in asked[0]
    assert b"content-length" not in asked[0].lower()


@pytest.mark.parametrize("header", [("X-A", "1\r\nX-B: 2"), ("X-A\r\nX-B", "1")])
async def test_a_header_cannot_carry_another(header):
    async with http_server(answer()) as (port, asked), fetcher("localhost") as f:
        assert await code_of(f, f"http://localhost:{port}/", headers=(header,)) == "FetchFailed"
    assert not any(b"X-B" in request for request in asked)


async def test_a_compressed_response_is_opened():
    body = gzip.compress(b"long " * 100)
    async with http_server(answer(body, "200 OK", "content-encoding: gzip")) as (port, _), fetcher("localhost") as f:
        response = await f.fetch(FetchRequest("GET", f"http://localhost:{port}/"))
    assert response.body == b"long " * 100
    assert "content-encoding" not in dict(response.headers)


async def test_a_compressed_bomb_is_stopped():
    body = gzip.compress(bytes(limits.FETCH_RESPONSE_BYTES_MAX + 1))
    async with http_server(answer(body, "200 OK", "content-encoding: gzip")) as (port, _), fetcher("localhost") as f:
        assert await code_of(f, f"http://localhost:{port}/") == "FetchFailed"


INSIDE = [
    "http://127.0.0.1/",
    "http://localhost/",
    "http://[::1]/",
    "http://169.254.169.254/latest/meta-data/",
    "http://[::ffff:169.254.169.254]/",
    "http://0x7f000001/",
    "http://2130706433/",
    "http://0/",
]


@pytest.mark.parametrize("url", INSIDE)
async def test_the_inside_is_out_of_reach_although_every_name_is_allowed(url):
    async with fetcher("*") as f:
        assert await code_of(f, url) in ("FetchRefused", "FetchFailed")


async def test_a_name_that_leads_inside_is_refused():
    async def rebound(host, port):
        return [LOOPBACK]

    async with fetcher("*", resolve=rebound) as f:
        assert await code_of(f, "http://innocent.example/") == "FetchRefused"


async def test_the_address_that_was_looked_at_is_the_one_that_is_asked():
    """A name that leads elsewhere the second time gains nothing: it is looked up once."""
    asked = []

    async def once(host, port):
        asked.append(host)
        return [LOOPBACK]

    async with http_server(answer()) as (port, _), fetcher("127.0.0.1", "api.example.com", resolve=once) as f:
        response = await f.fetch(FetchRequest("GET", f"http://api.example.com:{port}/"))
    assert (response.body, asked) == (b"hello", ["api.example.com"])


async def test_a_redirect_to_the_inside_is_refused():
    async def resolve(host, port):
        return [LOOPBACK]

    moved = answer(b"", "302 Found", "location: http://169.254.169.254/latest/")
    async with http_server(moved) as (port, _), fetcher("127.0.0.1", "start.example", resolve=resolve) as f:
        assert await code_of(f, f"http://start.example:{port}/") == "FetchRefused"


async def test_a_redirect_to_another_origin_carries_no_credentials():
    async def resolve(host, port):
        return [LOOPBACK]

    async with http_server(answer()) as (second, asked):
        moved = answer(b"", "307 Temporary Redirect", f"location: http://two.example:{second}/")
        async with http_server(moved) as (port, _), fetcher("*", "127.0.0.1", resolve=resolve) as f:
            secret = (("Authorization", "Bearer s"), ("Cookie", "c=1"), ("X-Plain", "kept"))
            await f.fetch(FetchRequest("GET", f"http://one.example:{port}/", secret))
    assert b"Bearer" not in asked[0]
    assert b"Cookie" not in asked[0]
    assert b"X-Plain: kept" in asked[0]


async def test_a_303_after_a_post_is_a_get_without_a_body():
    moved = answer(b"", "303 See Other", "location: /done")
    async with http_server(moved, answer()) as (port, asked), fetcher("localhost") as f:
        headers = (("Content-Type", "text/plain"),)
        response = await f.fetch(FetchRequest("POST", f"http://localhost:{port}/", headers, b"body"))
    assert response.redirected
    assert asked[1].startswith(b"GET /done")
    assert b"text/plain" not in asked[1]


@pytest.mark.parametrize(
    "url", ["ftp://example.com/", "file:///etc/passwd", "data:,x", "http://", "http://a:b@c/", "x"]
)
async def test_only_addresses_of_the_web_can_be_fetched(url):
    async with fetcher("*") as f:
        assert await code_of(f, url) == "FetchFailed"


async def test_by_default_nothing_but_the_practice_service_is_reached():
    async with fetcher() as f:
        assert await code_of(f, "https://example.com/") == "FetchRefused"
        assert (await f.fetch(FetchRequest("GET", "https://practice.sandbox.test/"))).status == 200
