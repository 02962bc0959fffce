"""The course map, the checklist, the certificate: what is shown, what is ticked, and that nothing else is signed."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from lessons import catalogue, certificate, checklist, course_map, progress
from lessons.catalogue import Lesson
from lessons.journey import Journey, LessonJourney, Rename, TaskJourney
from lessons.models import Event, Person, Workspace
from lessons.steps import Quiz

START = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def proved(slug: str) -> LessonJourney:
    """A lesson in which everything was done."""
    lesson = catalogue.lesson(slug)
    assert lesson is not None
    done = LessonJourney(START, START + timedelta(minutes=30), seconds=1800)
    for task in lesson.tasks:
        done.tasks[task.number] = TaskJourney(seconds=600, attempts=2, proved_at=START + timedelta(minutes=30))
    done.quizzes = {block.id: True for block in lesson.blocks if isinstance(block, Quiz)}
    done.words = {"own": 46}
    return done


@pytest.fixture
def complete() -> Journey:
    """Somebody who has proved every task of every lesson."""
    slugs = [listing.slug for listing in catalogue.course() if listing.available and listing.pack is None]
    journey = Journey(last_event_id=1, last_at=START, lesson=slugs[-1])
    journey.lessons = {slug: proved(slug) for slug in slugs}
    return journey


def points(journey: Journey) -> dict[str, checklist.Point]:
    return {point.id: point for point in checklist.checklist(journey)}


# ── the map


def test_a_newcomer_starts_with_the_first_lesson() -> None:
    shown = course_map.course_map(Journey())
    first = next(listing for listing in catalogue.course() if listing.available)
    assert shown.next is not None
    assert (shown.next.slug, shown.next.words) == (first.slug, f"Start: {first.title}")
    assert (shown.proved, shown.time, shown.is_complete) == (0, "", False)
    assert {line.look for line in shown.lessons} <= {"new", "later"}


def test_the_map_says_where_somebody_is_and_what_was_done(lesson: Lesson) -> None:
    journey = Journey(1, START, lesson.slug, {lesson.slug: LessonJourney(START, START, seconds=5 * 3600 + 60)})
    journey.lessons[lesson.slug].tasks[1] = TaskJourney(attempts=3, hints={1, 2})
    shown = course_map.course_map(journey)
    line = next(line for line in shown.lessons if line.slug == lesson.slug)
    assert (line.look, line.minutes) == ("now", 301)
    assert line.evidence == f"0 of {len(lesson.tasks)} tasks, 3 checks, 2 hints"
    assert line.marks_words.startswith("task 1 under way")
    assert shown.time == "5 h 1 min"
    assert shown.next is not None
    assert shown.next.words == f"Continue: {lesson.title}, task 1"


def test_the_page_goes_on_where_the_events_ended(person: Person, workspace: Workspace, lesson: Lesson) -> None:
    for machine in ("one", "another"):
        client = Client(headers={"user-agent": machine})
        client.force_login(person)
        page = client.get("/course/").content.decode()
        assert f"Continue: {lesson.title}, task 1" in page
        assert f'href="/learn/{lesson.slug}/"' in page
    assert Client().get("/course/")["Location"] == "/?next=/course/"


def test_another_persons_progress_is_not_mine(workspace: Workspace) -> None:
    other = Person.objects.create_user("Tern")
    assert progress.task_states(other) != progress.task_states(workspace.person)


# ── the checklist


def test_words_without_the_quiz_and_the_quiz_without_words_are_half(complete: Journey) -> None:
    if catalogue.lesson(checklist.SPREADSHEET) is None:
        pytest.skip("the lesson is not in the course yet")
    lesson = complete.lessons[checklist.SPREADSHEET]
    assert points(complete)["spreadsheet"].evidence == "Quiz right, and 46 words of your own in lesson 1."
    lesson.words = {"own": 29}
    assert points(complete)["spreadsheet"].evidence == "Waits for 30 words of your own in lesson 1."
    lesson.words, lesson.quizzes = {"own": 30}, dict.fromkeys(lesson.quizzes, False)
    assert points(complete)["spreadsheet"].evidence == "Waits for the quiz of lesson 1."


def test_a_rename_that_was_seen_ticks_with_its_names_and_time() -> None:
    journey = Journey(1, START, "x", {"x": LessonJourney(START, START, rename=Rename("name", "fullName", 9, START))})
    point = points(journey)["types"]
    assert (point.is_proved, point.code, point.evidence) == (True, "name → fullName", "9 places, Monday 09:00.")


def test_what_is_missing_is_named(complete: Journey) -> None:
    lesson = complete.lessons[checklist.TRASH]
    last = max(lesson.tasks)
    lesson.tasks[last].proved_at = None
    lesson.quizzes = {}
    said = points(complete)["trash"].evidence
    assert "the quiz of lesson 9" in said
    assert not points(complete)["trash"].is_proved
    assert points(Journey())["blocks"].evidence == "Waits for lesson 3."


# ── the certificate


@pytest.fixture
def certified(complete: Journey, monkeypatch: pytest.MonkeyPatch, person: Person) -> Person:
    """The person has proved everything there is. A course with a lesson missing would refuse."""
    listings = tuple(listing for listing in catalogue.course() if listing.available)
    monkeypatch.setattr("lessons.catalogue.course", lambda: listings)
    monkeypatch.setattr("lessons.progress.journey", lambda person: complete)
    ticked = tuple(checklist.Point(one.id, one.title, True, "") for one in checklist.checklist(complete))
    monkeypatch.setattr("lessons.course_map.checklist", lambda journey: ticked)
    return person


def browser_of(person: Person) -> Client:
    client = Client()
    client.force_login(person)
    return client


def test_a_certificate_is_signed_and_verified_by_anybody(certified: Person) -> None:
    page = browser_of(certified).get("/certificate/")
    assert "Reactive Sandbox certifies that" in page.content.decode()
    text = browser_of(certified).get("/certificate/certificate.json").content.decode()
    statement = certificate.verify(text)
    assert (statement["name"], statement["proved_at"]) == ("Kittiwake", "2026-11-23T09:30:00Z")
    answer = Client().post("/certificate/verify/", {"certificate": text}).content.decode()
    assert "Genuine: this site issued it" in answer
    assert "Kittiwake" in answer


def test_a_certificate_can_be_verified_without_the_site(certified: Person) -> None:
    from jwt.algorithms import OKPAlgorithm

    document = browser_of(certified).get("/certificate/certificate.json").json()
    key: Any = OKPAlgorithm.from_jwk(Client().get("/certificate/key.json").json())
    said = json.dumps(document["statement"], sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    key.verify(certificate._bytes(document["signature"]), b"reactive-sandbox certificate 1\n" + said)


def test_the_same_certificate_comes_every_time_and_tells_namesakes_apart(certified: Person) -> None:
    first, second = (browser_of(certified).get("/certificate/certificate.json").content for _ in range(2))
    other = browser_of(Person.objects.create_user("Kittiwake")).get("/certificate/certificate.json").json()
    assert first == second
    assert other["statement"]["id"] != json.loads(first)["statement"]["id"]


@pytest.mark.parametrize("change", ["name", "signature", "public_key", "lessons"])
def test_a_changed_certificate_is_refused(certified: Person, change: str) -> None:
    document = browser_of(certified).get("/certificate/certificate.json").json()
    if change in document:
        document[change] = "A" + document[change][1:] if document[change][0] != "A" else "B" + document[change][1:]
    else:
        document["statement"][change] = "Somebody else"
    with pytest.raises(certificate.NotACertificate):
        certificate.verify(json.dumps(document))


@pytest.mark.parametrize(
    "text",
    ["", "{}", "[]", "null", "1", "[" * 50_000, '{"statement":1,"public_key":2,"signature":3}', "x" * 70_000,
     '{"statement":{"a":1e999},"public_key":"","signature":""}',
     '{"statement":"\\ud800","public_key":"","signature":"é"}'],
)  # fmt: skip
def test_what_is_no_certificate_is_answered_in_a_sentence(text: str, db: None) -> None:
    with pytest.raises(certificate.NotACertificate):
        certificate.verify(text)
    answer = Client().post("/certificate/verify/", {"certificate": text})
    assert answer.status_code == 200
    assert 'role="alert"' in answer.content.decode()


def test_without_everything_there_is_no_certificate_and_the_page_says_what_is_missing(
    person: Person, workspace: Workspace, lesson: Lesson
) -> None:
    client = browser_of(person)
    page = client.get("/certificate/").content.decode()
    assert "Your certificate waits" in page
    assert lesson.title in page
    assert "Soft delete with a working restore" in page
    assert client.get("/certificate/certificate.json")["Location"] == "/certificate/"
    journey = progress.journey(person)
    with pytest.raises(ValueError, match="not everything"):
        certificate.issue(person, journey, course_map.course_map(journey))


def test_one_open_task_or_one_open_point_keeps_it_back(complete: Journey, certified: Person) -> None:
    complete.lessons[checklist.TRASH].tasks[1].proved_at = None
    assert not course_map.course_map(complete).is_complete
    assert browser_of(certified).get("/certificate/certificate.json").status_code == 302


def test_strangers_have_no_certificate(db: None) -> None:
    for address in ("/certificate/", "/certificate/certificate.json"):
        assert Client().get(address).status_code == 302
    assert Client().get("/certificate/verify/").status_code == 200


def test_own_words_of_a_learner_are_the_last_ones(person: Person, workspace: Workspace) -> None:
    for count in (12, 46):
        payload = {"words": "own", "text": "word " * count, "count": count}
        Event.objects.create(person=person, workspace=workspace, kind="wrote", payload=payload)
    assert progress.journey(person).lessons[workspace.lesson].words == {"own": 46}
