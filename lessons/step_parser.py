"""lesson.md as steps: every `## Heading` opens one, and `::: kind …` up to `:::` is a block in it.

Whatever cannot be taught as it stands is refused with its line: an unknown block, an option without an explanation, a
step that is too long. Line numbers count from 1.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.utils.safestring import SafeString

from lessons import prose
from lessons.content_error import LessonFolderError, read_text
from lessons.steps import Block, Demo, Option, Predict, Quiz, Step, TaskBlock, Text, Words

STEP_WORDS_MAX = 120
KINDS = ("predict", "quiz", "words", "task", "demo")

BLOCK = re.compile(r":::\s*(?P<kind>[\w-]+)(?:\s+(?P<rest>.*))?")
OPTION = re.compile(r"[-*] \[(?P<mark>[ xX])\]\s+(?P<label>.+)")
ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
FENCE = re.compile(r"\s*(```|~~~)")


@dataclass(slots=True)
class _Lines:
    """Lines that belong together, and the number of the first."""

    first: int
    lines: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "\n".join(self.lines)


@dataclass(slots=True)
class _Opened:
    """A block as it is written: `::: kind rest` at line `at`, and its body."""

    kind: str
    rest: str
    at: int
    body: _Lines


@dataclass(slots=True)
class _Section:
    """A step as it is written."""

    title: str
    at: int
    parts: list[_Lines | _Opened] = field(default_factory=list)


def parse(file: Path, files: Collection[str], demos: Mapping[str, Any]) -> tuple[Step, ...]:
    """The steps of a lesson.md. `files` are the starter's, `demos` the settings by name. Raises LessonFolderError."""
    sections = _Scanner(file).scan(read_text(file))
    if not sections:
        raise LessonFolderError(file, 0, "There is no step: begin one with `## Heading`.")
    builder = _Builder(file, files, demos)
    return tuple(builder.step(number, section) for number, section in enumerate(sections, start=1))


