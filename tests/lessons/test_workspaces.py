from __future__ import annotations

import pytest

from lessons import workspaces
from lessons.catalogue import Lesson
from lessons.models import Blob, Event, Person, Revision, Workspace
from lessons.workspaces import Stale, compiled_text, head, open_workspace, read_project, save_revision

APP = "src/App.tsx"
COMPILED = {"src/App.js": "export default 1"}


def test_a_person_needs_a_pseudonym_and_nothing_else(person: Person) -> None:
    assert str(person) == "Kittiwake"
    assert person.email is None
    assert not person.has_usable_password()


def test_two_people_may_have_the_same_pseudonym(person: Person) -> None:
    assert workspaces.start_person("Kittiwake").pk != person.pk


def test_a_workspace_opens_with_the_starter_as_revision_one(workspace: Workspace, lesson: Lesson) -> None:
    project = read_project(head(workspace))
    assert project.number == 1
    assert project.files == lesson.files
    assert len(workspace.id) == 16


def test_a_lesson_opens_the_same_workspace_again(workspace: Workspace, person: Person, lesson: Lesson) -> None:
    assert open_workspace(person, lesson) == workspace
    assert Workspace.objects.count() == 1


def test_a_saved_revision_holds_the_whole_project(workspace: Workspace, lesson: Lesson) -> None:
    revision = save_revision(workspace, 1, {APP: "// mine"}, COMPILED)
    project = read_project(revision)
    assert (project.number, revision.parent_number) == (2, 1)
    assert project.files == {**lesson.files, APP: "// mine"}
    assert project.compiled == COMPILED


def test_a_removed_file_is_gone_from_the_next_revision_and_stays_in_the_last(workspace: Workspace) -> None:
    revision = save_revision(workspace, 1, {"src/Main.tsx": "// moved"}, {}, {APP})
    assert APP not in read_project(revision).files
    assert APP in read_project(workspace.revisions.get(number=1)).files


def test_an_edit_of_an_old_revision_is_refused_with_theirs_and_nothing_is_lost(workspace: Workspace) -> None:
    save_revision(workspace, 1, {APP: "// first"}, {})
    with pytest.raises(Stale) as refused:
        save_revision(workspace, 1, {APP: "// second"}, {})
    assert refused.value.theirs.number == 2
    assert refused.value.theirs.files[APP] == "// first"
    assert head(workspace).number == 2


def test_the_same_save_again_makes_no_revision(workspace: Workspace) -> None:
    first = save_revision(workspace, 1, {APP: "// mine"}, COMPILED)
    again = save_revision(workspace, 1, {APP: "// mine"}, COMPILED)
    assert again == first
    assert Revision.objects.filter(workspace=workspace).count() == 2


def test_the_starters_compiled_files_arrive_with_the_first_visit(workspace: Workspace, lesson: Lesson) -> None:
    assert save_revision(workspace, 1, lesson.files, COMPILED).number == 1
    assert compiled_text(workspace.id, 1, "src/App.js") == "export default 1"


def test_the_text_of_a_file_is_kept_once(workspace: Workspace, lesson: Lesson) -> None:
    workspaces.open_workspace(workspaces.start_person("Tern"), lesson)
    assert Blob.objects.count() == len(lesson.files)


def test_unknown_revisions_and_paths_have_no_compiled_text(workspace: Workspace) -> None:
    assert compiled_text(workspace.id, 1, "src/App.js") is None
    assert compiled_text(workspace.id, 9, "src/App.js") is None
    assert compiled_text("nobody", 1, "src/App.js") is None


def test_what_was_done_is_written_down_in_order(workspace: Workspace) -> None:
    revision = save_revision(workspace, 1, {APP: "// mine"}, COMPILED)
    workspaces.record_deploy(workspace, revision, is_good=False, problems=2)
    kinds = list(workspace.person.events.order_by("id").values_list("kind", flat=True))
    assert kinds == ["started", "opened", "saved", "deployed"]
    assert Revision.objects.get(pk=revision.pk).is_good is False


def test_an_event_cannot_be_changed(workspace: Workspace) -> None:
    event = Event.objects.filter(workspace=workspace).first()
    event.payload = {"forged": True}
    with pytest.raises(TypeError):
        event.save()
