"""The server around the consumers, as a process: a client that does not read, one that floods, and close reasons."""

from __future__ import annotations

import http.client
import json
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from tests.conftest import free_port

SERVER = """
import asyncio, os, sys
sys.path.insert(0, os.getcwd())
os.environ["DJANGO_SETTINGS_MODULE"] = "sandbox.settings"
import django
django.setup()
from sandbox.gateway.server import Server

counts = {"sent": 0, "received": 0}
gate = asyncio.Event()

async def application(scope, receive, send):
    if scope["type"] == "http":
        body = str(counts[scope["path"][1:]]).encode()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": body})
        return
    await receive()
    await send({"type": "websocket.accept"})
    if scope["path"] == "/bye":
        await send({"type": "websocket.close", "code": 1013, "reason": "InternalServerError"})
    if scope["path"] == "/sent":
        while True:
            await send({"type": "websocket.send", "text": "x" * 100_000})
            counts["sent"] += 1
            await asyncio.sleep(0)
    if scope["path"] == "/large":
        await send({"type": "websocket.send", "text": "x" * 12_000_000})
    while scope["path"] in ("/received", "/large"):
        await gate.wait()

async def on_stop():
    pass

def on_listening():
    print("ready", flush=True)

Server(application, "127.0.0.1", int(sys.argv[1]), on_listening=on_listening, on_stop=on_stop).run()
"""


@pytest.fixture(scope="module")
def address(tmp_path_factory) -> Iterator[tuple[str, int]]:
    port = free_port()
    process = subprocess.Popen([sys.executable, "-c", SERVER, str(port)], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "ready\n"
    yield "127.0.0.1", port
    process.terminate()
    assert process.wait(timeout=5) == 0
    process.stdout.close()


def count(address: tuple[str, int], name: str) -> int:
    with socket.create_connection(address) as connection:
        connection.sendall(f"GET /{name} HTTP/1.0\r\n\r\n".encode())
        return int(connection.makefile("rb").read().split(b"\r\n\r\n")[1])


def handshake(address: tuple[str, int], path: str) -> socket.socket:
    connection = socket.create_connection(address)
    connection.sendall(
        f"GET {path} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
    )
    return connection


def settled(measure: Callable[[], int]) -> int:
    """The measure when it has been the same for half a second."""
    value, since = measure(), time.monotonic()
    while time.monotonic() - since < 0.5:
        if (now := measure()) != value:
            value, since = now, time.monotonic()
    return value


def test_sending_waits_for_a_client_that_does_not_read(address):
    with handshake(address, "/sent") as client:
        stopped_at = settled(lambda: count(address, "sent"))
        # What fits into the kernel's buffers of both ends, far from everything that could be sent.
        assert 0 < stopped_at < 200
        read = 0
        while read < 20_000_000:
            read += len(client.recv(1 << 20))
        assert count(address, "sent") > stopped_at


def test_a_client_that_floods_is_not_read_from_until_it_is_served(address):
    frame = bytes([0x81, 0x80 | 126]) + (60_000).to_bytes(2, "big") + bytes(4) + b"x" * 60_000
    with handshake(address, "/received") as client:
        client.recv(1000)
        client.settimeout(1)
        with pytest.raises(TimeoutError):
            client.sendall(frame * 1_000)
    assert count(address, "received") == 0


def test_behind_a_large_frame_nothing_is_read_until_it_is_served(address):
    frame = bytes([0x81, 0x80 | 127]) + (8 << 20).to_bytes(8, "big") + bytes(4) + b"x" * (8 << 20)
    with handshake(address, "/received") as client:
        client.recv(1000)
        client.settimeout(1)
        with pytest.raises(TimeoutError):
            client.sendall(frame * 4)


def test_the_reason_of_a_close_reaches_the_client(address):
    host, port = address
    with connect(f"ws://{host}:{port}/bye") as client:
        with pytest.raises(ConnectionClosed, match="InternalServerError"):
            client.recv()
        assert client.close_code == 1013


def test_a_frame_over_the_limit_closes_the_socket(address):
    host, port = address
    with connect(f"ws://{host}:{port}/received") as client:
        # The head of a masked text frame of 25 MiB. Sending the rest would race with the answer, which comes at once.
        client.socket.sendall(b"\x81\xff" + (25 << 20).to_bytes(8, "big") + bytes(4))
        with pytest.raises(ConnectionClosed):
            client.recv(5)
        assert client.close_code == 1009


@pytest.mark.parametrize("length", ["Content-Length: 20000000", "Transfer-Encoding: chunked"])
def test_a_body_over_the_limit_is_refused_before_it_is_kept(address, length):
    with socket.create_connection(address) as client:
        client.settimeout(10)
        client.sendall(f"POST /sent HTTP/1.1\r\nHost: localhost\r\n{length}\r\n\r\n".encode())
        chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
        try:
            for _ in range(1_000):
                client.sendall(chunk)
        except ConnectionError:
            return
        raise AssertionError("64 MB were taken")


def test_a_message_of_ours_may_be_larger_than_one_of_a_client(address):
    host, port = address
    with connect(f"ws://{host}:{port}/large", max_size=None, compression=None) as client:
        assert len(client.recv(timeout=10)) == 12_000_000


def test_a_body_that_is_too_large_is_answered_so_that_any_page_can_read_it(address):
    connection = http.client.HTTPConnection(*address, timeout=20)
    connection.request("POST", "/sent", body=b"x" * (25 << 20))
    response = connection.getresponse()
    assert response.status == 413
    assert response.getheader("Access-Control-Allow-Origin") == "*"
    assert json.loads(response.read())["code"] == "BodyTooLarge"
    connection.close()
    assert count(address, "received") == 0, "the server goes on"
