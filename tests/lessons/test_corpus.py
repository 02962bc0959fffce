"""Solutions laid over their bases, the words of findings, and faults of content that name file and line."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from lessons import check_corpus, corpus, findings
from lessons.content_error import LessonFolderError

RIGHT = 'note = "The common way."\n'
WRONG = 'note = "Null is nothing."\nfinding = "low"\nmisconception = "null-is-missing"\n'
EDIT = '[[edit]]\nfile = "convex/m.ts"\nfind = "one"\nreplace = "two"\n'


def a_lesson(folder: Path, **solutions: str) -> Any:
    for name, text in solutions.items():
        file = folder / "solutions" / "1" / f"{name.replace('_', '-')}.toml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return SimpleNamespace(folder=folder, files={"convex/m.ts": "one;", "convex/n.ts": "n;"})


def test_a_file_alone_is_a_solution_and_edits_lie_over_its_base(tmp_path: Path) -> None:
    lesson = a_lesson(
        tmp_path,
        right_1_first=RIGHT + EDIT,
        right_2_second='base = "1/right-1-first"\n' + RIGHT + EDIT.replace("two", "2").replace("one", "two"),
    )
    folder = tmp_path / "solutions" / "1" / "wrong-1-whole"
    folder.joinpath("convex").mkdir(parents=True)
    folder.joinpath("convex", "m.ts").write_text("three;")
    folder.joinpath("solution.toml").write_text('base = "1/right-1-first"\nremove = ["convex/n.ts"]\n' + WRONG)
    first, _, whole = corpus.solutions(lesson, 1)
    assert (first.name, first.files["convex/m.ts"], first.is_right) == ("right-1-first", "two;", True)
    assert (whole.files, whole.finding, whole.is_right) == ({"convex/m.ts": "three;"}, "low", False)


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        (RIGHT + EDIT.replace('"one"', '"none"'), 4, "'none' occurs 0 times in convex/m.ts, not once."),
        (RIGHT + EDIT.replace("m.ts", "x.ts"), 3, "There is no convex/x.ts to edit."),
        ('base = "1/right-9"\n' + RIGHT, 1, "There is no base '1/right-9'"),
        ('base = "1/right-1-it"\n' + RIGHT, 1, "Its bases go round in a circle."),
        ("message = 'old'\n" + RIGHT, 1, "'message' is none of"),
        (RIGHT + 'finding = "low"\n', 0, "A right solution has no finding"),
        ("note = 'x' y\n", 1, "This is not TOML"),
        ("", 0, "'note' is missing."),
    ],
)
def test_a_solution_that_cannot_be_is_named_with_its_line(tmp_path: Path, text: str, line: int, reason: str) -> None:
    with pytest.raises(LessonFolderError, match=r"right-1-it") as caught:
        corpus.solutions(a_lesson(tmp_path, right_1_it=text), 1)
    assert reason in str(caught.value)
    assert caught.value.line == line


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ('[low]\ndid = "a"\nhappened = "b"\n', 1, "has no 'expected'"),
        ('\n[low]\ndid = "a"\nhappened = "b"\nexpected = "c"\nseverity = "fatal"\n', 2, "severity 'fatal'"),
        ('[low]\ndid = "a"\nhappened = "b"\nexpected = "c"\nwhy = "d"\n', 1, "'why'"),
        ('low = "a"\n', 0, "must be a table"),
    ],
)
def test_words_that_are_not_whole_are_named_with_their_line(tmp_path: Path, text: str, line: int, reason: str) -> None:
    (tmp_path / "en").mkdir()
    (tmp_path / "en" / "messages.toml").write_text(text)
    with pytest.raises(LessonFolderError) as caught:
        findings.findings(tmp_path)
    assert reason in str(caught.value)
    assert caught.value.line == line


def test_a_lesson_may_say_it_better(tmp_path: Path) -> None:
    (tmp_path / "en").mkdir()
    (tmp_path / "en" / "messages.toml").write_text('[too-slow]\ndid = "a"\nhappened = "b"\nexpected = "c"\n')
    assert findings.findings(tmp_path)["too-slow"].did == "a"
    assert findings.findings(tmp_path)["not-live"].happened.startswith("It did not go live")


def test_a_plan_names_lessons_and_tasks() -> None:
    every, one = check_corpus.plan([], None), check_corpus.plan(["9.1"], "wrong")
    assert every.errors == one.errors == ()
    assert {job.slug for job in one.jobs} == {"trash-can"}
    assert all(job.place is not None and job.place.name.startswith("wrong-") for job in one.jobs)
    assert set(one.jobs) < set(every.jobs)
    with pytest.raises(ValueError, match="no lesson 'nowhere'"):
        check_corpus.plan(["nowhere"], None)
