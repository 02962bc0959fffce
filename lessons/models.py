"""What the course keeps: people, their workspaces, every saved revision, and the events of what they did.

Rows are made and changed by the named actions in `workspaces.py` and `progress.py`. Lessons themselves are files, not
rows (`catalogue.py`); a learner's documents live in their deployment, not here.
"""

from __future__ import annotations

import secrets
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models

from lessons.pseudonyms import PSEUDONYM_LENGTH_MAX, validate_pseudonym

# No vowels and no look-alikes: an id is read aloud in class now and then, and must never spell a word.
WORKSPACE_ID_ALPHABET = "23456789bcdfghjkmnpqrstvwxz"
WORKSPACE_ID_LENGTH = 16


def new_workspace_id() -> str:
    return "".join(secrets.choice(WORKSPACE_ID_ALPHABET) for _ in range(WORKSPACE_ID_LENGTH))


class PersonManager(BaseUserManager["Person"]):
    """Makes people. Without a password nobody can sign in as them from another browser."""

    def create_user(self, pseudonym: str, email: str | None = None, password: str | None = None) -> Person:
        person = self.model(pseudonym=pseudonym, email=self.normalize_email(email) if email else None)
        if password is None:
            person.set_unusable_password()
        else:
            person.set_password(password)
        person.save(using=self._db)
        return person


class Person(AbstractBaseUser):
    """A learner or an instructor. A pseudonym need not be unique; the e-mail is for those who sign in with one."""

    pseudonym = models.CharField(max_length=PSEUDONYM_LENGTH_MAX, validators=[validate_pseudonym])
    email = models.EmailField(unique=True, null=True, blank=True)
    return_code_hmac = models.CharField(max_length=64, unique=True, null=True, blank=True, editable=False)
    joined_at = models.DateTimeField(auto_now_add=True)

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["pseudonym"]

    objects: ClassVar[PersonManager] = PersonManager()

    def __str__(self) -> str:
        return self.pseudonym


class Workspace(models.Model):
    """One person's files and deployment for one lesson. Its id also names the deployment and its folder."""

    id = models.CharField(primary_key=True, max_length=WORKSPACE_ID_LENGTH, default=new_workspace_id, editable=False)
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="workspaces")
    lesson = models.SlugField(max_length=60)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["person", "lesson"], name="one_workspace_per_lesson")
        ]

    def __str__(self) -> str:
        return f"{self.lesson} of {self.person_id}"


class Blob(models.Model):
    """The text of one file, stored once however many revisions hold it."""

    sha256 = models.CharField(primary_key=True, max_length=64, editable=False)
    text = models.TextField()

    def __str__(self) -> str:
        return self.sha256[:12]


class Revision(models.Model):
    """The whole project as saved once. `files` and `compiled` map a path to the SHA-256 of its text.

    `is_good` is None until the revision was deployed, then says whether the deployment took it.
    """

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="revisions")
    number = models.PositiveIntegerField()
    parent_number = models.PositiveIntegerField(null=True)
    files = models.JSONField()
    compiled = models.JSONField()
    is_good = models.BooleanField(null=True)
    saved_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["workspace", "number"], name="revision_numbers_are_unique")
        ]
        ordering: ClassVar[list[str]] = ["workspace", "number"]

    def __str__(self) -> str:
        return f"revision {self.number} of {self.workspace_id}"


class Event(models.Model):
    """One append-only row of what a person did. Attempts and progress are read from these rows."""

    class Kind(models.TextChoices):
        STARTED = "started"
        OPENED = "opened"
        SAVED = "saved"
        DEPLOYED = "deployed"
        CHECKED = "checked"
        PREDICTED = "predicted"
        MEASURED = "measured"
        SOLUTION = "solution"
        ROLES = "roles"
        READ = "read"
        ANSWERED = "answered"
        WROTE = "wrote"
        HINTED = "hinted"
        ORDERED = "ordered"
        DEMO = "demo"
        RENAMED = "renamed"

    at = models.DateTimeField(auto_now_add=True)
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="events")
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, null=True, related_name="events")
    kind = models.CharField(max_length=20, choices=Kind.choices)
    payload = models.JSONField(default=dict)

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["workspace", "kind", "id"], name="events_of_a_workspace"),
            models.Index(fields=["person", "id"], name="events_of_a_person"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} by {self.person_id}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise TypeError("events are append-only")
        super().save(*args, **kwargs)
