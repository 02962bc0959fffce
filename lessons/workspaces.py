"""The actions on people's workspaces: start, open, save. Each changes the database and writes its event.

Deploying a saved revision is the deployment's business; see `live.py`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction

from lessons.catalogue import Lesson
from lessons.models import Blob, Event, Person, Revision, Workspace
from lessons.replay_ids import workspace_of

# Every pause in typing makes one: a thousand are days of work, and the starter stays whatever its age.
REVISIONS_KEPT_MAX = 1000


@dataclass(frozen=True, slots=True)
class Project:
    """One revision with its texts. `compiled` holds what the browser made of `src/**`."""

    number: int
    files: dict[str, str]
    compiled: dict[str, str]


class Stale(Exception):
    """The learner's edit was made from a revision that is not the last one. Nothing was saved."""

    def __init__(self, theirs: Project) -> None:
        super().__init__(f"revision {theirs.number} was saved in the meantime")
        self.theirs = theirs


def start_person(pseudonym: str) -> Person:
    """Makes a person who is known by this browser's session alone. `pseudonym` is clean (pseudonyms.py)."""
    with transaction.atomic():
        person = Person.objects.create_user(pseudonym)
        Event.objects.create(person=person, kind=Event.Kind.STARTED)
    return person


def open_workspace(person: Person, lesson: Lesson) -> Workspace:
    """The person's workspace for the lesson; made with the starter as revision 1 at the first visit."""
    existing = Workspace.objects.filter(person=person, lesson=lesson.slug).first()
    if existing is not None:
        return existing
    try:
        with transaction.atomic():
            workspace = Workspace.objects.create(person=person, lesson=lesson.slug)
            _add_revision(workspace, None, lesson.files, {})
            _announce(workspace, Event.Kind.OPENED)
    except IntegrityError:
        # Another tab of the same person was a moment earlier.
        return Workspace.objects.get(person=person, lesson=lesson.slug)
    return workspace


def head(workspace: Workspace) -> Revision:
    """The last saved revision."""
    return workspace.revisions.order_by("number").last() or _no_revision(workspace)


def read_project(revision: Revision) -> Project:
    """The revision with the texts of all its files."""
    hashes = {*revision.files.values(), *revision.compiled.values()}
    texts = {sha256: blob.text for sha256, blob in Blob.objects.in_bulk(hashes).items()}
    return Project(
        revision.number,
        {path: texts[sha256] for path, sha256 in revision.files.items()},
        {path: texts[sha256] for path, sha256 in revision.compiled.items()},
    )


def last_project(workspace: Workspace) -> Project:
    """What was saved last."""
    return read_project(head(workspace))


def save_revision(
    workspace: Workspace,
    base_revision: int,
    files: Mapping[str, str],
    compiled: Mapping[str, str],
    removed: Collection[str] = (),
) -> Revision:
    """Saves `files` over the last revision, without those that were `removed`; others stay. Raises Stale.

    Saving what is saved already makes no new revision, so a repeated request is harmless.
    """
    try:
        with transaction.atomic():
            last = head(workspace)
            kept = {path: sha256 for path, sha256 in last.files.items() if path not in removed}
            changed = {**kept, **_store(files)}
            if changed == last.files:
                return _fill_in(last, compiled)
            if base_revision != last.number:
                raise Stale(read_project(last))
            revision = _add_revision(workspace, last.number, files, compiled, over=kept)
            _announce(workspace, Event.Kind.SAVED, revision=revision.number)
            _forget_oldest(workspace, revision.number)
            return revision
    except IntegrityError:
        # Two tabs saved at the same moment: the other one won the number.
        raise Stale(last_project(workspace)) from None


def record_deploy(workspace: Workspace, revision: Revision, *, is_good: bool, problems: int) -> None:
    """Notes whether the deployment took the revision."""
    with transaction.atomic():
        Revision.objects.filter(pk=revision.pk).update(is_good=is_good)
        _announce(workspace, Event.Kind.DEPLOYED, revision=revision.number, is_good=is_good, problems=problems)


def compiled_text(workspace_id: str, number: int, path: str) -> str | None:
    """What the browser compiled for one file of one revision, or None. Replays of a workspace run its code."""
    revision = Revision.objects.filter(workspace_id=workspace_of(workspace_id), number=number).only("compiled").first()
    sha256 = None if revision is None else revision.compiled.get(path)
    return None if sha256 is None else Blob.objects.get(pk=sha256).text


def _announce(workspace: Workspace, kind: Event.Kind, **payload: Any) -> None:
    Event.objects.create(person_id=workspace.person_id, workspace=workspace, kind=kind, payload=payload)


def _fill_in(revision: Revision, compiled: Mapping[str, str]) -> Revision:
    """The starter was never in a browser, so its compiled files arrive with the first visit. What is there stays."""
    missing = {path: text for path, text in compiled.items() if path not in revision.compiled}
    if missing:
        revision.compiled = {**revision.compiled, **_store(missing)}
        revision.save(update_fields=["compiled"])
    return revision


def _forget_oldest(workspace: Workspace, newest: int) -> None:
    """Keeps the starter, the last revisions, and the one that runs."""
    running = workspace.revisions.filter(is_good=True).order_by("number").last()
    oldest = workspace.revisions.filter(number__gt=1, number__lte=newest - REVISIONS_KEPT_MAX)
    oldest.exclude(number=0 if running is None else running.number).delete()


def _add_revision(
    workspace: Workspace,
    parent_number: int | None,
    files: Mapping[str, str],
    compiled: Mapping[str, str],
    over: Mapping[str, str] | None = None,
) -> Revision:
    return Revision.objects.create(
        workspace=workspace,
        number=1 if parent_number is None else parent_number + 1,
        parent_number=parent_number,
        files={**(over or {}), **_store(files)},
        compiled=_store(compiled),
    )


def _store(texts: Mapping[str, str]) -> dict[str, str]:
    """Keeps the texts and returns path → SHA-256."""
    hashes = {path: hashlib.sha256(text.encode()).hexdigest() for path, text in texts.items()}
    blobs = [Blob(sha256=hashes[path], text=text) for path, text in texts.items()]
    Blob.objects.bulk_create(blobs, ignore_conflicts=True)
    return hashes


def _no_revision(workspace: Workspace) -> Revision:
    raise AssertionError(f"workspace {workspace.id} has no revision")
