"""A new lesson is whole from the first moment; packs join the course, and broken ones leave it alone."""

from __future__ import annotations

from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from lessons import catalogue, checking, corpus, new_lesson
from sandbox.engine import Toolchain
from tests.lessons.type_check import tools_are_built, type_errors


@pytest.fixture
def use_packs(settings: Any) -> Iterator[Any]:
    def use(*folders: Path) -> None:
        settings.LESSON_PATHS = [str(folder) for folder in folders]
        catalogue.forget()

    yield use
    catalogue.forget()


def make(pack: Path, number: int = 12, slug: str = "count-the-seats") -> Path:
    call_command("new_lesson", str(number), slug, pack=pack, stdout=StringIO())
    return pack / f"{number}-{slug}"


async def test_the_sample_task_works(tmp_path: Path, tools: Toolchain) -> None:
    make(tmp_path)
    lesson = catalogue.load(tmp_path / "12-count-the-seats", 12, "count-the-seats")
    assert lesson.title == "Count the seats"
    task = lesson.tasks[0]
    starter = await checking.run(lesson, task, lesson.files, tools)
    assert (starter.passed, starter.finding) == (False, "function-missing")
    for solution in corpus.solutions(lesson, 1):
        verdict = await checking.run(lesson, task, solution.files, tools)
        assert (verdict.passed, verdict.finding) == (solution.is_right, solution.finding or "passed-1"), solution.name
        assert solution.misconception in {"", *corpus.misconceptions(tmp_path)}


@pytest.mark.skipif(not tools_are_built(), reason="run `uv run manage.py start` once: it builds static/dist")
def test_the_sample_has_no_type_errors(tmp_path: Path) -> None:
    make(tmp_path)
    lesson = catalogue.load(tmp_path / "12-count-the-seats", 12, "count-the-seats")
    projects = [lesson.files, *(solution.files for solution in corpus.solutions(lesson, 1))]
    for number, files in enumerate(projects):
        (tmp_path / str(number)).mkdir()
        assert type_errors(files, tmp_path / str(number)) == []


@pytest.mark.parametrize(("number", "slug"), [(12, "Two Words"), (12, "../up"), (0, "zero"), (100, "many"), (12, "")])
def test_a_name_that_is_none_is_refused_and_nothing_is_made(tmp_path: Path, number: int, slug: str) -> None:
    with pytest.raises(CommandError):
        make(tmp_path, number, slug)
    assert list(tmp_path.iterdir()) == []


def test_what_is_there_is_never_written_over(tmp_path: Path) -> None:
    make(tmp_path)
    for number, slug in ((12, "count-the-seats"), (12, "another"), (13, "count-the-seats")):
        with pytest.raises(CommandError, match="already"):
            make(tmp_path, number, slug)
    make(tmp_path, 13, "another")
    assert (tmp_path / "misconceptions.toml").read_text().count("[counts-everybody]") == 1


def test_a_lesson_that_the_course_lists_gets_its_folder(tmp_path: Path) -> None:
    (tmp_path / "course.toml").write_text('[[lessons]]\nnumber = 1\nslug = "first"\n')
    new_lesson.make(tmp_path, 1, "first")
    assert (tmp_path / "course.toml").read_text().count("[[lessons]]") == 1


@pytest.mark.django_db
def test_a_pack_joins_the_course_and_a_broken_one_leaves_it_alone(tmp_path: Path, use_packs: Any) -> None:
    good, broken = tmp_path / "good", tmp_path / "broken"
    make(good)
    hints = make(broken, 13, "broken-lesson") / "en" / "hints.toml"
    hints.write_text("[1]\n")
    use_packs(good, broken, tmp_path / "nothing")
    assert [listing.slug for listing in catalogue.course() if listing.pack] == ["count-the-seats"]
    assert catalogue.lesson("count-the-seats") is not None
    assert catalogue.lesson("trash-can") is not None
    assert [each.pack for each in catalogue.broken()] == ["broken", "nothing"]
    assert "hints.toml:1" in catalogue.broken()[0].reason
    assert catalogue.problems() == []
    page = Client().get("/").content.decode()
    assert "Count the seats" in page
    assert "lesson pack" in page


def test_a_pack_cannot_take_the_place_of_a_lesson(tmp_path: Path, use_packs: Any) -> None:
    make(tmp_path, 9, "trash-can")
    use_packs(tmp_path)
    assert "a lesson `trash-can` already" in catalogue.broken()[0].reason
    assert catalogue.lesson("trash-can").folder.parent == catalogue.CONTENT


def test_with_reload_a_changed_file_is_read_again(tmp_path: Path, use_packs: Any, settings: Any) -> None:
    titles = make(tmp_path) / "en" / "lesson.toml"
    use_packs(tmp_path)
    settings.LESSON_RELOAD = True
    before, stamp = catalogue.lesson("count-the-seats"), catalogue.stamp()
    titles.write_text(titles.read_text().replace("Count the seats", "Count them"))
    assert catalogue.stamp() != stamp
    assert (before.title, catalogue.lesson("count-the-seats").title) == ("Count the seats", "Count them")
