"""The section's socket: who did something, never what; nothing is lost between the page and the socket."""

from __future__ import annotations

import pytest
from asgiref.sync import sync_to_async
from channels.testing import WebsocketCommunicator
from django.db import transaction

from lessons.classroom import actions, section_socket
from lessons.classroom.models import ClassSection, Instructor
from lessons.models import Event
from tests.lessons.classroom.conftest import Doing, Enroll
from tests.lessons.classroom.test_access import socket_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("tools")]


@pytest.fixture(autouse=True)
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(section_socket, "THROTTLE_S", 0.01)


async def open_page(instructor: Instructor, section: ClassSection) -> tuple[WebsocketCommunicator, dict[str, object]]:
    page = socket_of(instructor.person, section.pk)
    assert (await page.connect())[0]
    return page, await page.receive_json_from(timeout=5)


async def test_what_a_learner_did_comes_as_the_number_of_their_row(
    section: ClassSection, instructor: Instructor, enroll: Enroll, doing: Doing
) -> None:
    tala, kwame = await sync_to_async(enroll)("Tala Reyes"), await sync_to_async(enroll)("Kwame Boateng")
    page, hello = await open_page(instructor, section)
    assert hello == {"type": "hello", "stamp": await sync_to_async(section_socket.stamp)(section.pk)}
    await sync_to_async(doing.check)(kwame.person, 0, "restore-writes-null")
    assert await page.receive_json_from(timeout=5) == {"type": "changed", "rows": [kwame.pk]}
    await sync_to_async(doing.check)(tala.person, 0)
    assert await page.receive_json_from(timeout=5) == {"type": "changed", "rows": [tala.pk]}
    await page.disconnect()


async def test_a_burst_is_one_message(
    section: ClassSection, instructor: Instructor, enroll: Enroll, doing: Doing
) -> None:
    tala, kwame = await sync_to_async(enroll)("Tala Reyes"), await sync_to_async(enroll)("Kwame Boateng")
    page, _ = await open_page(instructor, section)

    def burst() -> None:
        with transaction.atomic():
            for _ in range(30):
                doing.check(tala.person, 0)
                doing.check(kwame.person, 0)

    await sync_to_async(burst)()
    assert await page.receive_json_from(timeout=5) == {"type": "changed", "rows": [tala.pk, kwame.pk]}
    assert await page.receive_nothing(timeout=0.3)
    await page.disconnect()


async def test_a_new_learner_and_one_who_leaves_change_the_whole_table(
    section: ClassSection, instructor: Instructor, enroll: Enroll
) -> None:
    page, _ = await open_page(instructor, section)
    tala = await sync_to_async(enroll)("Tala Reyes")
    assert await page.receive_json_from(timeout=5) == {"type": "all"}
    await sync_to_async(actions.leave)(tala)
    assert await page.receive_json_from(timeout=5) == {"type": "all"}
    await page.disconnect()


async def test_what_another_process_wrote_is_noticed_without_a_bell(
    section: ClassSection, instructor: Instructor, enroll: Enroll, doing: Doing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(section_socket, "LOOK_ANYWAY_S", 0.05)
    tala = await sync_to_async(enroll)("Tala Reyes")
    page, _ = await open_page(instructor, section)
    # bulk_create sends no signals, as a commit of another process does not.
    await Event.objects.abulk_create([Event(person=tala.person, kind="started")])
    assert await page.receive_json_from(timeout=5) == {"type": "changed", "rows": [tala.pk]}
    await page.disconnect()


async def test_what_happens_outside_the_section_is_not_told(
    section: ClassSection, instructor: Instructor, doing: Doing, monkeypatch: pytest.MonkeyPatch
) -> None:
    from lessons import workspaces

    monkeypatch.setattr(section_socket, "LOOK_ANYWAY_S", 0.05)
    page, _ = await open_page(instructor, section)
    stranger = await sync_to_async(workspaces.start_person)("Tern")
    await sync_to_async(doing.check)(stranger, 0)
    assert await page.receive_nothing(timeout=0.5)
    await page.disconnect()


async def test_a_page_that_was_read_before_an_event_has_another_stamp(
    section: ClassSection, instructor: Instructor, enroll: Enroll, doing: Doing
) -> None:
    tala = await sync_to_async(enroll)("Tala Reyes")
    before = await sync_to_async(section_socket.stamp)(section.pk)
    await sync_to_async(doing.check)(tala.person, 0)
    page, hello = await open_page(instructor, section)
    assert hello["stamp"] != before
    await page.disconnect()


async def test_the_socket_says_no_names(section: ClassSection, instructor: Instructor, enroll: Enroll) -> None:
    page, hello = await open_page(instructor, section)
    await sync_to_async(enroll)("Tala Reyes")
    assert "Tala" not in str([hello, await page.receive_json_from(timeout=5)])
    await page.disconnect()
