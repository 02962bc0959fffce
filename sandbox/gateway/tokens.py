"""Access to one deployment as a piece of text: what stands in the path after /s/.

A token is access, not identity (that is a JWT, see keys.py). It is signed, names the deployment, and ends after twelve
hours; the page then asks for another one with its session. It stands in a path because Convex clients carry paths.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from django.core import signing

LIFETIME_S = 12 * 3600
_SALT = "sandbox.deployment"
# Neither dot nor colon can occur in an id, an expiry or a signature; a dot needs no escape in a URL.
_SEPARATOR = "."


class TokenRefused(Exception):
    """The token was not made by this site, or its time is over. Nobody is told which."""


@dataclass(frozen=True, slots=True)
class Token:
    """`expires_at` in seconds since 1970."""

    deployment_id: str
    expires_at: float
    text: str

    @property
    def expires_at_ms(self) -> int:
        return int(self.expires_at * 1000)


def issue(deployment_id: str, *, lifetime_s: float = LIFETIME_S) -> Token:
    """A fresh token. Whoever calls has checked that the person may have this deployment."""
    expires_at = int(time.time() + lifetime_s)
    signed = _signer().sign(f"{deployment_id}{_SEPARATOR}{expires_at}")
    return Token(deployment_id, float(expires_at), signed)


def read(text: str) -> Token:
    """The token that `issue` made. Raises TokenRefused."""
    try:
        deployment_id, _, expires_at = _signer().unsign(text).rpartition(_SEPARATOR)
    except signing.BadSignature as error:
        raise TokenRefused("bad signature") from error
    if float(expires_at) <= time.time():
        raise TokenRefused("expired")
    return Token(deployment_id, float(expires_at), text)


def _signer() -> signing.Signer:
    return signing.Signer(salt=_SALT, sep=_SEPARATOR)
