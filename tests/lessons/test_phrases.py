"""The page brings every phrase that its scripts say, with the gaps that they fill in."""

from __future__ import annotations

import re
from pathlib import Path

from lessons import phrases

SOURCE = Path(__file__).parents[2] / "static" / "src" / "lesson" / "phrases.ts"


def test_the_page_and_the_scripts_know_the_same_phrases() -> None:
    english = dict(re.findall(r'^  (\w+):\s*"(.*)",$', SOURCE.read_text(), re.MULTILINE))
    assert len(english) > 15
    assert phrases.spoken() == english
