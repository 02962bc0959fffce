"""Lesson prose: Markdown to safe HTML, with the tasks taken out of the running text.

Raw HTML is off, so the page shows exactly what markdown-it makes. A task is a container block:

    ::: task 1
    Write `archive` …
    :::
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.container import container_plugin

CODE_SPAN = re.compile(r"`([^`\n]+)`")


@dataclass(frozen=True, slots=True)
class Prose:
    """A lesson's text, and the text of each task by its number."""

    html: SafeString
    tasks: dict[int, SafeString]


def _markdown() -> MarkdownIt:
    markdown = MarkdownIt("commonmark", {"html": False, "typographer": False}).enable("table")
    return markdown.use(container_plugin, "task")


def render(text: str) -> Prose:
    """Raises ValueError when a task block has no number or its number comes twice."""
    markdown = _markdown()
    running: list[Token] = []
    tasks: dict[int, SafeString] = {}
    tokens = markdown.parse(text)
    at = 0
    while at < len(tokens):
        if tokens[at].type != "container_task_open":
            running.append(tokens[at])
            at += 1
            continue
        end = _closing(tokens, at)
        number = int(tokens[at].info.split()[1])
        if number in tasks:
            raise ValueError(f"task {number} is described twice")
        tasks[number] = _html(markdown, tokens[at + 1 : end])
        at = end + 1
    return Prose(_html(markdown, running), tasks)


def _closing(tokens: Sequence[Token], opening: int) -> int:
    level = tokens[opening].level
    return next(
        at
        for at in range(opening + 1, len(tokens))
        if tokens[at].type == "container_task_close" and tokens[at].level == level
    )


def _html(markdown: MarkdownIt, tokens: Sequence[Token]) -> SafeString:
    # Safe: our own lesson files, rendered with raw HTML off.
    return mark_safe(cast(str, markdown.renderer.render(tokens, markdown.options, {})))  # noqa: S308


def code_spans(text: str) -> SafeString:
    """One line of text for a verdict: `code` between backticks becomes <code>, everything else is escaped.

    Not Markdown: a verdict quotes learners' error texts, which must not turn into links or images.
    """
    # Safe: escaped first, and the only markup added is ours.
    return mark_safe(CODE_SPAN.sub(r"<code>\1</code>", escape(text)))  # noqa: S308
