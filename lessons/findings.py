"""The words of verdicts: `messages.toml` of a lesson and of the whole course, one folder for each locale.

A finding is one cause, told in three sentences: what was done, what happened, what was expected. `{name}` in a sentence
is filled by the check. What no finding of the lesson covers (a project that does not go live, a refused call) has its
words in content/en/messages.toml; a lesson may say them better under the same id.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from lessons.content_error import LessonFolderError, line_of, read_text, read_toml
from lessons.verdict import SEVERITIES, Advice, Place, Severity, Verdict

CONTENT = Path(__file__).parent / "content"
LOCALE = "en"
SENTENCES = ("did", "happened", "expected")
KEYS = {*SENTENCES, "severity", "misconception"}
PLACEHOLDER = re.compile(r"\{([a-z][a-z0-9_]*)\}")
VALUE_WORDS_MAX, VALUE_LENGTH_MAX = 16, 160


@dataclass(frozen=True, slots=True)
class Finding:
    id: str
    did: str
    happened: str
    expected: str
    severity: Severity
    misconception: str

    def verdict(self, values: Mapping[str, Any], look_at: Place | None) -> Verdict:
        did, happened, expected = self._filled(values)
        return Verdict(False, did, happened, expected, look_at, finding=self.id, misconception=self.misconception)

    def advice(self, values: Mapping[str, Any], look_at: Place | None) -> Advice:
        return Advice(self.id, self.severity, *self._filled(values), look_at)

    def passed(self, values: Mapping[str, Any]) -> Verdict:
        return Verdict(True, *self._filled(values), finding=self.id)

    def _filled(self, values: Mapping[str, Any]) -> tuple[str, str, str]:
        return self._fill(self.did, values), self._fill(self.happened, values), self._fill(self.expected, values)

    def _fill(self, sentence: str, values: Mapping[str, Any]) -> str:
        def value(match: re.Match[str]) -> str:
            if match[1] not in values:
                raise LookupError(f"The finding {self.id!r} wants {{{match[1]}}}, which the check did not give.")
            return _short(str(values[match[1]]))

        return PLACEHOLDER.sub(value, sentence).strip()


def findings(folder: Path, locale: str = LOCALE) -> Mapping[str, Finding]:
    """Every finding that a lesson's checks may end with, the course's own ones included. Raises LessonFolderError."""
    return {**_read(CONTENT / locale / "messages.toml"), **_read(folder / locale / "messages.toml")}


def own_findings(folder: Path, locale: str = LOCALE) -> Mapping[str, Finding]:
    """Those of the lesson alone."""
    return _read(folder / locale / "messages.toml")


def _read(file: Path) -> Mapping[str, Finding]:
    return _read_once(file, file.stat().st_mtime_ns if file.exists() else 0)


@lru_cache(maxsize=256)
def _read_once(file: Path, changed_ns: int) -> Mapping[str, Finding]:
    """Again after a change of the file: authors see their words at the next check."""
    return {id_: _finding(file, id_, entry) for id_, entry in read_toml(file).items()}


def _finding(file: Path, id_: str, entry: Any) -> Finding:
    if not isinstance(entry, dict):
        raise LessonFolderError(file, 0, f"{id_!r} must be a table: [{id_}].")
    unknown, missing = entry.keys() - KEYS, [name for name in SENTENCES if not entry.get(name)]
    severity = entry.get("severity", "essential")
    why = None
    if unknown:
        why = f"[{id_}] has {min(unknown)!r}, which is none of {', '.join(sorted(KEYS))}."
    elif missing:
        why = f"[{id_}] has no {missing[0]!r}."
    elif severity not in SEVERITIES:
        why = f"[{id_}] has the severity {severity!r}, which is none of {', '.join(SEVERITIES)}."
    if why is not None:
        raise LessonFolderError(file, line_of(read_text(file), rf"^\[{re.escape(id_)}\]"), why)
    return Finding(id_, entry["did"], entry["happened"], entry["expected"], severity, entry.get("misconception", ""))


def _short(value: str) -> str:
    """What functions produce may be long; a sentence may not."""
    words = value.split()
    if len(words) <= VALUE_WORDS_MAX and len(value) <= VALUE_LENGTH_MAX:
        return " ".join(words)
    return " ".join(words[:VALUE_WORDS_MAX])[:VALUE_LENGTH_MAX].rstrip(" ,;:") + "…"
