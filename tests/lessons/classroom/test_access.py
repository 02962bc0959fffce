"""Every address and socket of the classroom, as everybody who has no business there, and as who has."""

from __future__ import annotations

from typing import Any

import pytest
from asgiref.sync import sync_to_async
from channels.testing import WebsocketCommunicator
from django.contrib.auth.models import AnonymousUser
from django.test import Client
from django.urls import get_resolver

from lessons import workspaces
from lessons.classroom import urls
from lessons.classroom.models import ClassSection, Enrollment, Instructor
from lessons.classroom.section_socket import section_consumer
from lessons.models import Person
from tests.lessons.classroom.conftest import Enroll

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("tools")]

GET, POST = "get", "post"
# What an instructor does in a section of theirs: method, form, and how the right one is answered.
TEACHING: dict[str, tuple[str, dict[str, str], int]] = {
    "grid": (GET, {}, 200),
    "grid-table": (GET, {}, 200),
    "grid-rows": (GET, {"row": "1"}, 200),
    "grid-names": (POST, {"names": "aliases"}, 302),
    "grid-export": (GET, {}, 200),
    "joining": (GET, {}, 200),
    "renew-code": (POST, {}, 302),
    "open-joining": (POST, {"open": "0"}, 302),
    "rename-section": (POST, {"name": "9x", "about": ""}, 302),
    "learner": (GET, {}, 200),
    "learner-panel": (GET, {}, 200),
    "hand-out-code": (POST, {}, 200),
    "remove-learner": (POST, {}, 302),
}
# For whoever is signed in, about themselves; and the doors, which are for everybody.
OWN = {"account", "password", "make-return-code", "leave-class", "teach", "sign-out"}
DOORS = {"sign-in", "come-back", "enter-code", "join"}


def address(name: str, section: ClassSection, learner: Enrollment) -> str:
    pattern = next(one for one in urls.urlpatterns if one.name == name).pattern
    values = {"section_id": section.pk, "enrollment_id": learner.pk, "code": section.join_code}
    wanted = {key: values[key] for key in pattern.converters}
    return "/" + str(get_resolver().reverse(name, **wanted)).lstrip("/")


def browser_of(person: Person | None) -> Client:
    client = Client()
    if person is not None:
        client.force_login(person)
    return client


@pytest.fixture
def learner(enroll: Enroll) -> Enrollment:
    return enroll("Tala Reyes")


@pytest.fixture
def others(enroll: Enroll, other_instructor: Instructor) -> dict[str, Person | None]:
    """Everybody to whom the section must not exist."""
    return {
        "stranger": None,
        "somebody in no class": workspaces.start_person("Tern"),
        "another learner of the section": enroll("Kwame Boateng").person,
        "the instructor of another section": other_instructor.person,
    }


def test_the_walk_knows_every_address() -> None:
    assert {one.name for one in urls.urlpatterns} == TEACHING.keys() | OWN | DOORS


@pytest.mark.parametrize("name", TEACHING)
def test_only_who_teaches_the_section_gets_in(
    name: str, section: ClassSection, learner: Enrollment, others: dict[str, Person | None], instructor: Instructor
) -> None:
    method, form, status = TEACHING[name]
    where, before = address(name, section, learner), section.join_code
    for who, person in {**others, "the learner": learner.person}.items():
        answer = getattr(browser_of(person), method)(where, form)
        if person is None:
            assert answer.status_code == 302, who
            assert answer["Location"].startswith("/sign-in/"), who
        else:
            assert answer.status_code == 404, who
        assert b"Tala" not in answer.content
    section.refresh_from_db()
    assert (section.name, section.join_code, section.is_open) == ("9b", before, True)
    assert Enrollment.objects.filter(pk=learner.pk).exists()
    assert getattr(browser_of(instructor.person), method)(where, form).status_code == status


