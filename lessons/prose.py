"""Lesson prose: Markdown to safe HTML. Raw HTML is off, so the page shows exactly what markdown-it makes.

A link to a file of the project opens it in the editor: `[the file](convex/signups.ts)`, `#L12` names a line.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from typing import cast

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.token import Token

CODE_SPAN = re.compile(r"`([^`\n]+)`")
PROJECT_LINK = re.compile(r"(?P<file>[\w./@-]+\.[a-z]+)(?:#L(?P<line>\d+))?")
WORD = re.compile(r"\S*\w\S*")
LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")
FENCED = re.compile(r"^(```|~~~).*?^\1[^\n]*$", re.MULTILINE | re.DOTALL)


class UnknownFile(ValueError):
    """A link to a file that the project does not have. `line` is that of the text, from 0."""

    def __init__(self, file: str, line: int) -> None:
        super().__init__(f"The link leads to `{file}`, which is not in starter/.")
        self.line = line


def render(text: str, files: Collection[str] = ()) -> SafeString:
    """Blocks of Markdown. `files` are those of the project. Raises UnknownFile."""
    markdown = _markdown()
    tokens = markdown.parse(text)
    _open_in_editor(tokens, files)
    return _html(markdown, tokens)


def render_line(text: str, files: Collection[str] = ()) -> SafeString:
    """A line or two of Markdown, without a paragraph around it. Raises UnknownFile."""
    markdown = _markdown()
    tokens = markdown.parseInline(text)
    _open_in_editor(tokens, files)
    return _html(markdown, tokens)


def count_words(text: str) -> int:
    """Words that are read as prose: code blocks and the addresses of links do not count."""
    return len(WORD.findall(LINK.sub(r"\1", FENCED.sub("", text))))


def code_spans(text: str) -> SafeString:
    """One line of text for a verdict: `code` between backticks becomes <code>, everything else is escaped.

    Not Markdown: a verdict quotes learners' error texts, which must not turn into links or images.
    """
    # Safe: escaped first, and the only markup added is ours.
    return mark_safe(CODE_SPAN.sub(r"<code>\1</code>", escape(text)))  # noqa: S308


def _markdown() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False, "typographer": False}).enable("table")


def _open_in_editor(tokens: Sequence[Token], files: Collection[str]) -> None:
    for link, line in _links(tokens):
        address = str(link.attrGet("href") or "")
        found = PROJECT_LINK.fullmatch(address)
        if found is None:
            # Following it in the same tab would leave the editor.
            link.attrs |= {"target": "_blank", "rel": "noopener noreferrer"}
            continue
        if found["file"] not in files:
            raise UnknownFile(found["file"], line)
        link.attrs = {"href": "#editor", "data-go-to": found["file"], "data-line": found["line"] or "0"}


def _links(tokens: Sequence[Token]) -> Iterator[tuple[Token, int]]:
    for token in tokens:
        line = token.map[0] if token.map else 0
        yield from ((child, line) for child in token.children or () if child.type == "link_open")


def _html(markdown: MarkdownIt, tokens: Sequence[Token]) -> SafeString:
    html = cast(str, markdown.renderer.render(tokens, markdown.options, {}))
    # Long lines of code scroll, by keyboard too. Text of the author never holds "<pre>": it is escaped.
    # Safe: our own lesson files, rendered with raw HTML off.
    return mark_safe(html.replace("<pre>", '<pre tabindex="0">'))  # noqa: S308
