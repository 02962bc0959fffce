"""Who calls: nobody, the bearer of a JWT, or an admin, who may act as somebody.

Facts: docs/spec/sync-protocol.md §2 (Authenticate) and §5 (the Authorization header). Whether a JWT or a key is good is
decided by the two functions that the deployment was opened with.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.engine.errors import LearnerError
from sandbox.engine.runtime.executor import Identity, Request

VerifyToken = Callable[[str], Identity]
"""A JWT to the identity that learner code sees. Raises LearnerError for a token that is not good."""
VerifyAdminKey = Callable[[str], bool]

ATTRIBUTES = {
    "name": str,
    "givenName": str,
    "familyName": str,
    "nickname": str,
    "preferredUsername": str,
    "profileUrl": str,
    "pictureUrl": str,
    "websiteUrl": str,
    "email": str,
    "emailVerified": bool,
    "gender": str,
    "birthday": str,
    "timezone": str,
    "language": str,
    "phoneNumber": str,
    "phoneNumberVerified": bool,
    "address": str,
    "updatedAt": str,
}


@dataclass(frozen=True, slots=True)
class Caller:
    """`identity` is what `ctx.auth.getUserIdentity()` returns; `expires_at` is in seconds since 1970."""

    identity: Identity | None = None
    is_admin: bool = False
    expires_at: float | None = None

    def request(self, path: str, args_json: str, writer: str | None, journal: str | None = None) -> Request:
        """A call of this caller's. An admin reaches internal functions, too."""
        is_admin = self.is_admin
        return Request(path, args_json, self.identity, writer, internal=is_admin, is_admin=is_admin, journal=journal)


NOBODY = Caller()


def refuse_every_token(token: str) -> Identity:
    raise LearnerError("This deployment knows no identities", code="NoAuthProvider")


def refuse_every_key(key: str) -> bool:
    return False


def accept_admin_key(expected: str) -> VerifyAdminKey:
    """A check for one key, which may be given with or without its `prod:` prefix."""
    bare = without_type_prefix(expected).encode()
    return lambda key: hmac.compare_digest(without_type_prefix(key).encode(), bare)


class Callers:
    """Turns credentials into callers. Raises LearnerError with Convex's text for those that are not good."""

    def __init__(self, verify_token: VerifyToken, verify_admin_key: VerifyAdminKey) -> None:
        self._verify_token = verify_token
        self._verify_admin_key = verify_admin_key

    def user(self, token: str) -> Caller:
        """The bearer of a JWT."""
        return Caller(self._verify_token(token), expires_at=_expiry(token))

    def admin(self, key: str, acting_as: object = None) -> Caller:
        """The holder of an admin key, `acting_as` the identity with these attributes."""
        if not self._verify_admin_key(key):
            raise LearnerError(
                "The provided admin key was invalid for this instance",
                code="BadAdminKey",
            )
        return Caller(None if acting_as is None else acting_identity(acting_as), is_admin=True)

    def admin_header(self, credentials: str) -> Caller:
        """What follows `Convex ` in an Authorization header: a key, or `key:` and base64 of attributes as JSON."""
        if self._verify_admin_key(credentials):
            return Caller(is_admin=True)
        key, colon, attributes = without_type_prefix(credentials).partition(":")
        return self.admin(key, _attributes_of_header(attributes) if colon else None)


def without_type_prefix(key: str) -> str:
    """`prod:happy-animal-123|secret` is the key `happy-animal-123|secret`."""
    name, bar, secret = key.partition("|")
    return f"{name.rpartition(':')[2]}{bar}{secret}" if bar else key


def acting_identity(attributes: object) -> dict[str, Any]:
    """The identity that learner code sees of somebody whom an admin acts as. Raises LearnerError."""
    if not isinstance(attributes, Mapping):
        raise _bad_attributes("expected an object")
    identity: dict[str, Any] = {}
    for name, value in attributes.items():
        expected = ATTRIBUTES.get(name)
        if expected is not None and value is not None and not isinstance(value, expected):
            raise _bad_attributes(f"{name} must be a {'boolean' if expected is bool else 'string'}")
        if value is not None:
            identity[name] = value
    token, issuer, subject = (identity.get(name) for name in ("tokenIdentifier", "issuer", "subject"))
    if token is None:
        if issuer is None or subject is None:
            raise _bad_attributes('Either "tokenIdentifier" or "issuer" and "subject" must be set')
        token = f"{issuer}|{subject}"
    if not all(isinstance(text, str | None) for text in (token, issuer, subject)):
        raise _bad_attributes("tokenIdentifier, issuer and subject must be strings")
    found_issuer, _, found_subject = str(token).partition("|")
    identity |= {"tokenIdentifier": token, "issuer": issuer or found_issuer, "subject": subject or found_subject}
    return identity


def _attributes_of_header(text: str) -> object:
    try:
        return json.loads(base64.b64decode(text, validate=True))
    except (binascii.Error, ValueError, RecursionError):
        raise LearnerError("Malformed Authorization header.", code="HeaderParseFailure") from None


def _bad_attributes(reason: str) -> LearnerError:
    return LearnerError(f"Invalid identity attributes: {reason}", code="InvalidIdentity")


def _expiry(token: str) -> float | None:
    """The `exp` claim of a JWT that was found good; None when it has none (or is a token of another kind)."""
    parts = token.split(".")
    if len(parts) != 3:
        return None
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (binascii.Error, ValueError, RecursionError):
        return None
    expires_at = claims.get("exp") if isinstance(claims, dict) else None
    return float(expires_at) if isinstance(expires_at, int | float) and not isinstance(expires_at, bool) else None
