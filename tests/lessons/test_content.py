"""Every lesson folder of the course: complete, honest about what it holds, and free of type errors."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from lessons import catalogue, check_corpus, corpus, findings
from lessons.catalogue import Lesson
from tests.lessons.type_check import tools_are_built, type_errors, type_errors_of_all

LESSONS = [lesson for listing in catalogue.course() if (lesson := catalogue.lesson(listing.slug))]
SOLUTIONS = [
    pytest.param(lesson, solution, id=f"{lesson.slug}-{task.number}-{solution.name}")
    for lesson in LESSONS
    for task in lesson.tasks
    for solution in corpus.solutions(lesson, task.number)
]
BANNED = {"just", "simply", "obviously", "easy", "easily", "trivial", "trivially"}

needs_types = pytest.mark.skipif(
    not tools_are_built(), reason="run `uv run manage.py start` once: it builds static/dist"
)


def test_the_course_has_eleven_lessons_in_order_and_only_the_written_ones_are_open() -> None:
    assert [listing.number for listing in catalogue.course()] == list(range(1, 12))
    written = {listing.slug for listing in catalogue.course() if (listing.folder / "lesson.toml").exists()}
    assert {listing.slug for listing in catalogue.course() if listing.available} == written


def test_nothing_is_wrong_with_the_course() -> None:
    assert [str(problem) for problem in catalogue.problems()] == []


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.slug)
def test_each_task_has_a_check_and_solutions_of_both_kinds(lesson: Lesson) -> None:
    for task in lesson.tasks:
        assert hasattr(lesson.checks(), f"check_{task.number}")
        known = corpus.solutions(lesson, task.number)
        assert sum(solution.is_right for solution in known) >= 3
        assert sum(not solution.is_right for solution in known) >= 5


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.slug)
def test_a_task_has_five_reasons_or_more_to_be_wrong(lesson: Lesson) -> None:
    """More than one solution may share a reason, when it shows in another way."""
    for task in lesson.tasks:
        wrong = [solution for solution in corpus.solutions(lesson, task.number) if not solution.is_right]
        assert len({(solution.finding, solution.misconception) for solution in wrong}) >= check_corpus.WRONG_MIN


def test_the_catalogue_holds_forty_misconceptions_or_more_and_each_is_some_wrong_solutions() -> None:
    known = corpus.misconceptions()
    found = {case.values[1].misconception for case in SOLUTIONS} - {""}
    assert found == known.keys()
    assert len(known) >= 40
    assert all(len(each.why.split()) <= 40 and each.title.endswith((".", "?")) for each in known.values())


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.slug)
def test_messages_are_short_plain_and_name_known_misconceptions(lesson: Lesson) -> None:
    sentences: list[str] = []
    for finding in findings.findings(lesson.folder).values():
        text = f"{finding.did} {finding.happened} {finding.expected}"
        plain = re.sub(r"`[^`]*`", "it", text)
        assert len(text.split()) <= 45, finding.id
        assert not BANNED & set(re.findall(r"[a-z]+", plain.lower())), finding.id
        assert "!" not in plain, finding.id
        assert not finding.misconception or finding.misconception in corpus.misconceptions(), finding.id
        sentences += [part for part in re.split(r"(?<=[.?:;])\s+", text) if part]
    assert sum(len(sentence.split()) for sentence in sentences) / len(sentences) <= 12


@needs_types
def test_starters_and_right_solutions_have_no_type_errors(tmp_path: Path) -> None:
    projects = {lesson.slug: lesson.files for lesson in LESSONS}
    projects |= {str(case.id): case.values[1].files for case in SOLUTIONS if case.values[1].is_right}
    errors = type_errors_of_all(projects, tmp_path)
    assert {name: found for name, found in errors.items() if found} == {}


@needs_types
def test_a_renamed_field_is_seen_in_functions_and_component(tmp_path: Path) -> None:
    files = dict(catalogue.lesson("trash-can").files)
    files["convex/schema.ts"] = files["convex/schema.ts"].replace("name:", "fullName:")
    errors = type_errors(files, tmp_path)
    assert {error.partition("(")[0] for error in errors} == {"convex/signups.ts", "src/App.tsx"}
