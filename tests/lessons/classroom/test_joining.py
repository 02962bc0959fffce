"""Joining by code, coming back by code, signing in: what works, what is refused, and in which words."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from lessons import return_codes, workspaces
from lessons.classroom import actions, join_codes
from lessons.classroom.models import JOIN_CODE_ALPHABET, ClassSection, Enrollment, Instructor
from lessons.models import Person
from lessons.tries import Tries
from tests.lessons.classroom.conftest import PASSWORD, Enroll

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("tools")]


def signed_in(person: Person) -> Client:
    client = Client()
    client.force_login(person)
    return client


# ── joining


@pytest.mark.parametrize("typed", ["{code}", " {small} ", "{shown}", "{spaced}"])
def test_a_code_may_be_typed_in_many_ways(typed: str, section: ClassSection) -> None:
    code = section.join_code
    text = typed.format(code=code, small=code.lower(), shown=section.shown_join_code, spaced=" ".join(code))
    answer = Client().post("/join/", {"code": text})
    assert (answer.status_code, answer["Location"]) == (302, f"/join/{code}/")


def test_the_door_says_whose_class_it_is_and_what_they_see_before_anybody_joins(section: ClassSection) -> None:
    client = Client()
    page = client.get(f"/join/{section.join_code}/").content.decode()
    assert "Taught by Ms Haddad" in page
    assert "the code that you saved last" in page
    assert "what you wrote in your own words" in page
    assert not section.enrollments.filter(role="learner").exists()
    client.post(f"/join/{section.join_code}/", {"pseudonym": "Tala Reyes"})
    assert section.enrollments.get(role="learner").person.pseudonym == "Tala Reyes"
    assert "the code that you saved last" in client.get("/account/").content.decode()


def test_somebody_with_work_joins_as_who_they_are_and_twice_is_once(section: ClassSection, person: Person) -> None:
    client = signed_in(person)
    for _ in range(2):
        client.post(f"/join/{section.join_code}/")
    assert [enrollment.person for enrollment in section.enrollments.filter(role="learner")] == [person]


def test_a_bad_pseudonym_is_answered_in_place_and_nobody_joins(section: ClassSection) -> None:
    answer = Client().post(f"/join/{section.join_code}/", {"pseudonym": "  "})
    assert "Enter a pseudonym" in answer.content.decode()
    assert section.enrollments.count() == 1


def test_a_closed_or_renewed_code_opens_nothing(section: ClassSection, person: Person) -> None:
    old = section.join_code
    actions.renew_join_code(section)
    assert section.join_code != old
    assert join_codes.find(old) is None
    actions.open_joining(section, is_open=False)
    answer = signed_in(person).post(f"/join/{section.join_code}/")
    assert "No class can be joined with this code" in answer.content.decode()
    with pytest.raises(actions.SectionIsClosed):
        actions.join(section, person)


def test_codes_have_no_look_alikes_and_no_words() -> None:
    assert not set(JOIN_CODE_ALPHABET) & set("0O1IL2Z5S8B" + "AEU")


def test_guessing_codes_has_to_wait_and_a_right_one_waits_too(section: ClassSection) -> None:
    client = Client()
    for _ in range(60):
        assert client.post("/join/", {"code": "CCCC-CCCC"}).status_code == 200
    answer = client.post("/join/", {"code": section.join_code})
    assert answer.status_code == 429
    assert "Too many codes" in answer.content.decode()
    assert client.post("/return/", {"code": "x"}).status_code == 429
    assert client.post("/join/", {"code": section.join_code}, REMOTE_ADDR="10.0.0.9").status_code == 302


def test_misses_come_back_with_time() -> None:
    now = [0.0]
    tries = Tries(at_once=2, seconds_each=10, now=lambda: now[0])
    tries.missed("a")
    tries.missed("a")
    assert (tries.seconds_to_wait("a"), tries.seconds_to_wait("b")) == (10, 0)
    now[0] = 9.5
    assert tries.seconds_to_wait("a") == 1
    now[0] = 10
    assert tries.seconds_to_wait("a") == 0


def test_who_leaves_is_seen_no_more_and_keeps_everything(enroll: Enroll, instructor: Instructor) -> None:
    tala = enroll("Tala Reyes")
    assert signed_in(tala.person).post(f"/class/{tala.section_id}/leave/").status_code == 302
    page = signed_in(instructor.person).get(f"/teach/{tala.section_id}/").content.decode()
    assert "Tala" not in page
    assert Person.objects.filter(pk=tala.person_id).exists()


# ── return codes


def test_a_return_code_brings_back_the_person_and_is_not_kept(person: Person) -> None:
    page = signed_in(person).post("/account/return-code/")
    code = page.context["code"]
    assert page["Cache-Control"].startswith("max-age=0")
    person.refresh_from_db()
    kept = person.return_code_hmac or ""
    assert kept
    assert code.replace("-", "") not in kept
    elsewhere = Client()
    assert elsewhere.post("/return/", {"code": code.upper().replace("-", " ")})["Location"] == "/course/"
    assert elsewhere.get("/account/").context["person"] == person


def test_a_new_return_code_ends_the_old_one(person: Person) -> None:
    old, new = return_codes.make(person), return_codes.make(person)
    assert return_codes.find(old) is None
    assert return_codes.find(new) == person


@pytest.mark.parametrize("text", ["", "-", "aaaa-aaaa-aaaa", "k7mp-2xwt-9hf", "x" * 10_000, "ⅷ" * 12, "\x00" * 12])
def test_what_is_no_return_code_is_nobodys(text: str, person: Person) -> None:
    return_codes.make(person)
    assert return_codes.find(text) is None
    answer = Client().post("/return/", {"code": text})
    assert answer.status_code == 200
    assert "Nobody has this return code" in answer.content.decode()


def test_a_return_code_is_no_way_around_a_password(instructor: Instructor, section: ClassSection) -> None:
    with pytest.raises(ValueError, match="password"):
        return_codes.make(instructor.person)
    assert signed_in(instructor.person).post("/account/return-code/").status_code == 302
    other = actions.create_instructor("Mr Okafor", "okafor@school.example", PASSWORD)
    learner = actions.join(section, other.person)
    answer = signed_in(instructor.person).post(f"/teach/{section.pk}/{learner.pk}/return-code/")
    assert answer.status_code == 302
    other.person.refresh_from_db()
    assert other.person.return_code_hmac is None


def test_an_instructor_hands_out_a_code_and_the_learner_is_shown_that(enroll: Enroll, instructor: Instructor) -> None:
    tala = enroll("Tala Reyes")
    page = signed_in(instructor.person).post(f"/teach/{tala.section_id}/{tala.pk}/return-code/")
    assert return_codes.find(page.context["code"]) == tala.person
    assert "An instructor made a new return code for you" in signed_in(tala.person).get("/account/").content.decode()


def test_signing_out_without_a_code_is_warned_of(person: Person) -> None:
    client = signed_in(person)
    assert "nobody can come back as you" in client.get("/account/").content.decode()
    return_codes.make(person)
    assert "nobody can come back as you" not in client.get("/account/").content.decode()
    client.post("/sign-out/")
    assert client.get("/account/").status_code == 302


# ── instructors


def test_an_instructor_signs_in_makes_a_class_and_signs_out(instructor: Instructor) -> None:
    client = Client()
    answer = client.post("/sign-in/", {"username": " Haddad@School.example ", "password": PASSWORD})
    assert answer["Location"] == "/teach/"
    answer = client.post("/teach/", {"name": " 9b ", "about": ""})
    section = ClassSection.objects.get()
    assert (answer["Location"], section.name) == (f"/teach/{section.pk}/joining/", "9b")
    assert section.enrollments.get().role == Enrollment.Role.INSTRUCTOR
    page = client.get(f"/teach/{section.pk}/joining/").content.decode()
    assert section.shown_join_code in page
    assert "data:image/svg+xml" in page


def test_a_wrong_password_says_the_same_as_an_unknown_e_mail(instructor: Instructor) -> None:
    for name in ("haddad@school.example", "nobody@school.example"):
        page = Client().post("/sign-in/", {"username": name, "password": "wrong"}).content.decode()
        assert "This e-mail and password do not belong together." in page


def test_guessing_a_password_has_to_wait_even_with_the_right_one(instructor: Instructor) -> None:
    client = Client()
    for _ in range(8):
        client.post("/sign-in/", {"username": "haddad@school.example", "password": "wrong"})
    answer = client.post("/sign-in/", {"username": "haddad@school.example", "password": PASSWORD})
    assert answer.status_code == 429
    assert "Too many tries" in answer.content.decode()


def test_the_way_back_after_signing_in_stays_on_this_site(instructor: Instructor) -> None:
    form = {"username": "haddad@school.example", "password": PASSWORD, "next": "https://evil.example/"}
    assert Client().post("/sign-in/", form)["Location"] == "/teach/"


def test_a_password_is_changed_and_a_short_one_is_not(instructor: Instructor) -> None:
    client = signed_in(instructor.person)
    form = {"old_password": PASSWORD, "new_password1": "short", "new_password2": "short"}
    assert "too short" in client.post("/account/password/", form).content.decode()
    form |= {"new_password1": "a longer secret", "new_password2": "a longer secret"}
    assert client.post("/account/password/", form)["Location"] == "/account/"
    instructor.person.refresh_from_db()
    assert instructor.person.check_password("a longer secret")


def test_learners_have_no_password_to_change(person: Person) -> None:
    assert signed_in(person).get("/account/password/")["Location"] == "/account/"


def test_a_section_needs_a_name(instructor: Instructor) -> None:
    page = signed_in(instructor.person).post("/teach/", {"name": " ", "about": ""}).content.decode()
    assert "Give the class a name" in page
    assert not ClassSection.objects.exists()


@pytest.mark.parametrize(
    ("name", "email", "password", "said"),
    [
        ("", "a@b.example", PASSWORD, "pseudonym"),
        ("Ms Haddad", "nonsense", PASSWORD, "valid email"),
        ("Ms Haddad", "a@b.example", "short", "too short"),
        ("Ms Haddad", "a@b.example", "1234567890", "common"),
        ("Ms Haddad", "longname@b.example", "longname@b.example", "must not be"),
    ],
)
def test_the_command_refuses_in_a_sentence(name: str, email: str, password: str, said: str, settings: Any) -> None:
    with pytest.raises(CommandError, match=said):
        call_command("create_instructor", name=name or " ", email=email, password=password)
    assert not Instructor.objects.exists()


def test_two_instructors_cannot_have_one_e_mail(instructor: Instructor) -> None:
    with pytest.raises(Exception, match="exists already"):
        actions.create_instructor("Other", "HADDAD@school.example", PASSWORD)


# ── what an instructor sees


def test_names_are_nowhere_on_pages_that_show_aliases(enroll: Enroll, instructor: Instructor, doing: Any) -> None:
    tala = enroll("Tala Reyes")
    doing.event(tala.person, "wrote", 1, words="own", text="My name is Tala.", count=4)
    doing.check(tala.person, 1, "restore-writes-null")
    client, grid = signed_in(instructor.person), f"/teach/{tala.section_id}/"
    learner = f"{grid}{tala.pk}/"
    assert "Tala" in client.get(grid).content.decode()
    assert "My name is Tala." in client.get(learner).content.decode()
    answer = client.post(f"{grid}names/", {"names": "aliases", "back": learner})
    assert answer["Location"] == learner
    addresses = (grid, f"{grid}table/", f"{grid}rows/?row={tala.pk}", f"{grid}export.csv", learner, f"{learner}panel/")
    for address in addresses:
        page = client.get(address).content.decode()
        assert "Tala" not in page, address
        assert tala.alias in page, address
    assert f"<title>{tala.alias} · 9b" in client.get(learner).content.decode()


@pytest.mark.parametrize("back", ["https://evil.example/", "//evil.example/", "/teach/other/", "/teach/{id}//evil", ""])
def test_the_names_switch_leads_nowhere_else(back: str, section: ClassSection, instructor: Instructor) -> None:
    where = f"/teach/{section.pk}/"
    answer = signed_in(instructor.person).post(f"{where}names/", {"back": back.format(id=section.pk)})
    assert answer["Location"] == where


def test_a_learners_page_has_verdicts_code_and_words_as_text(
    enroll: Enroll, instructor: Instructor, doing: Any
) -> None:
    tala = enroll("<b>Tala</b>")
    workspace = workspaces.open_workspace(tala.person, doing.lesson)
    hostile = 'export const x = "</div><script>alert(1)</script>"; // <img src=x>\n'
    workspaces.save_revision(workspace, 1, {"convex/signups.ts": hostile}, {})
    doing.check(tala.person, 1, "<i>bad</i>")
    doing.event(tala.person, "wrote", 1, words="own", text="<script>alert(2)</script>", count=1)
    page = signed_in(instructor.person).get(f"/teach/{tala.section_id}/{tala.pk}/").content.decode()
    assert "Revision 2, the latest" in page
    assert "Archived <code>a</code> row." in page
    assert '<span class="k">export</span>' in page
    for harm in ("<script>alert", "<b>Tala", "<i>bad", "<img src=x"):
        assert harm not in page


def test_a_section_of_two_instructors_is_both_theirs(
    section: ClassSection, other_instructor: Instructor, instructor: Instructor
) -> None:
    actions._enroll(section, other_instructor.person, Enrollment.Role.INSTRUCTOR)
    for one in (instructor, other_instructor):
        assert signed_in(one.person).get(f"/teach/{section.pk}/").status_code == 200
    assert timezone.now() > section.made_at
