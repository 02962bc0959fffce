"""The pages in a made-up language in which every word stands in ⟦brackets⟧: a bare one is hard-wired."""

from __future__ import annotations

import gettext
import re
import shutil
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as site
from django.core.management import call_command
from django.test import AsyncClient
from django.utils.translation import trans_real

from lessons import catalogue
from lessons.models import Event
from sandbox import locales
from tests.lessons.a_lesson import FILES, make_lesson

OTHER = "eo"
SPOKEN = ("aria-label", "title", "placeholder", "alt")
SILENT = {"script", "style", "code", "pre", "kbd", "svg", "textarea"}
# Names of people and things, and what is code on the page.
NAMES = re.compile(
    r"Reactive Sandbox|Kittiwake|Alice|Bob|[AB]|Zainab Okonkwo|João Pereira|Mateusz Zieliński|Nguyễn Minh Anh"
    r"|archivedAt|by_owner · alice · 4 read|Ctrl.*|\w{4}(-\w{4})+|Runs|Function|Schema|History|Transactions"
)


class Words(HTMLParser):
    """Collects what a reader sees or hears that is not in brackets."""

    def __init__(self) -> None:
        super().__init__()
        self.bare: list[str] = []
        self._open: list[str] = []
        self._depth = 0

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = dict(attributes)
        for name in SPOKEN:
            self._note(outside(given.get(name) or "", 0)[0])
        is_code = "code" in (given.get("class") or "").split()
        if tag not in {"meta", "link", "input", "br", "use", "path", "circle", "rect"}:
            self._open.append("code" if is_code else tag)

    def handle_endtag(self, tag: str) -> None:
        if self._open:
            self._open.pop()

    def handle_data(self, data: str) -> None:
        """A bracket may open before a link and close after it."""
        text, self._depth = outside(data, self._depth)
        if not SILENT & set(self._open):
            self._note(text)

    def _note(self, text: str) -> None:
        pieces = [text] if NAMES.fullmatch(text.strip()) else re.split(r"[·,:\n]", text)
        found = [piece.strip() for piece in pieces if re.search(r"[^\W\d_]{2}", piece)]
        self.bare += [piece for piece in found if not NAMES.fullmatch(piece)]


def outside(text: str, depth: int) -> tuple[str, int]:
    """What stands outside all brackets, and how many are open at the end."""
    rest = []
    for character in text:
        if character == "⟧":
            depth -= 1
        elif character == "⟦":
            depth += 1
        elif depth == 0:
            rest.append(character)
    return "".join(rest), depth


def bare_words(html: str) -> list[str]:
    words = Words()
    words.feed(html)
    return words.bare


def bracketed(text: str) -> str:
    """A lesson file with every line of language in brackets; marks of blocks, options and tables stay."""
    lines = []
    for line in text.splitlines():
        found = re.fullmatch(r"(## |- \[[ x]\] |  |)(?!:::)(\S.*)", line)
        lines.append(f"{found[1]}⟦{found[2]}⟧" if found else line)
    return "\n".join(lines) + "\n"


