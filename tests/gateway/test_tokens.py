from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.gateway import tokens


@given(st.from_regex(r"[a-z0-9]{1,16}", fullmatch=True))
def test_a_token_names_its_deployment(deployment_id):
    token = tokens.issue(deployment_id)
    assert tokens.read(token.text) == token
    assert token.deployment_id == deployment_id


@given(st.data())
def test_a_token_with_one_other_character_is_refused(data):
    text = tokens.issue("k3h4").text
    place = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.sampled_from("abcXYZ019.-_").filter(lambda letter: letter != text[place]))
    with pytest.raises(tokens.TokenRefused):
        tokens.read(text[:place] + other + text[place + 1 :])


def test_an_expired_token_is_refused():
    with pytest.raises(tokens.TokenRefused):
        tokens.read(tokens.issue("k3h4", lifetime_s=-1).text)


def test_a_signature_does_not_fit_another_deployment():
    ours, theirs = tokens.issue("aaaa").text, tokens.issue("bbbb").text
    forged = theirs.rpartition(".")[0] + "." + ours.rpartition(".")[2]
    with pytest.raises(tokens.TokenRefused):
        tokens.read(forged)


def test_a_value_signed_for_another_purpose_is_no_token():
    from django.core.signing import Signer

    with pytest.raises(tokens.TokenRefused):
        tokens.read(Signer(salt="something else", sep=".").sign("k3h4.9999999999"))


@pytest.mark.parametrize("text", ["", ".", "..", "a", "a.b", "a.b.c", "%00", "x" * 10_000])
def test_nonsense_is_refused(text):
    with pytest.raises(tokens.TokenRefused):
        tokens.read(text)


def test_a_token_lives_twelve_hours_and_fits_a_path_segment():
    import time

    token = tokens.issue("k3h4")
    assert token.expires_at_ms == pytest.approx((time.time() + 12 * 3600) * 1000, abs=5_000)
    assert not set(token.text) & set("/?#% \"'")
