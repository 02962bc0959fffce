"""Every sentence that a learner reads in a lesson: short, plain, and without words that make anybody feel slow."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from typing import Any

import pytest

from lessons.step_parser import STEP_WORDS_MAX
from tests.lessons import readability
from tests.lessons.test_content import LESSONS, Lesson

WORDS_A_SENTENCE_MAX = 15
SENTENCE_WORDS_MAX = 35
FLESCH_MIN = 60
BLOCK_WORDS_MAX = 170
of_a_lesson = pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.slug)


def steps(lesson: Lesson) -> list[str]:
    text = (lesson.folder / "en" / "lesson.md").read_text()
    return [f"## {step}" for step in re.split(r"^## ", text, flags=re.MULTILINE)[1:]]


def texts(entry: Any) -> Iterator[str]:
    """Every text of a TOML file, without lines of code and ids."""
    match entry:
        case str():
            yield entry
        case dict():
            for key, value in entry.items():
                if key not in {"lines", "distractors", "misconception", "severity"}:
                    yield from texts(value)


@of_a_lesson
def test_every_step_is_short_and_easy_to_read(lesson: Lesson) -> None:
    assert len(steps(lesson)) == len(lesson.steps)
    for text, step in zip(steps(lesson), lesson.steps, strict=True):
        ease = readability.ease(text)
        assert step.words <= STEP_WORDS_MAX
        assert ease.words_a_sentence <= WORDS_A_SENTENCE_MAX, step.title
        assert ease.flesch >= FLESCH_MIN, (step.title, round(ease.flesch))
        for sentence in readability.sentences(text):
            assert len(sentence.split()) <= SENTENCE_WORDS_MAX, sentence


@of_a_lesson
def test_a_task_or_question_fits_on_a_screen(lesson: Lesson) -> None:
    for text in steps(lesson):
        for block in re.findall(r"^:::\s*\w+.*?\n(.*?)^:::$", text, flags=re.MULTILINE | re.DOTALL):
            assert len(readability.plain(block).split()) <= BLOCK_WORDS_MAX, block[:80]


@of_a_lesson
@pytest.mark.parametrize("name", ["lesson.md", "lesson.toml", "hints.toml", "messages.toml"])
def test_nothing_makes_a_learner_feel_slow(lesson: Lesson, name: str) -> None:
    text = (lesson.folder / "en" / name).read_text()
    for piece in [text] if name.endswith(".md") else texts(tomllib.loads(text)):
        assert readability.banned(piece) == set(), piece[:80]


@pytest.mark.parametrize(
    ("text", "flesch", "words_a_sentence"),
    [
        ("The cat sat on the mat. The dog ran.", (110, 125), 4.5),
        ("Institutional considerations necessitate comprehensive documentation of organisational responsibilities.",
         (-250, 0), 8),
        ("Call `ctx.db.get(id).then(value => value)` now.\n\n```ts\nconst many = words.here;\n```\n", (90, 125), 3),
        ("- one row\n- two rows\n", (90, 125), 2),
    ],
)  # fmt: skip
def test_the_measure_tells_plain_from_hard(text: str, flesch: tuple[int, int], words_a_sentence: float) -> None:
    ease = readability.ease(text)
    assert flesch[0] <= ease.flesch <= flesch[1]
    assert ease.words_a_sentence == words_a_sentence


@pytest.mark.parametrize(("word", "count"), [("cat", 1), ("table", 2), ("store", 1), ("asked", 1), ("wanted", 2)])
def test_syllables_are_counted_as_they_are_spoken(word: str, count: int) -> None:
    assert readability.syllables(word) == count


def test_slowing_words_and_shouting_are_found_outside_code() -> None:
    assert readability.banned("It is just easy! `simply!`") == {"just", "easy", "!"}
    assert readability.banned("```ts\nconst easy = !simply;\n```") == set()
