from __future__ import annotations

import stat

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sandbox.engine.errors import LearnerError
from sandbox.gateway import keys


def test_a_persona_is_known_in_its_deployment():
    identity = keys.verifier("k3h4")(keys.issue_identity("k3h4", "alice"))
    assert identity == {"tokenIdentifier": "k3h4|alice", "issuer": "k3h4", "subject": "alice", "name": "Alice"}


def test_there_is_one_identity_for_each_persona():
    subjects = {name: keys.verify_identity("d", token)["subject"] for name, token in keys.issue_identities("d").items()}
    assert subjects == {"alice": "alice", "bob": "bob"}


def test_an_identity_of_another_deployment_is_refused():
    with pytest.raises(LearnerError) as refused:
        keys.verify_identity("mine", keys.issue_identity("theirs", "alice"))
    assert refused.value.code == "InvalidAuthHeader"


def test_an_expired_identity_is_refused():
    with pytest.raises(LearnerError):
        keys.verify_identity("d", keys.issue_identity("d", "bob", lifetime_s=-5))


@pytest.mark.parametrize("algorithm", ["none", "HS256", "EdDSA"])
def test_an_identity_signed_by_someone_else_is_refused(algorithm):
    claims = {"iss": "d", "sub": "alice", "aud": "convex", "iat": 0, "exp": 9_999_999_999}
    key = {"none": None, "HS256": "x" * 32, "EdDSA": Ed25519PrivateKey.generate()}[algorithm]
    with pytest.raises(LearnerError):
        keys.verify_identity("d", jwt.encode(claims, key, algorithm=algorithm))


@pytest.mark.parametrize("text", ["", "a.b.c", "Zm9v"])
def test_nonsense_is_no_identity(text):
    with pytest.raises(LearnerError):
        keys.verify_identity("d", text)


def test_the_key_is_readable_by_its_owner_alone(settings):
    keys.issue_identity("d", "alice")
    mode = (settings.DATA_DIR / "secret" / "identities.pem").stat().st_mode
    assert stat.S_IMODE(mode) == 0o600
