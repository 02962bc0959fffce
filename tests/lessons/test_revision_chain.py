from __future__ import annotations

import contextlib

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from lessons import catalogue, workspaces
from lessons.models import Revision

EDIT = st.tuples(
    st.integers(min_value=0, max_value=3),
    st.dictionaries(st.sampled_from(["src/App.tsx", "convex/signups.ts"]), st.text(max_size=5), min_size=1),
)


class RevisionChain(TestCase):
    @settings(max_examples=40, deadline=None)
    @given(st.lists(EDIT, max_size=8))
    def test_the_head_is_the_last_accepted_edit_and_every_revision_stays_as_saved(
        self, edits: list[tuple[int, dict[str, str]]]
    ) -> None:
        lesson = catalogue.lesson("trash-can")
        workspace = workspaces.open_workspace(workspaces.start_person("Tern"), lesson)
        saved = {1: dict(lesson.files)}
        for steps_behind, files in edits:
            with contextlib.suppress(workspaces.Stale):
                revision = workspaces.save_revision(workspace, len(saved) - steps_behind, files, {})
                saved[revision.number] = {**saved[len(saved)], **files}
        kept = {
            entry.number: workspaces.read_project(entry).files for entry in Revision.objects.filter(workspace=workspace)
        }
        assert kept == saved
        assert workspaces.head(workspace).number == len(saved)