@pytest.fixture
def other_language(settings: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """A language whose every message is the English one in brackets, and a lesson pack that is written in it."""
    settings.LANGUAGES = [("en", "English"), (OTHER, "Esperanto")]
    messages = trans_real.translation(OTHER)
    monkeypatch.setattr(messages, "gettext", lambda text: f"⟦{text}⟧")
    monkeypatch.setattr(messages, "ngettext", lambda one, many, count: f"⟦{one if count == 1 else many}⟧")
    pack = tmp_path / "pack"
    titles = FILES["en/lesson.toml"].replace("A lesson", "⟦A lesson⟧").replace("Write it", "⟦Write it⟧")
    own = {
        f"{OTHER}/lesson.md": bracketed(FILES["en/lesson.md"]),
        f"{OTHER}/lesson.toml": titles,
        f"{OTHER}/hints.toml": re.sub(r'^(\w+ = )"(.*)"$', r'\1"⟦\2⟧"', FILES["en/hints.toml"], flags=re.MULTILINE),
    }
    make_lesson(pack / "12-a-lesson", **own)
    (pack / "course.toml").write_text('[[lessons]]\nnumber = 12\nslug = "a-lesson"\n')
    settings.LESSON_PATHS = [str(pack)]
    catalogue.forget()
    yield
    catalogue.forget()


def speaking(language: str) -> AsyncClient:
    client = AsyncClient()
    client.cookies[site.LANGUAGE_COOKIE_NAME] = language
    return client


@pytest.fixture
async def reader(db: None, other_language: None, no_deployment: None) -> AsyncClient:
    client = speaking(OTHER)
    await client.post("/start/", {"pseudonym": "Kittiwake"})
    return client


pytestmark = pytest.mark.django_db(transaction=True)


async def test_no_word_of_the_lesson_page_is_hard_wired(reader: AsyncClient) -> None:
    page = await reader.get("/learn/a-lesson/")
    html = page.content.decode()
    assert f'<html lang="{OTHER}"' in html
    assert bare_words(html) == []
    assert all("⟦" in phrase for phrase in page.context["phrases"].values())


async def test_no_word_of_an_answered_lesson_is_hard_wired(reader: AsyncClient) -> None:
    own = (await reader.get("/learn/a-lesson/")).context["workspace"]
    for address, fields in (
        ("predict/first-guess", {}),
        ("predict/first-guess", {"choice": "0"}),
        ("quiz/both", {"choice": "0"}),
        ("quiz/both", {"choice": ["0", "1"]}),
        ("tasks/1/hints/1", {}),
        ("tasks/1/hints/2", {}),
    ):
        answer = await reader.post(f"/w/{own.id}/{address}", fields)
        assert answer.status_code == 200
        assert bare_words(answer.content.decode()) == [], address
    said = (await reader.post(f"/w/{own.id}/words/mine", {"text": "ŝi legas"})).json()
    assert said["message"].startswith("⟦")
    assert await Event.objects.filter(kind="answered").acount() == 2


@pytest.mark.parametrize("address", ["/", "/nothing-here/"])
async def test_no_word_of_the_other_pages_is_hard_wired(other_language: None, address: str) -> None:
    page = await speaking(OTHER).get(address)
    titles = {listing.title for listing in catalogue.course()}  # the course itself is written in English
    assert [words for words in bare_words(page.content.decode()) if words not in titles] == []


@pytest.mark.parametrize("address", ["/", "/course/", "/account/"])
async def test_no_word_of_a_learner_s_pages_is_hard_wired(reader: AsyncClient, address: str) -> None:
    page = await reader.get(address)
    assert page.status_code == 200
    written = {text for listing in catalogue.course() for text in (listing.title, *re.split("[,:]", listing.summary))}
    assert [
        words for words in bare_words(page.content.decode()) if words not in {text.strip() for text in written}
    ] == []


async def test_without_a_translation_the_page_is_english(reader: AsyncClient) -> None:
    page = await speaking("mi").get("/")
    assert '<html lang="en"' in page.content.decode()
    assert "Start the course" in page.content.decode()


def test_a_translation_is_offered_as_soon_as_it_is_compiled(tmp_path: Path) -> None:
    assert site.LOCALE_PATHS[0].is_dir()
    assert locales.offered(tmp_path) == []
    for code in ("de", "pt_BR", "en"):
        (tmp_path / code / "LC_MESSAGES").mkdir(parents=True)
        (tmp_path / code / "LC_MESSAGES" / "django.mo").touch()
    assert locales.offered(tmp_path) == [("de", "Deutsch"), ("pt-br", "Português Brasileiro")]


@pytest.mark.skipif(shutil.which("xgettext") is None, reason="GNU gettext is not installed")
def test_messages_are_collected_from_templates_and_modules(
    tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(site.BASE_DIR / "templates", tmp_path / "templates")
    (tmp_path / "lessons").mkdir()
    shutil.copy(site.BASE_DIR / "lessons" / "phrases.py", tmp_path / "lessons")
    (tmp_path / "locale").mkdir()
    settings.LOCALE_PATHS = [str(tmp_path / "locale")]
    monkeypatch.chdir(tmp_path)
    call_command("makemessages", locale=["eo"], verbosity=0)
    file = tmp_path / "locale" / "eo" / "LC_MESSAGES" / "django.po"
    text = file.read_text()
    assert 'msgid "{name} is still open"' in text
    file.write_text(text.replace('msgid "Start the course"\nmsgstr ""', 'msgid "Start the course"\nmsgstr "Komencu"'))
    call_command("compilemessages", locale=["eo"], verbosity=0)
    with file.with_suffix(".mo").open("rb") as compiled:
        assert gettext.GNUTranslations(compiled).gettext("Start the course") == "Komencu"
