"""What instructors and learners do to class sections. Every change of a section goes through one of these."""

from __future__ import annotations

from collections.abc import Callable

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from lessons import return_codes
from lessons.classroom.models import ClassSection, Enrollment, Instructor, new_join_code
from lessons.models import Event, Person

TRIES_MAX = 20


class SectionIsClosed(Exception):
    """Nobody can join the section now."""


def create_instructor(name: str, email: str, password: str) -> Instructor:
    """A person who signs in with e-mail and password and may have class sections.

    The caller has validated all three (`forms.InstructorForm`). Raises ValidationError when the e-mail is taken.
    """
    try:
        with transaction.atomic():
            person = Person.objects.create_user(name, email=email.lower(), password=password)
            Event.objects.create(person=person, kind=Event.Kind.STARTED)
            return Instructor.objects.create(person=person)
    except IntegrityError:
        raise ValidationError("Somebody with this e-mail exists already.", code="taken") from None


def create_section(instructor: Instructor, name: str, about: str) -> ClassSection:
    with transaction.atomic():
        section = _with_free_code(lambda: ClassSection.objects.create(name=name, about=about))
        _enroll(section, instructor.person, Enrollment.Role.INSTRUCTOR)
    return section


def rename_section(section: ClassSection, name: str, about: str) -> None:
    section.name, section.about = name, about
    section.save(update_fields=["name", "about"])


def renew_join_code(section: ClassSection) -> None:
    """The code before ends at once; who joined by it stays."""

    def renew() -> ClassSection:
        section.join_code = new_join_code()
        section.save(update_fields=["join_code"])
        return section

    _with_free_code(renew)


def open_joining(section: ClassSection, *, is_open: bool) -> None:
    section.is_open = is_open
    section.save(update_fields=["is_open"])


def join(section: ClassSection, person: Person) -> Enrollment:
    """Makes the person a learner of the section; who is in it already stays as they are. Raises SectionIsClosed."""
    existing = Enrollment.objects.filter(section=section, person=person).first()
    if existing is not None:
        return existing
    with transaction.atomic():
        if not ClassSection.objects.filter(pk=section.pk, is_open=True).exists():
            raise SectionIsClosed
        return _enroll(section, person, Enrollment.Role.LEARNER)


def leave(enrollment: Enrollment) -> None:
    """Ends what the section's instructors can see of this learner. Their work stays their own."""
    enrollment.delete()


def hand_out_return_code(enrollment: Enrollment) -> str:
    """A new return code for a learner who lost theirs. They are shown that it was made. Raises ValueError."""
    with transaction.atomic():
        code = return_codes.make(enrollment.person)
        enrollment.code_handed_out_at = timezone.now()
        enrollment.save(update_fields=["code_handed_out_at"])
    return code


def _enroll(section: ClassSection, person: Person, role: Enrollment.Role) -> Enrollment:
    ClassSection.objects.filter(pk=section.pk).update(last_number=F("last_number") + 1)
    section.refresh_from_db(fields=["last_number"])
    return Enrollment.objects.create(section=section, person=person, role=role, number=section.last_number)


def _with_free_code(change: Callable[[], ClassSection]) -> ClassSection:
    """Two sections never have the same join code; there are seventeen thousand million."""
    for _ in range(TRIES_MAX):
        try:
            with transaction.atomic():
                return change()
        except IntegrityError:
            continue
    raise AssertionError("no join code is free")
