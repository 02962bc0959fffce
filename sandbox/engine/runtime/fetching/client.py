"""One `fetch` of an action, made by the host: the policy is asked at every hop, and everything has a bound.

urllib3 speaks HTTP, in a few threads. It is given the address that the policy has seen and never a name, so that a
name cannot lead elsewhere between the check and the connection. Redirects are followed here, not in there.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from http import HTTPStatus
from urllib.parse import SplitResult, urljoin, urlsplit

import urllib3

from sandbox.engine import limits
from sandbox.engine.errors import LearnerError
from sandbox.engine.runtime.fetching import practice_service
from sandbox.engine.runtime.fetching.policy import Address, FetchPolicy
from sandbox.engine.runtime.fetching.practice import HOST as PRACTICE_HOST
from sandbox.engine.runtime.fetching.practice import NOBODY_KNOWN, AnswerLost, Asker, PracticeService
from sandbox.engine.runtime.fetching.practice import ORIGIN as PRACTICE_ORIGIN

CONNECT_SECONDS = 10.0
READ_SECONDS = 60.0  # between two pieces of a response
TOTAL_SECONDS = 300.0
REDIRECTS_MAX = 20
THREADS = 16
_PIECE_BYTES = 1 << 16
_DEFAULT_PORTS = {"http": 80, "https": 443}
# What belongs to the connection is the host's to say; the rest of a request is the learner's.
_OWN_HEADERS = frozenset(
    ("host", "connection", "content-length", "transfer-encoding", "te", "trailer", "upgrade", "keep-alive", "expect")
)
_SECRET_HEADERS = frozenset(("authorization", "cookie", "proxy-authorization"))
_BODY_HEADERS = frozenset(("content-type", "content-encoding", "content-language", "content-location"))

Headers = tuple[tuple[str, str], ...]
Resolve = Callable[[str, int], Awaitable[Sequence[Address]]]


@dataclass(frozen=True, slots=True)
class FetchRequest:
    """`redirect` is "follow", "error" or "manual", as in the web's fetch."""

    method: str
    url: str
    headers: Headers = ()
    body: bytes = b""
    redirect: str = "follow"


@dataclass(frozen=True, slots=True)
class FetchResponse:
    """`url` is where the answer came from; `body` is decoded (gzip and the like are undone)."""

    status: int
    status_text: str
    headers: Headers
    body: bytes
    url: str
    redirected: bool = False


class Fetcher:
    """Belongs to one event loop; end it with `close`. `practice` answers for `https://practice.test`."""

    def __init__(
        self,
        policy: FetchPolicy | None = None,
        *,
        resolve: Resolve | None = None,
        practice: PracticeService | None = None,
    ) -> None:
        self._policy = policy or FetchPolicy()
        self._practice = practice or PracticeService()
        self._resolve = resolve or _resolve
        self._threads: ThreadPoolExecutor | None = None

    async def fetch(self, request: FetchRequest, by: Asker = NOBODY_KNOWN) -> FetchResponse:
        """Raises LearnerError (`FetchRefused`, `FetchFailed`), which the action sees as a rejected promise."""
        deadline = time.monotonic() + TOTAL_SECONDS
        for hop in range(REDIRECTS_MAX + 1):
            response = await self._ask(request, deadline, by)
            target = _location(response)
            if target is None or request.redirect == "manual":
                return replace(response, url=request.url, redirected=hop > 0)
            if request.redirect == "error":
                raise LearnerError("fetch attempted redirect", code="FetchFailed")
            request = _redirected(request, response.status, target)
        raise LearnerError("fetch too many redirects", code="FetchFailed")

    def close(self) -> None:
        if self._threads is not None:
            self._threads.shutdown(wait=False, cancel_futures=True)

    # ── one hop ─────────────────────────────────────────────────────────────

    async def _ask(self, request: FetchRequest, deadline: float, by: Asker) -> FetchResponse:
        parts, host, port = _take_apart(request.url)
        if host in (PRACTICE_HOST, practice_service.HOST):
            return await self._practise(request, host, by)
        address = await self._permitted(request.url, host, port)
        if self._threads is None:
            self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="fetch")
        given_up = threading.Event()
        try:
            exchange = _Exchange(request, parts, host, address, port, deadline, given_up)
            return await asyncio.get_running_loop().run_in_executor(self._threads, exchange.run)
        except (urllib3.exceptions.HTTPError, OSError, ValueError) as error:
            raise _failed(request.url, _reason(error)) from None
        finally:
            given_up.set()

    async def _practise(self, request: FetchRequest, host: str, by: Asker) -> FetchResponse:
        """An answer of the practice service: of the one with a memory, or of the one without."""
        question = (request.method, request.url, request.headers, request.body)
        try:
            if host == PRACTICE_HOST:
                told = await self._practice.answer(*question, by)
            else:
                told = await practice_service.answer(*question)
        except AnswerLost:
            raise _failed(request.url, "the connection broke before the answer came") from None
        body = b"" if request.method == "HEAD" else told.body
        return FetchResponse(told.status, _phrase(told.status), told.headers, body, request.url)

    async def _permitted(self, url: str, host: str, port: int) -> Address:
        """The address to connect to. Raises LearnerError when the policy does not allow the name or where it leads."""
        if not self._policy.allows_name(host, port):
            raise LearnerError(
                f"fetch of {_shown(url)} is not allowed in this sandbox. Actions can reach the practice service "
                f"at {PRACTICE_ORIGIN} and the hosts that its operator allows.",
                code="FetchRefused",
            )
        try:
            addresses = await self._resolve(host, port)
        except OSError as error:
            raise _failed(url, _reason(error)) from None
        for address in addresses:
            if self._policy.is_own(host, port) or self._policy.allows_address(address):
                return address
        raise LearnerError(
            f"fetch of {_shown(url)} is not allowed in this sandbox: it leads to a private address.",
            code="FetchRefused",
        )


