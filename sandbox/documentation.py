"""The documentation, served: Markdown files of sandbox/docs as pages under /docs/. Nothing is written here."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path, reverse
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.anchors import anchors_plugin

DOCS = Path(__file__).parent / "docs"
# Wide content scrolls by itself on a phone, so the keyboard must be able to reach it.
SCROLLING = ("fence", "code_block", "table_open")
SECTIONS = {"": "The project", "decisions": "Decisions", "spec": "Specification"}


@dataclass(frozen=True, slots=True)
class Page:
    """`slug` is the path below docs/ without the extension: "spec/semantics"."""

    slug: str
    title: str
    section: str


@lru_cache
def pages() -> dict[str, Page]:
    """Every page by slug, in reading order: sections as in SECTIONS, then by title."""
    found = [_page(path) for path in sorted(DOCS.rglob("*.md"))]
    order = list(SECTIONS)
    return {page.slug: page for page in sorted(found, key=lambda page: (order.index(page.section), page.title))}


def _page(path: Path) -> Page:
    slug = path.relative_to(DOCS).with_suffix("").as_posix()
    title = path.read_text().lstrip().partition("\n")[0].removeprefix("# ").replace("`", "")
    return Page(slug, title, slug.rpartition("/")[0])


@lru_cache
def _html(slug: str) -> SafeString:
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table").use(anchors_plugin, max_level=3)
    tokens = markdown.parse((DOCS / f"{slug}.md").read_text())
    for token in tokens:
        if token.type in SCROLLING:
            token.attrSet("tabindex", "0")
        for child in token.children or []:
            _point_at_page(child, slug)
    # Our own files, with raw HTML switched off.
    return mark_safe(markdown.renderer.render(tokens, markdown.options, {}))  # noqa: S308


def _point_at_page(token: Token, slug: str) -> None:
    """A relative link to another file of docs/ becomes a link to its page."""
    href = token.attrGet("href")
    if not isinstance(href, str) or "://" in href or href.startswith("#"):
        return
    file, _, fragment = href.partition("#")
    target = posixpath.normpath(posixpath.join(posixpath.dirname(slug), file)).removesuffix(".md")
    token.attrSet("href", reverse("docs-page", args=[target]) + (f"#{fragment}" if fragment else ""))


def show(request: HttpRequest, slug: str = "architecture") -> HttpResponse:
    page = pages().get(slug)
    if page is None:
        raise Http404(f"There is no page {slug!r} in the documentation")
    sections: list[dict[str, Any]] = [
        {"title": title, "pages": [page for page in pages().values() if page.section == section]}
        for section, title in SECTIONS.items()
    ]
    return render(request, "docs.html", {"page": page, "html": _html(slug), "sections": sections})


urlpatterns = [path("", show, name="docs"), path("<path:slug>/", show, name="docs-page")]
