"""The web server: Daphne, started and stopped by us, with the three things that it leaves out.

Daphne has no start and stop hooks, so the deployments are closed here before the reactor stops. And it lets the
application write without end to a client that does not read: here a `send` returns when the socket has room again, and
a client that leaves no room for a while is dropped. And it takes request bodies without end: here they are cut.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
import threading
from collections.abc import Awaitable, Callable
from typing import Any

from daphne.http_protocol import WebRequest
from daphne.server import Server as DaphneServer
from daphne.ws_protocol import WebSocketProtocol
from twisted.internet import defer
from twisted.internet import reactor as installed_reactor
from twisted.logger import STDLibLogObserver, globalLogPublisher

from sandbox.engine import limits
from sandbox.gateway.logs import log_access
from sandbox.gateway.processes import end_at_once

logger = logging.getLogger(__name__)
reactor: Any = installed_reactor  # typed as a module

# Daphne's backlog of 50 makes a whole class that arrives at once wait for TCP retries.
LISTEN_BACKLOG = 2048
# With thousands of sockets Python's default thresholds cost tens of milliseconds in the slowest percent.
GC_THRESHOLDS = (50_000, 20, 100)
SLOW_CLIENT_S = 30.0
FRAMES_WAITING_MAX = 64
LARGE_FRAME_BYTES = limits.MIB  # behind such a one nothing more is read until it is taken
# Arguments of the HTTP API, bodies of HTTP actions, stored files; views answer with a sentence of their own.
BODY_BYTES_MAX = limits.CLIENT_JSON_BYTES_MAX
# What is too large is thrown away as it comes, up to this; a client that is cut off while it sends hears no answer.
DISCARDED_BYTES_MAX = 48 * limits.MIB
TOO_LARGE = b"HTTP/1.1 413 Request Entity Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
TOO_LARGE_TEXT = b'{"code":"BodyTooLarge","message":"What you sent is too large (limit: 24 MiB)"}'
CLOSE_WITHOUT_STATUS = 1005
CLOSE_REASON_BYTES_MAX = 123  # RFC 6455 §5.5
CLOSE_DEPLOYMENTS_S = 1.5
STOP_S = 2.5


class BoundedRequest(WebRequest):
    """Daphne keeps a request's body, however large, before it asks the application: on disk, then in memory."""

    _body_bytes = 0

    def gotLength(self, length: int | None) -> None:  # noqa: N802 - Twisted's name
        super().gotLength(length)
        if length is not None and length > DISCARDED_BYTES_MAX:
            self._refuse()

    def handleContentChunk(self, data: bytes) -> None:  # noqa: N802
        self._body_bytes += len(data)
        if self._body_bytes <= BODY_BYTES_MAX:
            super().handleContentChunk(data)
        elif self._body_bytes > DISCARDED_BYTES_MAX:
            self._refuse()

    def process(self) -> Any:
        return super().process() if self._body_bytes <= BODY_BYTES_MAX else self._answer_too_large()

    def _answer_too_large(self) -> None:
        """Readable for pages of any origin, as the answers of the HTTP API are."""
        self.setResponseCode(413)
        for name, value in ((b"Content-Type", b"application/json"), (b"Access-Control-Allow-Origin", b"*")):
            self.responseHeaders.setRawHeaders(name, [value])
        self.responseHeaders.setRawHeaders(b"Content-Length", [str(len(TOO_LARGE_TEXT)).encode()])
        self.write(TOO_LARGE_TEXT)
        self.finish()

    def _refuse(self) -> None:
        transport = self.channel.transport
        if not transport.disconnecting:
            transport.write(TOO_LARGE)
            transport.loseConnection()