@pytest.mark.parametrize("name", TEACHING)
def test_a_method_that_is_not_meant_is_refused(
    name: str, section: ClassSection, learner: Enrollment, instructor: Instructor
) -> None:
    method, form, _ = TEACHING[name]
    other = GET if method == POST else POST
    client = browser_of(instructor.person)
    assert getattr(client, other)(address(name, section, learner), form).status_code == 405


@pytest.mark.parametrize("name", ["learner", "learner-panel", "hand-out-code", "remove-learner"])
def test_a_learner_of_another_section_is_not_reached_through_ones_own(
    name: str, learner: Enrollment, other_instructor: Instructor
) -> None:
    own = ClassSection.objects.get(name="9c")
    method, form, _ = TEACHING[name]
    answer = getattr(browser_of(other_instructor.person), method)(address(name, own, learner), form)
    assert answer.status_code == 404
    assert Enrollment.objects.filter(pk=learner.pk).exists()


def test_pages_of_ones_own_ask_strangers_to_sign_in(section: ClassSection, learner: Enrollment) -> None:
    for name, method in (("account", GET), ("password", GET), ("make-return-code", POST), ("teach", GET)):
        answer = getattr(Client(), method)(address(name, section, learner))
        assert answer.status_code == 302
        assert answer["Location"].startswith("/sign-in/")
    assert Client().post(address("leave-class", section, learner)).status_code == 404


def test_classes_are_for_instructors(learner: Enrollment) -> None:
    client = browser_of(learner.person)
    assert client.get("/teach/").status_code == 404
    assert client.post("/teach/", {"name": "mine", "about": ""}).status_code == 404
    assert ClassSection.objects.count() == 1


def test_who_is_no_instructor_any_more_has_no_section(section: ClassSection, instructor: Instructor) -> None:
    person = instructor.person
    instructor.delete()
    assert browser_of(person).get(f"/teach/{section.pk}/").status_code == 404


def test_forms_from_other_sites_are_refused(section: ClassSection, instructor: Instructor) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(instructor.person)
    assert client.post(f"/teach/{section.pk}/joining/code/").status_code == 403


@pytest.mark.parametrize("section_id", ["nope", "x" * 300, "..", "%00"])
def test_ids_that_nobody_has_are_not_found(section_id: str, instructor: Instructor) -> None:
    assert browser_of(instructor.person).get(f"/teach/{section_id}/").status_code == 404


# ── the socket


def socket_of(user: Any, section_id: str, origin: str = "http://127.0.0.1:8000") -> WebsocketCommunicator:
    headers = [(b"host", b"127.0.0.1:8000"), (b"origin", origin.encode())]
    communicator = WebsocketCommunicator(section_consumer, f"/ws/section/{section_id}", headers=headers)
    communicator.scope |= {"user": user, "url_route": {"kwargs": {"object_id": section_id}}}
    return communicator


async def test_the_socket_opens_to_who_teaches_the_section_alone(
    section: ClassSection, learner: Enrollment, others: dict[str, Person | None], instructor: Instructor
) -> None:
    for person in (*others.values(), learner.person):
        assert not (await socket_of(person or AnonymousUser(), section.pk).connect())[0]
    right = socket_of(instructor.person, section.pk)
    assert (await right.connect())[0]
    await right.disconnect()


async def test_the_socket_is_not_for_pages_of_other_sites(section: ClassSection, instructor: Instructor) -> None:
    foreign = socket_of(instructor.person, section.pk, "http://evil.example")
    assert not (await foreign.connect())[0]


async def test_the_socket_closes_when_the_section_is_not_theirs_any_more(
    section: ClassSection, instructor: Instructor, enroll: Enroll, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = socket_of(instructor.person, section.pk)
    assert (await page.connect())[0]
    await page.receive_json_from()
    await sync_to_async(Enrollment.objects.filter(person=instructor.person).delete)()
    assert (await page.receive_output(timeout=5))["type"] == "websocket.close"
