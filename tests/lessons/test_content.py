"""Every lesson folder of the course: complete, honest about what it holds, and free of type errors."""

from __future__ import annotations

from pathlib import Path

import pytest

from lessons import catalogue, corpus
from lessons.catalogue import Lesson
from lessons.corpus import Solution
from tests.lessons.type_check import tools_are_built, type_errors

LESSONS = [lesson for listing in catalogue.course() if (lesson := catalogue.lesson(listing.slug))]
SOLUTIONS = [
    pytest.param(lesson, solution, id=f"{lesson.slug}-{task.number}-{solution.name}")
    for lesson in LESSONS
    for task in lesson.tasks
    for solution in corpus.solutions(lesson, task.number)
]
RIGHT = [case for case in SOLUTIONS if case.values[1].is_right]

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
def test_each_task_has_a_check_hints_and_solutions_of_both_kinds(lesson: Lesson) -> None:
    for task in lesson.tasks:
        assert hasattr(lesson.checks(), f"check_{task.number}")
        known = corpus.solutions(lesson, task.number)
        assert sum(solution.is_right for solution in known) >= 2
        assert sum(not solution.is_right for solution in known) >= 3


@needs_types
@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.slug)
def test_the_starter_has_no_type_errors(lesson: Lesson, tmp_path: Path) -> None:
    assert type_errors(lesson.files, tmp_path) == []


@needs_types
@pytest.mark.parametrize(("lesson", "solution"), RIGHT)
def test_a_right_solution_has_no_type_errors(lesson: Lesson, solution: Solution, tmp_path: Path) -> None:
    assert type_errors(solution.files, tmp_path) == []


@needs_types
def test_a_renamed_field_is_seen_in_functions_and_component(tmp_path: Path) -> None:
    files = dict(catalogue.lesson("trash-can").files)
    files["convex/schema.ts"] = files["convex/schema.ts"].replace("name:", "fullName:")
    errors = type_errors(files, tmp_path)
    assert {error.partition("(")[0] for error in errors} == {"convex/signups.ts", "src/App.tsx"}
