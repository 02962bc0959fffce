"""Frames on their way to one client."""

from __future__ import annotations

import asyncio
import json

import pytest

from sandbox.engine.sync import outbox as module
from sandbox.engine.sync.outbox import Outbox


@pytest.fixture
async def sent(monkeypatch):
    """A queue of what an outbox with short patience sends; the outbox is its attribute."""
    monkeypatch.setattr(module, "PING_SECONDS", 0.02)
    frames: asyncio.Queue = asyncio.Queue()

    async def close(code, reason):
        frames.put_nowait((code, reason))

    frames.outbox = Outbox(frames.put, close, lambda: None)
    yield frames
    await frames.outbox.stop()


async def test_a_client_that_hears_nothing_is_pinged_again_and_again(sent):
    async with asyncio.timeout(5):
        assert [json.loads(await sent.get()) for _ in range(3)] == [{"type": "Ping"}] * 3


async def test_frames_arrive_in_order_and_a_close_after_the_last_words(sent):
    for text in ("a", "b"):
        sent.outbox.put(text)
    sent.outbox.end(1008, "enough", last_words="c")
    sent.outbox.put("too late")
    async with asyncio.timeout(5):
        assert [await sent.get() for _ in range(4)] == ["a", "b", "c", (1008, "enough")]
