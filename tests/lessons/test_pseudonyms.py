from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from lessons.pseudonyms import PSEUDONYM_LENGTH_MAX, clean_pseudonym


@pytest.mark.parametrize("text", ["Kittiwake", "Nguyễn Minh Anh", "李小龍", "O’Brien-Ōta", "a" * 40])
def test_names_of_any_language_are_pseudonyms(text: str) -> None:
    assert clean_pseudonym(text) == text


def test_white_space_around_and_inside_is_folded() -> None:
    assert clean_pseudonym("  Zainab \t\n Okonkwo ") == "Zainab Okonkwo"


@pytest.mark.parametrize("text", ["", " \t\n ", "\u00a0", "a" * 41, "bell\x07", "over\u202eride", "null\x00", "\ud800"])
def test_empty_long_and_invisible_pseudonyms_are_refused(text: str) -> None:
    with pytest.raises(ValidationError):
        clean_pseudonym(text)


@given(st.text())
def test_what_is_accepted_is_short_visible_and_stays_as_it_is(text: str) -> None:
    try:
        pseudonym = clean_pseudonym(text)
    except ValidationError:
        return
    assert 1 <= len(pseudonym) <= PSEUDONYM_LENGTH_MAX
    assert pseudonym.isprintable()
    assert clean_pseudonym(pseudonym) == pseudonym
