"""The terms of a text, as search indexes and search queries both see them.

A term is a run of letters and digits of any script, in lower case, shorter than 32 bytes; longer ones are dropped.
Source: docs/spec/semantics.md §10 ("Text search"), which follows Tantivy's simple tokenizer: no stems, no stop
words, accents stay.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache

TERM_BYTES_END = 32
"""A term of so many UTF-8 bytes, before it is put in lower case, is too long."""

_ASCII_WORDS = re.compile(r"[0-9a-z]+")
_BASIC_PLANE = range(0x300, 0x10000)
# Marks that belong to words though they are no letters: those of these combining classes (vowel signs of Hebrew,
# Arabic, Thai, Lao and Tibetan), and the spacing ones of Indic scripts. Accents and tone marks part words.
_MARK_CLASSES = frozenset({0, *range(10, 37), 84, 91, 103, 118, 129, 130, 132})


def terms_of(text: str) -> list[str]:
    """All terms in their order, repeated as often as they occur."""
    if text.isascii():
        return [word for word in _ASCII_WORDS.findall(text.lower()) if len(word) < TERM_BYTES_END]
    words = _words().findall(text)
    # One capital sigma has two small letters, by its place in a word; the small one in the middle stands for it.
    return [word.replace("Σ", "σ").lower() for word in words if len(word.encode()) < TERM_BYTES_END]


@cache
def _words() -> re.Pattern[str]:
    return re.compile(f"(?:[^\\W_]|[{''.join(_marks())}])+")


def _marks() -> list[str]:
    return [
        char
        for char in map(chr, _BASIC_PLANE)
        if unicodedata.category(char) == "Mc"
        or (
            unicodedata.category(char) == "Mn"
            and unicodedata.combining(char) in _MARK_CLASSES
            and not 0xFE00 <= ord(char) <= 0xFE0F  # variation selectors
        )
    ]
