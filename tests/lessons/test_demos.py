"""The demonstrations that are real: a file that loses updates and is torn, stores that do not, windows that refuse."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from django.test import AsyncClient

from lessons.demos import desk_file, desk_store
from lessons.demos.cards import CARDS, WINDOWS, Window
from lessons.demos.people import as_file, pupils
from lessons.demos.windows import hand_in
from lessons.models import Workspace
from sandbox.engine import close_pools
from sandbox.gateway.registry import registry

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("tools")]

RIGHT = {"rules": "row-refused", "look": "followed", "change": "changed", "errands": "went-out"}


@pytest.fixture(autouse=True)
async def pools() -> AsyncIterator[None]:
    yield
    await registry.close_all()
    await close_pools()


@pytest.fixture
async def desk() -> tuple[AsyncClient, str]:
    """A learner and the address of their desk."""
    client = AsyncClient()
    await client.post("/start/", {"pseudonym": "Kittiwake"})
    await client.get("/learn/not-a-spreadsheet/")
    workspace = await Workspace.objects.aget()
    return client, f"/w/{workspace.id}/demos/csv-desk"


async def read(client: AsyncClient, desk: str) -> str:
    return (await client.get(f"{desk}/file")).content.decode()


async def save(client: AsyncClient, desk: str, text: str) -> int:
    return (await client.post(f"{desk}/file", text, content_type="text/plain")).status_code


# ── the file


async def test_the_second_save_of_an_old_copy_takes_the_first_one_away(desk: tuple[AsyncClient, str]) -> None:
    client, address = desk
    await client.post(f"{address}/begin/last-seat")
    alice, bob = await read(client, address), await read(client, address)
    await save(client, address, alice + "Zainab Okonkwo,1,1\n")
    await save(client, address, bob + "Tomasz Nowak,2,2\n")
    text = await read(client, address)
    assert "Tomasz Nowak" in text
    assert "Zainab Okonkwo" not in text
    assert len(text.splitlines()) == 1 + 20


async def test_a_save_that_is_killed_leaves_the_first_part_of_a_line(desk: tuple[AsyncClient, str]) -> None:
    client, address = desk
    await client.post(f"{address}/begin/cut-save")
    told = (await client.post(f"{address}/kill")).json()
    text = await read(client, address)
    whole = as_file(pupils(desk_store.MANY))
    assert told["signal"] == "SIGKILL"
    assert told["written"] == len(text.encode()) < told["wanted"] == len(whole.encode())
    assert whole.startswith(text)
    assert not text.endswith("\n")


async def test_a_desk_may_not_fill_the_disk(desk: tuple[AsyncClient, str]) -> None:
    client, address = desk
    assert await save(client, address, "x" * (desk_file.BYTES_MAX + 1)) == 413
    assert await save(client, address, "name\n") == 200
    assert await read(client, address) == "name\n"


async def test_scenes_that_there_are_not_are_refused(desk: tuple[AsyncClient, str]) -> None:
    client, address = desk
    assert (await client.post(f"{address}/begin/nothing")).status_code == 404
    assert (await client.post(f"{address}/store/nothing")).status_code == 404


async def test_nobody_reads_the_file_of_another_desk(desk: tuple[AsyncClient, str]) -> None:
    _client, address = desk
    other = AsyncClient()
    await other.post("/start/", {"pseudonym": "Tern"})
    for client in (other, AsyncClient()):
        assert (await client.get(f"{address}/file")).status_code == 404
        assert await save(client, address, "x") == 404


# ── the store


async def test_of_two_bookings_at_once_the_store_refuses_one() -> None:
    told = await desk_store.last_seat()
    assert sorted(booking["ok"] for booking in told["bookings"]) == [False, True]
    assert told["rows"] == 20


async def test_the_bad_row_is_refused_with_the_name_of_its_field() -> None:
    told = await desk_store.bad_row()
    assert "Path: .phone" in told["refused"]
    assert told["rows"] == desk_store.SOLD


async def test_one_of_ten_thousand_is_found_by_reading_one() -> None:
    told = await desk_store.find_one("Yusuf Demir")
    assert [row["name"] for row in told["found"]] == ["Yusuf Demir"]
    assert (told["documents"], told["index"]) == (1, "by_name")


async def test_a_mutation_that_is_killed_half_way_has_written_nothing() -> None:
    told = await desk_store.cut_save()
    assert told["crashed"]
    assert told["rows"] == desk_store.SOLD


# ── the windows


@pytest.mark.parametrize("name", CARDS)
async def test_a_request_is_done_at_its_window(name: str) -> None:
    card = CARDS[name]
    assert (await hand_in(card, card.window))["event"] == RIGHT[card.window]


@pytest.mark.parametrize(
    ("name", "window", "event", "said"),
    [
        ("list-bus-2", "rules", "not-live", "ReferenceError: ctx is not defined"),
        ("list-bus-2", "change", "refused", "as Query, but it is defined as Mutation"),
        ("list-bus-2", "errands", "refused", "TypeError: Cannot read properties of undefined (reading 'query')"),
        ("book-a-seat", "look", "refused", "TypeError: ctx.db.insert is not a function"),
        ("ask-the-weather", "look", "refused", "Can't use fetch() in queries and mutations"),
        ("ask-the-weather", "rules", "not-live", "fetch() unsupported at import time"),
        ("bus-is-a-number", "look", "row-stored", "A bus is a number."),
    ],
)
async def test_a_wrong_window_says_it_in_the_engines_words(name: str, window: Window, event: str, said: str) -> None:
    told = await hand_in(CARDS[name], window)
    assert told["event"] == event
    assert said in told["said"]


async def test_every_request_has_a_window_and_each_window_three() -> None:
    assert sorted(card.window for card in CARDS.values()) == sorted(WINDOWS * 3)


@pytest.mark.parametrize(
    ("asked", "status"),
    [({"card": "list-bus-2", "window": "door"}, 400), ({"card": 7, "window": "look"}, 400), ([], 400)],
)
async def test_other_cards_and_windows_are_refused(desk: tuple[AsyncClient, str], asked: Any, status: int) -> None:
    client, address = desk
    url = address.replace("csv-desk", "windows") + "/try"
    assert (await client.post(url, asked, content_type="application/json")).status_code == status