class _Scanner:
    """Cuts the text into steps and blocks. Knows nothing of what is inside them."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._sections: list[_Section] = []
        self._block: _Opened | None = None
        self._fence = ""

    def scan(self, text: str) -> list[_Section]:
        for number, line in enumerate(text.splitlines(), start=1):
            self._take(number, line.rstrip())
        if self._block is not None:
            raise self._error(self._block.at, f"The block `{self._block.kind}` is never closed: end it with `:::`.")
        return self._sections

    def _take(self, number: int, line: str) -> None:
        if self._is_code(line):
            self._keep(number, line)
        elif line.startswith(":::"):
            self._mark(number, line)
        elif f"{line} ".startswith("## ") and self._block is None:
            self._sections.append(_Section(line[3:].strip(), number))
        elif line.startswith(("# ", "## ")):
            raise self._error(number, "Headings of a lesson are `## ` and begin a step; inside a step use `### `.")
        else:
            self._keep(number, line)

    def _is_code(self, line: str) -> bool:
        """True for the lines of a fenced block, its fences included."""
        found = FENCE.match(line)
        if self._fence:
            if found and found[1] == self._fence:
                self._fence = ""
            return True
        self._fence = found[1] if found else ""
        return bool(self._fence)

    def _mark(self, number: int, line: str) -> None:
        if line == ":::":
            if self._block is None:
                raise self._error(number, "This `:::` closes no block.")
            self._block = None
            return
        found = BLOCK.fullmatch(line)
        if found is None or found["kind"] not in KINDS:
            known = ", ".join(f"`{kind}`" for kind in KINDS)
            raise self._error(number, f"There is no block `{line[3:].strip()}`. Known are {known}.")
        if self._block is not None:
            raise self._error(number, f"The block `{self._block.kind}` from line {self._block.at} is still open.")
        self._block = _Opened(found["kind"], (found["rest"] or "").strip(), number, _Lines(number + 1))
        self._section(number).parts.append(self._block)

    def _keep(self, number: int, line: str) -> None:
        if self._block is not None:
            self._block.body.lines.append(line)
            return
        if not line and not self._sections:
            return
        parts = self._section(number).parts
        if not parts or isinstance(parts[-1], _Opened):
            parts.append(_Lines(number))
        last = parts[-1]
        assert isinstance(last, _Lines)  # noqa: S101 – made two lines above
        last.lines.append(line)

    def _section(self, number: int) -> _Section:
        if not self._sections:
            raise self._error(number, "Text before the first step: begin the lesson with `## Heading`.")
        return self._sections[-1]

    def _error(self, line: int, reason: str) -> LessonFolderError:
        return LessonFolderError(self._file, line, reason)


class _Builder:
    """Makes steps of sections. Remembers the ids of the lesson, so that each comes once."""

    def __init__(self, file: Path, files: Collection[str], demos: Mapping[str, Any]) -> None:
        self._file = file
        self._files = files
        self._demos = demos
        self._ids: dict[str, int] = {}
        self._predictions: set[str] = set()

    def step(self, number: int, section: _Section) -> Step:
        if not section.title:
            raise self._error(section.at, "A step needs a title after `##`.")
        words = sum(prose.count_words(part.text) for part in section.parts if isinstance(part, _Lines))
        if words > STEP_WORDS_MAX:
            raise self._error(section.at, f"The step has {words} words of prose; at most {STEP_WORDS_MAX} are read.")
        parts: list[Text | Block] = []
        for part in section.parts:
            if isinstance(part, _Opened):
                parts.append(self._block(part))
            elif part.text.strip():
                parts.append(Text(self._html(part)))
        return Step(number, section.title, tuple(parts), words)

    def _block(self, block: _Opened) -> Block:
        match block.kind:
            case "task":
                return self._task(block)
            case "demo":
                return self._demo(block)
            case "words":
                return self._words(block)
            case "predict":
                return self._predict(block)
            case _:
                id_ = self._named(block, block.rest)
                question, options = self._options(block)
                return Quiz(id_, question, options)

    def _task(self, block: _Opened) -> TaskBlock:
        if not block.rest.isdecimal() or int(block.rest) < 1:
            raise self._error(block.at, "A task block has a number: `::: task 1`.")
        number = int(block.rest)
        self._claim(f"task-{number}", block.at)
        self._require_body(block)
        return TaskBlock(number, self._html(block.body))

    def _demo(self, block: _Opened) -> Demo:
        name, _, predict = block.rest.partition(" ")
        predict = predict.strip()
        self._named(block, f"{name}-{predict}" if predict else name)
        if predict and predict not in self._predictions:
            raise self._error(block.at, f"The prediction `{predict}` does not stand before this demonstration.")
        if name not in self._demos:
            raise self._error(block.at, f"There is no demonstration `{name}`: static/src/demos/demo-{name}.ts.")
        if not block.body.text.strip():
            raise self._error(block.at, "A demonstration needs its text equivalent: what it shows, in words.")
        return Demo(name, predict, self._html(block.body), self._demos[name])

    def _words(self, block: _Opened) -> Words:
        name, _, least = block.rest.partition(" ")
        if not least.strip().isdecimal():
            raise self._error(block.at, "Own words have an id and a number: `::: words sheet-or-store 30`.")
        id_ = self._named(block, name)
        self._require_body(block)
        return Words(id_, self._html(block.body), int(least))

    def _predict(self, block: _Opened) -> Predict:
        id_ = self._named(block, block.rest)
        self._predictions.add(id_)
        question, options = self._options(block)
        right = sum(option.is_right for option in options)
        if right != 1:
            raise self._error(block.at, f"A prediction has one right option `[x]`; this one has {right}.")
        return Predict(id_, question, options)

    def _options(self, block: _Opened) -> tuple[SafeString, tuple[Option, ...]]:
        question, written = _cut_options(block.body)
        if not question.text.strip():
            raise self._error(block.at, f"The {block.kind} asks nothing: write the question above the options.")
        if len(written) < 2:
            raise self._error(block.at, f"The {block.kind} needs two options or more: `- [ ] …`, `- [x] …`.")
        options = tuple(self._option(lines) for lines in written)
        if not any(option.is_right for option in options):
            raise self._error(block.at, f"The {block.kind} has no right option: mark it `- [x]`.")
        return self._html(question), options

    def _option(self, lines: _Lines) -> Option:
        found = OPTION.fullmatch(lines.lines[0])
        assert found is not None  # noqa: S101 – _cut_options cuts at these lines
        explanation = _Lines(lines.first + 1, [line.removeprefix("  ") for line in lines.lines[1:]])
        if not explanation.text.strip():
            raise self._error(lines.first, "This option has no explanation: write it on indented lines below.")
        label = self._rendered(lines.first, lambda: prose.render_line(found["label"], self._files))
        return Option(label, self._html(explanation), found["mark"] != " ")

    def _named(self, block: _Opened, name: str) -> str:
        if not ID.fullmatch(name):
            raise self._error(
                block.at, f"The block needs an id of small letters and hyphens: `::: {block.kind} an-id`."
            )
        self._claim(name, block.at)
        return name

    def _claim(self, id_: str, line: int) -> None:
        if id_ in self._ids:
            raise self._error(line, f"The id `{id_}` is taken already, in line {self._ids[id_]}.")
        self._ids[id_] = line

    def _require_body(self, block: _Opened) -> None:
        if not block.body.text.strip():
            raise self._error(block.at, f"The block `{block.kind}` is empty.")

    def _html(self, lines: _Lines) -> SafeString:
        return self._rendered(lines.first, lambda: prose.render(lines.text, self._files))

    def _rendered(self, first: int, render: Any) -> SafeString:
        try:
            html: SafeString = render()
        except prose.UnknownFile as error:
            raise self._error(first + error.line, str(error)) from None
        return html

    def _error(self, line: int, reason: str) -> LessonFolderError:
        return LessonFolderError(self._file, line, reason)


def _cut_options(body: _Lines) -> tuple[_Lines, list[_Lines]]:
    """The question, and each option with the lines that belong to it."""
    question = _Lines(body.first)
    options: list[_Lines] = []
    for number, line in enumerate(body.lines, start=body.first):
        if OPTION.fullmatch(line):
            options.append(_Lines(number, [line]))
        elif options:
            options[-1].lines.append(line)
        else:
            question.lines.append(line)
    return question, options
