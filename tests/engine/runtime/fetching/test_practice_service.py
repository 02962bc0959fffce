"""The practice service answers without a network, and the same request always alike."""

from __future__ import annotations

import json

import pytest

from sandbox.engine.errors import LearnerError
from sandbox.engine.runtime.fetching import Fetcher, FetchRequest

ORIGIN = "https://practice.sandbox.test"


@pytest.fixture
def fetcher():
    fetcher = Fetcher()
    yield fetcher
    fetcher.close()


async def get(fetcher, path, **options):
    return await fetcher.fetch(FetchRequest(options.pop("method", "GET"), ORIGIN + path, **options))


async def test_the_weather_of_a_city_is_always_the_same(fetcher):
    first, again = await get(fetcher, "/weather?city=Paris"), await get(fetcher, "/weather?city=Paris")
    assert first.body == again.body
    assert set(json.loads(first.body)) == {"city", "celsius", "sky", "wind_kmh"}


async def test_echo_tells_what_arrived(fetcher):
    response = await get(fetcher, "/echo?a=1", method="POST", headers=(("X-One", "1"),), body=b'{"n":2}')
    document = json.loads(response.body)
    assert (document["method"], document["query"], document["headers"], document["json"]) == (
        "POST",
        {"a": "1"},
        {"x-one": "1"},
        {"n": 2},
    )


@pytest.mark.parametrize("status", [200, 204, 404, 418, 500, 503])
async def test_it_answers_with_the_status_that_is_asked_for(fetcher, status):
    assert (await get(fetcher, f"/status/{status}")).status == status


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/", 200),
        ("/quotes", 200),
        ("/quotes/3", 200),
        ("/quotes/99", 404),
        ("/nothing", 404),
        ("/weather", 400),
        ("/status/999", 400),
        ("/slow?ms=0", 200),
        ("/slow?ms=99999999", 400),
        ("/flaky?attempt=1", 503),
        ("/flaky?attempt=3", 200),
        ("/bytes/99999999", 400),
        ("/redirect?to=//evil.example", 400),
    ],
)
async def test_each_page_says_what_it_offers(fetcher, path, status):
    assert (await get(fetcher, path)).status == status


async def test_a_redirect_is_followed_and_told(fetcher):
    response = await get(fetcher, "/redirect?to=/quotes/1")
    assert (response.url, response.redirected, json.loads(response.body)["id"]) == (f"{ORIGIN}/quotes/1", True, 1)


async def test_a_redirect_is_left_alone_or_refused_on_request(fetcher):
    assert (await get(fetcher, "/redirect?to=/", redirect="manual")).status == 302
    with pytest.raises(LearnerError, match="fetch attempted redirect"):
        await get(fetcher, "/redirect?to=/", redirect="error")


async def test_bytes_come_in_the_length_that_is_asked_for(fetcher):
    assert len((await get(fetcher, "/bytes/1000")).body) == 1000
