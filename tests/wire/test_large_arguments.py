"""Arguments as large as they may be, and larger ones: an answer either way, or a client would ask for ever."""

from __future__ import annotations

import json
from typing import Any

import pytest
import requests
from websockets.sync.client import connect

from tests.gateway.test_host import Hosted

pytestmark = pytest.mark.slow
TOO_LARGE = "Arguments for m.js:size are too large (actual: "


def ask_by_socket(hosted: Hosted, value: str) -> Any:
    with connect(f"{hosted.url.replace('http', 'ws')}/api/sync", max_size=None, compression=None) as client:
        client.send(
            json.dumps({"type": "Connect", "sessionId": "large", "connectionCount": 0, "lastCloseReason": None})
        )
        body = {"type": "Action", "requestId": 0, "udfPath": "m:size", "args": [{"value": value}]}
        client.send(json.dumps(body))
        while True:
            answer = json.loads(client.recv(timeout=60))
            if answer["type"] == "ActionResponse":
                return answer


def test_a_socket_takes_what_a_function_takes(hosted: Hosted) -> None:
    assert ask_by_socket(hosted, "x" * 15_000_000)["result"] == 15_000_000


def test_a_socket_says_what_is_too_much(hosted: Hosted) -> None:
    answer = ask_by_socket(hosted, "x" * 17_000_000)
    assert (answer["success"], TOO_LARGE in answer["result"]) == (False, True)


@pytest.mark.parametrize(("size", "told"), [(15_000_000, '"value":15000000'), (17_000_000, TOO_LARGE)])
def test_the_http_api_answers_both(hosted: Hosted, size: int, told: str) -> None:
    body = {"path": "m:size", "args": {"value": "x" * size}, "format": "json"}
    answer = requests.post(f"{hosted.url}/api/action", json=body, timeout=60)
    assert (answer.status_code, told in answer.text) == (200, True), answer.text[:300]
