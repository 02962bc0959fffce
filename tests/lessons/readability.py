"""How hard a text is to read, measured plainly: words a sentence, syllables a word, and Flesch's reading ease of both.

Code stands for one short word, and blocks of code for nothing: they are looked at, not read. Flesch's scale is made for
English; 60 and more is plain English, 100 is what a child reads.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

BANNED = {"just", "simply", "obviously", "easy", "easily", "trivial", "trivially"}
FENCED = re.compile(r"^(```|~~~).*?^\1[^\n]*$", re.MULTILINE | re.DOTALL)
MARKS = re.compile(r"^(:::.*|#+ |> |\s*[-*] (\[[ xX]\] )?|\s*\d+\. |\|.*)", re.MULTILINE)
SENTENCE_END = re.compile(r"(?<=[.?!:…])[”’)*]*\s+|\n\s*\n|\n(?=\x00)")
WORD = re.compile(r"[^\W\d_]+(?:[’'-][^\W\d_]+)*")
VOWELS = re.compile(r"[aeiouy]+")


@dataclass(frozen=True, slots=True)
class Ease:
    sentences: int
    words: int
    syllables: int

    @property
    def words_a_sentence(self) -> float:
        return self.words / max(1, self.sentences)

    @property
    def flesch(self) -> float:
        return 206.835 - 1.015 * self.words_a_sentence - 84.6 * self.syllables / max(1, self.words)


def plain(text: str) -> str:
    """Markdown as a reader hears it. A list item begins a sentence of its own."""
    text = FENCED.sub("", text)
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text)
    text = re.sub(r"`[^`]*`", "code", text)
    text = MARKS.sub("\x00", text)
    return text.replace("*", "").replace("_", "")


def sentences(text: str) -> Iterator[str]:
    for piece in SENTENCE_END.split(plain(text)):
        sentence = " ".join((piece or "").replace("\x00", " ").split())
        if WORD.search(sentence):
            yield sentence


def syllables(word: str) -> int:
    """Groups of vowels, without the silent e at the end; at least one."""
    found = len(VOWELS.findall(word.lower()))
    if word.lower().endswith("e") and not word.lower().endswith("le") and found > 1:
        found -= 1
    if re.search(r"[^aeioutd]ed$", word.lower()) and found > 1:
        found -= 1
    return max(1, found)


def ease(text: str) -> Ease:
    found = list(sentences(text))
    words = [word for sentence in found for word in WORD.findall(sentence)]
    return Ease(len(found), len(words), sum(map(syllables, words)))


def banned(text: str) -> set[str]:
    """Words that make a learner feel slow, and exclamation marks outside code."""
    heard = plain(text)
    words = {word.lower() for word in WORD.findall(heard)}
    return (words & BANNED) | ({"!"} if "!" in heard else set())