class SocketProtocol(WebSocketProtocol):
    """One WebSocket. Twisted calls `pauseProducing` and `resumeProducing` as its write buffer fills and drains."""

    def connectionMade(self) -> None:  # noqa: N802 - Twisted's name
        self._has_room = asyncio.Event()
        self._has_room.set()
        self.transport.unregisterProducer()  # the HTTP channel that this connection began as
        self.transport.registerProducer(self, True)
        super().connectionMade()

    def pauseProducing(self) -> None:  # noqa: N802
        self._has_room.clear()

    def resumeProducing(self) -> None:  # noqa: N802
        self._has_room.set()

    def stopProducing(self) -> None:  # noqa: N802
        self._has_room.set()

    def connectionLost(self, reason: Any) -> None:  # noqa: N802
        self._has_room.set()
        super().connectionLost(reason)

    def onClose(self, wasClean: bool, code: int, reason: str) -> None:  # noqa: N802, N803
        """A refused client may hang up after Daphne has forgotten it: then nobody is left who would want to know."""
        if self in self.server.connections:
            super().onClose(wasClean, code, reason)

    async def drained(self) -> None:
        """Returns when the socket has room. Drops the client after SLOW_CLIENT_S without any."""
        if self._has_room.is_set():
            return
        try:
            await asyncio.wait_for(self._has_room.wait(), SLOW_CLIENT_S)
        except TimeoutError:
            self.transport.abortConnection()

    def sendMessage(self, payload: bytes, isBinary: bool = False, **options: Any) -> None:  # noqa: N802, N803
        """Autobahn holds our own messages to the limit that is meant for those of clients; a result may be larger."""
        limit: int = self.factory.maxMessagePayloadSize
        self.maxMessagePayloadSize = 0
        try:
            super().sendMessage(payload, isBinary, **options)
        finally:
            self.maxMessagePayloadSize = limit

    def onMessage(self, payload: bytes, isBinary: bool) -> None:  # noqa: N802, N803
        super().onMessage(payload, isBinary)
        if len(payload) > LARGE_FRAME_BYTES:
            self._pause_until(0)
        elif self.application_queue.qsize() > FRAMES_WAITING_MAX:
            self._pause_until(FRAMES_WAITING_MAX // 2)

    def _pause_until(self, waiting_max: int) -> None:
        self.transport.pauseProducing()
        self._read_again_when_served(waiting_max)

    def _read_again_when_served(self, waiting_max: int) -> None:
        if self.application_queue.qsize() > waiting_max and not self._is_over():
            reactor.callLater(0.02, self._read_again_when_served, waiting_max)
        elif not self._is_over():
            self.transport.resumeProducing()

    def _is_over(self) -> bool:
        return bool(self.state == self.STATE_CLOSED)

    def handle_reply(self, message: dict[str, Any]) -> None:
        if self.state in (self.STATE_CLOSING, self.STATE_CLOSED):
            return  # the client was faster; whoever still writes hears of it through its disconnect message
        # Convex clients choose their back-off by the reason, which Daphne would drop. Its `sendClose` refuses the
        # codes from 1001 to 1015, among them the ones that servers use, so the frame is sent directly.
        if message["type"] == "websocket.close" and self.state == self.STATE_OPEN:
            if message.get("code") == CLOSE_WITHOUT_STATUS:  # it may not be sent: an empty frame means it
                self.sendCloseFrame()
                return
            reason = (message.get("reason") or "").encode()[:CLOSE_REASON_BYTES_MAX]
            self.sendCloseFrame(code=message.get("code") or 1000, reasonUtf8=reason.decode(errors="ignore").encode())
        else:
            super().handle_reply(message)


class Server(DaphneServer):
    """Serves `application` on the ports of one address until `stop_gently`, SIGINT or SIGTERM."""

    def __init__(
        self,
        application: Any,
        host: str,
        *ports: int,
        on_listening: Callable[[], None],
        on_stop: Callable[[], Awaitable[None]],
    ) -> None:
        interface = host.replace(":", r"\:")
        super().__init__(
            application,
            endpoints=[f"tcp:port={port}:interface={interface}:backlog={LISTEN_BACKLOG}" for port in ports],
            signal_handlers=False,  # Twisted leaves an inherited "ignore" as it is; see _take_signals
            action_logger=log_access,
            ping_interval=5,
            ping_timeout=120,
            websocket_timeout=-1,
            websocket_max_message_size=limits.CLIENT_JSON_BYTES_MAX,
            websocket_max_frame_size=limits.CLIENT_JSON_BYTES_MAX,
            application_close_timeout=2,
            ready_callable=self._ready,
            server_name="",
        )
        self._on_listening = on_listening
        self._on_stop = on_stop
        self._is_stopping = False
        self.failure: str | None = None

    def _ready(self) -> None:
        self.http_factory.buildProtocol = self._build_protocol
        self.ws_factory.protocol = SocketProtocol
        # A broken or oversized frame is answered with its close code, not with a cut line.
        # (The attribute, because setProtocolOptions would reset allowNullOrigin, which the panes need.)
        self.ws_factory.failByDrop = False
        # Daphne throws Twisted's log away (or, when told to be verbose, takes our standard output with it).
        globalLogPublisher.addObserver(STDLibLogObserver("twisted"))  # type: ignore[arg-type]
        reactor.callLater(0, self._running)

    def _build_protocol(self, address: Any) -> Any:
        protocol = type(self.http_factory).buildProtocol(self.http_factory, address)
        protocol.requestFactory = BoundedRequest
        return protocol

    def _running(self) -> None:
        self._take_signals()
        gc.freeze()
        gc.set_threshold(*GC_THRESHOLDS)
        self._on_listening()

    def _take_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self.stop_gently)

    def listen_error(self, failure: Any) -> None:
        self.failure = failure.getErrorMessage()
        self.stop()

    def stop_gently(self) -> None:
        """Close the deployments, then the server. A second call, or STOP_S, ends everything at once."""
        if self._is_stopping:
            end_at_once()
        self._is_stopping = True
        watchdog = threading.Timer(STOP_S, end_at_once)
        watchdog.daemon = True
        watchdog.start()
        self._stopping = asyncio.ensure_future(self._stop())

    async def _stop(self) -> None:
        try:
            await asyncio.wait_for(self._on_stop(), CLOSE_DEPLOYMENTS_S)
        except TimeoutError:
            logger.warning("The deployments did not close in time.")
        except Exception:
            logger.exception("Closing the deployments failed.")
        finally:
            self.stop()

    def kill_all_applications(self) -> Any:
        # Daphne's own fails when a connection's application has ended before its socket.
        running = [details.get("application_instance") for details in self.connections.values()]
        waiting = [instance for instance in running if instance is not None and not instance.done()]
        for instance in waiting:
            instance.cancel()
        ended = asyncio.ensure_future(asyncio.wait(waiting, timeout=0.5) if waiting else asyncio.sleep(0))
        return defer.Deferred.fromFuture(ended)

    async def handle_reply(self, protocol: Any, message: dict[str, Any]) -> None:
        await super().handle_reply(protocol, message)
        if message["type"] == "websocket.send" and isinstance(protocol, SocketProtocol):
            await protocol.drained()
