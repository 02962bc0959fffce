"""A lesson folder as an author writes it: what comes out, and what is refused with its file and line."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.utils import translation

from lessons import lesson_folder
from lessons.content_error import LessonFolderError
from lessons.steps import Predict, Quiz, TaskBlock, Text, Words
from tests.lessons.a_lesson import FILES, HINTS_TOML, LESSON_MD, make_lesson


def load(folder: Path) -> lesson_folder.Lesson:
    return lesson_folder.load(folder, 12, "a-lesson")


def test_prose_becomes_steps_with_blocks(tmp_path: Path) -> None:
    lesson = load(make_lesson(tmp_path))
    first, second = lesson.steps
    assert (lesson.title, first.title, first.words) == ("A lesson", "First", 4)
    text, predict, quiz = first.parts
    assert isinstance(text, Text)
    assert isinstance(predict, Predict)
    assert [option.is_right for option in predict.options] == [False, True]
    assert predict.options[1].explanation == "<p>So it is.</p>\n"
    assert isinstance(quiz, Quiz)
    assert quiz.has_several
    words, task = second.parts
    assert isinstance(words, Words)
    assert words.words_min == 3
    assert isinstance(task, TaskBlock)
    assert lesson.tasks[0].title == "Write it"
    assert lesson.tasks[0].hints.parsons is not None
    assert lesson.seed == {"things": ({"name": "Aroha"},)}


def test_a_task_may_begin_with_rows_of_its_own(tmp_path: Path) -> None:
    rows = '{"table": "things", "row": {"name": "Yusuf"}}\n'
    lesson = load(make_lesson(tmp_path, **{"seed-1.jsonl": rows}))
    assert lesson.seed_of(1) == {"things": ({"name": "Yusuf"},)}
    assert lesson.seed["things"][0]["name"] == "Aroha"


def test_a_lesson_speaks_the_language_of_the_request_and_else_english(tmp_path: Path) -> None:
    changed = {
        "de/lesson.md": LESSON_MD.replace("## First", "## Zuerst"),
        "de/lesson.toml": FILES["en/lesson.toml"].replace("A lesson", "Eine Lektion"),
    }
    lesson = load(make_lesson(tmp_path, **changed))
    with translation.override("de-at"):
        assert (lesson.title, lesson.steps[0].title) == ("Eine Lektion", "Zuerst")
        assert "A list comes back." in lesson.tasks[0].hints.restate
    with translation.override("mi"):
        assert lesson.title == "A lesson"


LONG = "word " * 121
MD, HINTS, TITLES = "en/lesson.md", "en/hints.toml", "en/lesson.toml"


@pytest.mark.parametrize(
    ("file", "old", "new", "line", "reason"),
    [
        (MD, "::: quiz both", "::: quizz both", 13, "There is no block `quizz both`"),
        (MD, "  Something always does.\n", "", 7, "no explanation"),
        (MD, "- [x] Something", "- [ ] Something", 5, "no right option"),
        (MD, "- [ ] Nothing", "- [x] Nothing", 5, "this one has 2"),
        (MD, "- [x] a\n", "- [ ] a\n", 0, ""),
        (MD, "::: quiz both", "::: quiz first-guess", 13, "is taken already, in line 5"),
        (MD, "::: quiz both", "::: quiz", 13, "needs an id"),
        (MD, "::: quiz both", "::: quiz Two Words", 13, "needs an id"),
        (MD, "Which are vowels?\n", "", 13, "asks nothing"),
        (MD, "## First", "Hello\n\n## First", 1, "Text before the first step"),
        (MD, "## Second", "# Second", 23, "Headings of a lesson"),
        (MD, "## Second", "##", 23, "needs a title"),
        (MD, "## Second\n", f"## Second\n{LONG}\n", 23, "121 words"),
        (MD, "::: task 1", "::: task one", 29, "has a number"),
        (MD, "::: task 1", "::: task 2", 0, "Task 1 has no block"),
        (MD, "Write `list`.\n:::\n", "Write `list`.\n", 29, "never closed"),
        (MD, "Write `list`.\n", "", 29, "is empty"),
        (MD, "Write `list`.\n:::\n", "Write `list`.\n:::\n:::\n", 32, "closes no block"),
        (MD, "::: words mine 3", "::: words mine", 25, "an id and a number"),
        (MD, "::: words mine 3", "::: demo no-such-thing", 25, "There is no demonstration `no-such-thing`"),
        (MD, "::: words mine 3", "::: demo no-such-thing both", 25, "The prediction `both` does not stand before"),
        (MD, "(convex/things.ts)", "(convex/none.ts)", 3, "leads to `convex/none.ts`"),
        (HINTS, 'point = "Look at the last line."\n', "", 1, "The hint `point` of task 1 is missing"),
        (HINTS, 'next = "Write `return`."', 'next = ""', 1, "The hint `next` of task 1 is missing"),
        (HINTS, 'next = "Write `return`."', "next = ", 5, "This is not TOML"),
        (HINTS, 'next = "Write `return`."', 'next = "x"\nblank = "y"', 1, "either `blank` or"),
        (HINTS, "[1.parsons]", "[2.parsons]", 7, "There is no task 2"),
        (HINTS, '"  handler: async () => [],", ', "", 7, "3 lines or more"),
        (HINTS, "mutation", "query", 7, "also one of the right lines"),
        (TITLES, 'title = "A lesson"', "", 0, "`title` is missing"),
        (TITLES, '1 = "Write it"', "", 0, "Task 1 has no title"),
        ("lesson.toml", "number = 1", "number = 2", 1, "numbered 1, 2, 3"),
        ("lesson.toml", "[[tasks]]", 'locked = ["a.ts"]\n[[tasks]]', 1, "`a.ts` is not in starter"),
        ("lesson.toml", "number = 1\n", "number = 1\n[demos.none]\n", 3, "There is no demonstration `none`"),
        ("lesson.toml", "number = 1\n", "number = 1\n[laboratory]\n", 3, "is not complete"),
        ("checks.py", "check_1", "check_2", 0, "Task 1 has no check"),
        ("seed.jsonl", '{"table"', '\n{"tabel"', 2, "A row is"),
    ],
)
def test_what_cannot_be_taught_is_refused_with_its_file_and_line(
    tmp_path: Path, file: str, old: str, new: str, line: int, reason: str
) -> None:
    assert old in FILES[file]
    folder = make_lesson(tmp_path, **{file: FILES[file].replace(old, new, 1)})
    if not reason:
        load(folder)  # still one right answer
        return
    with pytest.raises(LessonFolderError, match=reason) as refused:
        load(folder)
    assert (refused.value.file, refused.value.line) == (folder / file, line)
    assert str(folder / file) in str(refused.value)


@pytest.mark.parametrize("file", ["lesson.toml", "en/lesson.md", "en/hints.toml", "checks.py", "seed.jsonl"])
def test_a_missing_file_is_named(tmp_path: Path, file: str) -> None:
    with pytest.raises(LessonFolderError, match="is missing") as refused:
        load(make_lesson(tmp_path, **{file: None}))
    assert refused.value.file == tmp_path / file


def test_a_translation_has_the_blocks_of_the_english_text(tmp_path: Path) -> None:
    other = LESSON_MD.replace("- [ ] Nothing", "- [x] Nothing").replace("- [x] Something", "- [ ] Something")
    with pytest.raises(LessonFolderError, match="are not those of en") as refused:
        load(make_lesson(tmp_path, **{"de/lesson.md": other}))
    assert refused.value.file == tmp_path / "de/lesson.md"


def test_code_fences_hide_what_looks_like_a_block(tmp_path: Path) -> None:
    text = LESSON_MD.replace("## Second\n", "## Second\n\n```md\n::: task 9\n## no step\n```\n")
    assert len(load(make_lesson(tmp_path, **{MD: text})).steps) == 2
    assert HINTS_TOML in FILES.values()
