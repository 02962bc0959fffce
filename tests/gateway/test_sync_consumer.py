from __future__ import annotations

import asyncio

import pytest
from channels.routing import URLRouter
from channels.testing import WebsocketCommunicator

from sandbox.engine import limits
from sandbox.gateway import tokens
from sandbox.gateway.routing import socket_routes


def client(path: str, headers=()) -> WebsocketCommunicator:
    return WebsocketCommunicator(URLRouter(socket_routes), path, headers=list(headers))


def sync_path(token: str | None = None, version: str = "1.48.0/") -> str:
    return f"/s/{token or tokens.issue('k3h4').text}/api/{version}sync"


@pytest.mark.parametrize("version", ["1.48.0/", "", "0.8.1/"])
async def test_frames_are_carried_both_ways(deployments, version):
    socket = client(sync_path(version=version))
    assert (await socket.connect())[0]
    await socket.send_to(text_data='{"type":"Connect"}')
    assert await socket.receive_from() == '[{"type":"Connect"}]'
    assert deployments["k3h4"].sessions[0].received == ['{"type":"Connect"}']
    await socket.disconnect()


@pytest.mark.parametrize("origin", [b"null", b"https://elsewhere.example", None])
async def test_any_origin_with_a_good_token_is_welcome(deployments, origin):
    socket = client(sync_path(), [(b"origin", origin)] if origin else [])
    assert (await socket.connect())[0]
    await socket.disconnect()


async def test_a_forged_or_expired_token_is_refused_before_the_handshake(deployments):
    for token in (tokens.issue("k3h4", lifetime_s=-1).text, tokens.issue("k3h4").text + "x", "nonsense"):
        assert not (await client(sync_path(token)).connect())[0]
    assert not deployments


async def test_a_token_reaches_its_own_deployment_alone(deployments):
    socket = client(sync_path(tokens.issue("aaaa").text))
    await socket.connect()
    assert list(deployments) == ["aaaa"]
    await socket.disconnect()


async def test_other_socket_paths_are_refused(deployments):
    token = tokens.issue("k3h4").text
    for path in (f"/s/{token}/api/1.48.0/other", f"/s/{token}/x/y/z/sync", "/anything", "/"):
        assert not (await client(path).connect())[0]


async def test_a_binary_frame_closes_the_socket(deployments):
    socket = client(sync_path())
    await socket.connect()
    await socket.send_to(bytes_data=b"\x00\x01")
    assert (await socket.receive_output())["code"] == 1003
    await socket.disconnect()
    assert deployments["k3h4"].sessions[0].received == []


async def test_an_oversized_frame_closes_the_socket(deployments):
    socket = client(sync_path())
    await socket.connect()
    await socket.send_to(text_data="x" * (limits.CLIENT_JSON_BYTES_MAX + 1))
    assert (await socket.receive_output())["code"] == 1009
    await socket.disconnect()
    assert deployments["k3h4"].sessions[0].received == []


async def test_after_a_close_no_frame_reaches_the_session(deployments):
    socket = client(sync_path())
    await socket.connect()
    session = deployments["k3h4"].sessions[0]
    await session.close(1008, "protocol error")
    assert await socket.receive_output() == {"type": "websocket.close", "code": 1008, "reason": "protocol error"}
    await socket.send_to(text_data="late")
    await session.send("later")
    assert await socket.receive_nothing()
    assert session.received == []
    await socket.disconnect()


async def test_the_session_ends_with_the_socket(deployments):
    socket = client(sync_path())
    await socket.connect()
    await socket.disconnect()
    assert not deployments["k3h4"].sessions[0].is_connected


async def test_the_deployment_stays_open_while_a_client_is_connected(deployments, monkeypatch):
    from sandbox.gateway import registry as module

    monkeypatch.setattr(module, "IDLE_S", 0)
    socket = client(sync_path())
    await socket.connect()
    await module.registry.sweep()
    assert not deployments["k3h4"].is_closed
    await socket.disconnect()
    async with asyncio.timeout(5):
        # The consumer lets go of it a moment after its socket has gone.
        while not deployments["k3h4"].is_closed:
            await module.registry.sweep()
            await asyncio.sleep(0)


async def test_the_socket_closes_when_its_token_expires(deployments, monkeypatch):
    token = tokens.issue("k3h4")
    at_once = tokens.Token("k3h4", 0.0, token.text)
    monkeypatch.setattr(tokens, "read", lambda text: at_once)
    socket = client(sync_path(token.text))
    await socket.connect()
    async with asyncio.timeout(5):
        assert (await socket.receive_output())["code"] == 4401
    await socket.disconnect()


async def test_more_clients_than_a_deployment_takes_are_asked_to_come_back(deployments):
    first = client(sync_path())
    await first.connect()
    deployments["k3h4"].takes_clients = False
    second = client(sync_path())
    assert (await second.connect())[0]
    answer = await second.receive_output()
    assert (answer["code"], answer["reason"]) == (1013, "TooManyConcurrentRequests")
    assert len(deployments["k3h4"].sessions) == 1
    for socket in (first, second):
        await socket.disconnect()