@dataclass(frozen=True, slots=True)
class _Exchange:
    """One request and its response over a connection of its own. Runs in a thread."""

    request: FetchRequest
    parts: SplitResult
    host: str
    address: Address
    port: int
    deadline: float
    given_up: threading.Event

    def run(self) -> FetchResponse:
        if self.given_up.is_set():
            raise ValueError("it was given up")
        with self._pool() as pool:
            response = pool.urlopen(
                self.request.method,
                self.parts._replace(scheme="", netloc="", fragment="").geturl() or "/",
                body=self.request.body or None,
                headers=self._headers(),
                redirect=False,
                retries=False,
                preload_content=False,
                timeout=urllib3.Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS),
            )
            try:
                return self._read(response)
            finally:
                response.close()

    def _pool(self) -> urllib3.HTTPConnectionPool:
        if self.parts.scheme == "http":
            return urllib3.HTTPConnectionPool(str(self.address), self.port, maxsize=1)
        return urllib3.HTTPSConnectionPool(
            str(self.address),
            self.port,
            maxsize=1,
            ssl_context=ssl.create_default_context(),
            assert_hostname=self.host,
            server_hostname=self.host,
        )

    def _headers(self) -> urllib3.HTTPHeaderDict:
        headers = urllib3.HTTPHeaderDict()
        for name, value in self.request.headers:
            if name.lower() not in _OWN_HEADERS and not name.lower().startswith("proxy-"):
                headers.add(name, value)
        headers["Host"] = self.parts.netloc.rpartition("@")[2]
        headers.setdefault("Accept", "*/*")
        headers.setdefault("User-Agent", "reactive-sandbox")
        headers["Accept-Encoding"] = "gzip, deflate"
        if not self.request.body and self.request.method in ("POST", "PUT", "PATCH"):
            headers["Content-Length"] = "0"
        return headers

    def _read(self, response: urllib3.BaseHTTPResponse) -> FetchResponse:
        pieces: list[bytes] = []
        size = 0
        for piece in response.stream(_PIECE_BYTES, decode_content=True):
            size += len(piece)
            if size > limits.FETCH_RESPONSE_BYTES_MAX:
                raise ValueError(
                    f"the response is too large (limit: {limits.FETCH_RESPONSE_BYTES_MAX // limits.MIB} MiB)"
                )
            if time.monotonic() > self.deadline:
                raise ValueError(f"it took too long (limit: {TOTAL_SECONDS:.0f}s)")
            if self.given_up.is_set():
                raise ValueError("it was given up")
            pieces.append(piece)
        is_encoded = "content-encoding" in response.headers
        dropped = ("content-encoding", "content-length", "transfer-encoding") if is_encoded else ("transfer-encoding",)
        headers = tuple((name, value) for name, value in response.headers.iteritems() if name.lower() not in dropped)
        status_text = response.reason or _phrase(response.status)
        return FetchResponse(response.status, status_text, headers, b"".join(pieces), self.request.url)


async def _resolve(host: str, port: int) -> Sequence[Address]:
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [ipaddress.ip_address(str(address[0]).partition("%")[0]) for *_, address in found]


def _take_apart(url: str) -> tuple[SplitResult, str, int]:
    """The parts, the name in lower case and the port. Raises LearnerError for what is no address of the web."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise _failed(url, "it is no valid address") from None
    if parts.scheme not in _DEFAULT_PORTS or not host:
        raise _failed(url, "only http: and https: addresses can be fetched")
    if parts.username is not None or parts.password is not None:
        raise _failed("this address", "it includes credentials")
    return parts, host.rstrip("."), port or _DEFAULT_PORTS[parts.scheme]


def _location(response: FetchResponse) -> str | None:
    if response.status not in (301, 302, 303, 307, 308):
        return None
    return next((value for name, value in response.headers if name.lower() == "location"), None)


def _redirected(request: FetchRequest, status: int, target: str) -> FetchRequest:
    """The request for the next hop, by the rules of the web's fetch."""
    url = urljoin(request.url, target)
    headers, method, body = request.headers, request.method, request.body
    if (status in (301, 302) and method == "POST") or (status == 303 and method not in ("GET", "HEAD")):
        method, body = "GET", b""
        headers = tuple(header for header in headers if header[0].lower() not in _BODY_HEADERS)
    if _origin(url) != _origin(request.url):
        headers = tuple(header for header in headers if header[0].lower() not in _SECRET_HEADERS)
    return replace(request, url=url, headers=headers, method=method, body=body)


def _origin(url: str) -> tuple[str, str, int]:
    parts, host, port = _take_apart(url)
    return parts.scheme, host, port


def _failed(url: str, reason: str) -> LearnerError:
    return LearnerError(f"fetch of {_shown(url)} failed: {reason}", code="FetchFailed")


def _shown(url: str) -> str:
    """Without the query, which may hold what is not for a log."""
    return url.partition("?")[0][:200]


def _reason(error: Exception) -> str:
    """In our words: texts of the library name addresses and objects."""
    if isinstance(error, socket.gaierror):
        return "the name is not known"
    if isinstance(error, urllib3.exceptions.TimeoutError | TimeoutError):
        return "it took too long"
    if isinstance(error, urllib3.exceptions.SSLError | ssl.SSLError):
        return "the connection is not secure"
    if isinstance(error, urllib3.exceptions.HTTPError | OSError):
        return "the connection broke or could not be made"
    return str(error)


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""
