"""Instructors, class sections, enrollments. Made and changed by the named actions in `actions.py`."""

from __future__ import annotations

import secrets
from typing import ClassVar

from django.db import models

from lessons.classroom.aliases import alias_of
from lessons.models import WORKSPACE_ID_ALPHABET, Person

SECTION_ID_LENGTH = 12
JOIN_CODE_LENGTH = 8
# Capitals and digits that nobody takes for another one across a room, and no vowels, so that no code is a word.
JOIN_CODE_ALPHABET = "34679CDFHJKMNPRTWXY"


def new_section_id() -> str:
    return "".join(secrets.choice(WORKSPACE_ID_ALPHABET) for _ in range(SECTION_ID_LENGTH))


def new_join_code() -> str:
    return "".join(secrets.choice(JOIN_CODE_ALPHABET) for _ in range(JOIN_CODE_LENGTH))


class Instructor(models.Model):
    """Says that a person may have class sections. They sign in with their e-mail and a password."""

    person = models.OneToOneField(Person, on_delete=models.CASCADE, primary_key=True, related_name="instructor")
    made_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return str(self.person)


class ClassSection(models.Model):
    """One group taught together. Several enrollments may be an instructor's: a section can be taught by two.

    `last_number` is the number of the enrollment made last; numbers are not given twice, also when somebody left.
    """

    id = models.CharField(primary_key=True, max_length=SECTION_ID_LENGTH, default=new_section_id, editable=False)
    name = models.CharField(max_length=40)
    about = models.CharField(max_length=80, blank=True)
    join_code = models.CharField(max_length=JOIN_CODE_LENGTH, unique=True, default=new_join_code, editable=False)
    is_open = models.BooleanField(default=True)
    last_number = models.PositiveIntegerField(default=0, editable=False)
    made_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["made_at"]

    def __str__(self) -> str:
        return self.name

    @property
    def shown_join_code(self) -> str:
        """In two groups, as it is read aloud."""
        return f"{self.join_code[:4]}-{self.join_code[4:]}"


class Enrollment(models.Model):
    """The link of a person to a class section. `number` is theirs in the section for good, and makes their alias.

    `code_handed_out_at` says when an instructor last made a return code for this learner; the learner is shown it.
    """

    class Role(models.TextChoices):
        LEARNER = "learner"
        INSTRUCTOR = "instructor"

    section = models.ForeignKey(ClassSection, on_delete=models.CASCADE, related_name="enrollments")
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="enrollments")
    role = models.CharField(max_length=20, choices=Role.choices)
    number = models.PositiveIntegerField()
    joined_at = models.DateTimeField(auto_now_add=True)
    code_handed_out_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["number"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["section", "person"], name="one_enrollment_per_section"),
            models.UniqueConstraint(fields=["section", "number"], name="enrollment_numbers_are_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.person_id} in {self.section_id}"

    @property
    def alias(self) -> str:
        """An animal that stays the same and says nothing about the person."""
        return alias_of(self.section_id, self.number)
