"""Who a pane is: JSON Web Tokens for Alice and Bob, signed with a key that never leaves the data folder.

`client.setAuth` sends one; the engine asks `verifier(deployment_id)` and learner code finds the answer in
`ctx.auth.getUserIdentity()`. The issuer is the deployment's id, so that a token of one deployment is nobody in another.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings
from django.core import signing

from sandbox import data_folder
from sandbox.engine import LearnerError, accept_admin_key
from sandbox.gateway.tokens import LIFETIME_S

Persona = Literal["alice", "bob"]
PERSONAS: tuple[Persona, ...] = ("alice", "bob")
AUDIENCE = "convex"
ALGORITHM = "EdDSA"
KEY = "identities.pem"


def issue_identity(deployment_id: str, persona: Persona, *, lifetime_s: float = LIFETIME_S) -> str:
    """A JWT that makes its bearer this persona in this deployment."""
    now_s = int(time.time())
    claims = {
        "iss": deployment_id,
        "sub": persona,
        "aud": AUDIENCE,
        "iat": now_s,
        "exp": int(now_s + lifetime_s),
        "name": persona.capitalize(),
    }
    return jwt.encode(claims, signing_key(KEY), algorithm=ALGORITHM)


def issue_identities(deployment_id: str, *, lifetime_s: float = LIFETIME_S) -> dict[str, str]:
    """One JWT for each persona, by its name."""
    return {persona: issue_identity(deployment_id, persona, lifetime_s=lifetime_s) for persona in PERSONAS}


def verify_identity(deployment_id: str, token: str) -> dict[str, Any]:
    """The identity that learner code sees. Raises LearnerError when the token is not ours for this deployment."""
    try:
        claims = jwt.decode(
            token,
            signing_key(KEY).public_key(),
            algorithms=[ALGORITHM],
            audience=AUDIENCE,
            issuer=deployment_id,
            options={"require": ["iss", "sub", "aud", "iat", "exp"]},
        )
    except jwt.InvalidTokenError as error:
        raise LearnerError(f"Could not verify the identity token: {error}", code="InvalidAuthHeader") from error
    return {
        "tokenIdentifier": f"{claims['iss']}|{claims['sub']}",
        "issuer": claims["iss"],
        "subject": claims["sub"],
        "name": claims.get("name", claims["sub"]),
    }


def verifier(deployment_id: str) -> Callable[[str], dict[str, Any]]:
    """`verify_identity` for one deployment, as the engine wants it."""
    return lambda token: verify_identity(deployment_id, token)


def admin_key(deployment_id: str) -> str:
    """The key that opens everything of one deployment to Convex's tools and our own panels. It does not end."""
    return f"{deployment_id}|{_admin_signer().signature(deployment_id)}"


def admin_verifier(deployment_id: str) -> Callable[[str], bool]:
    """Whether a key is that of this deployment, as the engine wants it."""
    return accept_admin_key(admin_key(deployment_id))


def _admin_signer() -> signing.Signer:
    return signing.Signer(salt="sandbox.admin-key")


def signing_key(name: str) -> Ed25519PrivateKey:
    """The key of that name in the data folder, made when it is first wanted."""
    return _signing_key(Path(settings.DATA_DIR), name)


@lru_cache(maxsize=4)
def _signing_key(data: Path, name: str) -> Ed25519PrivateKey:
    fresh = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    key = serialization.load_pem_private_key(data_folder.secret(data, name, make=fresh), password=None)
    assert isinstance(key, Ed25519PrivateKey)  # noqa: S101 - nothing else is ever written there
    return key
