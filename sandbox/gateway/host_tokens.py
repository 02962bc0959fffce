"""The JWTs of people who sign in to a hosted project: whether one is good, and the identity that it stands for.

Texts are those of Convex's backend; which claims become what is docs/spec/runtime-abi.md §2.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, TypeGuard

import jwt

from sandbox.engine import LearnerError

Keys = Mapping[str | None, jwt.PyJWK]
"""The keys of a provider by their id."""

LEEWAY_S = 5
"""By how much the clock of a custom provider may differ from ours."""

# docs/spec/runtime-abi.md §2: names of OpenID Connect, and what Convex calls them.
_STANDARD_CLAIMS = {
    "name": "name",
    "given_name": "givenName",
    "family_name": "familyName",
    "nickname": "nickname",
    "preferred_username": "preferredUsername",
    "profile": "profileUrl",
    "picture": "pictureUrl",
    "website": "websiteUrl",
    "email": "email",
    "email_verified": "emailVerified",
    "gender": "gender",
    "birthdate": "birthday",
    "zoneinfo": "timezone",
    "locale": "language",
    "phone_number": "phoneNumber",
    "phone_number_verified": "phoneNumberVerified",
    "address": "address",
    "updated_at": "updatedAt",
}
# They say something of the token and nothing of the person.
_TOKEN_CLAIMS = frozenset(("iss", "sub", "aud", "exp", "iat", "nbf", "jti", "azp", "nonce", "at_hash", "c_hash"))


def unverified(token: str) -> tuple[str, list[str]]:
    """(issuer, audiences) as the token says. Raises LearnerError for what is no JWT."""
    try:
        claims = jwt.decode(token, options={"verify_signature": False})
    except jwt.PyJWTError:
        raise refused(
            "Could not parse JWT payload. "
            "Check that the token is a valid JWT format with three base64-encoded parts separated by dots."
        ) from None
    issuer, audience = claims.get("iss"), claims.get("aud")
    if not isinstance(issuer, str):
        raise refused(
            "Missing issuer claim ('iss') in JWT payload. "
            "The JWT must include an 'iss' claim that matches one of your configured auth providers."
        )
    return issuer, [audience] if isinstance(audience, str) else [str(each) for each in audience or ()]


def verified(token: str, keys: Keys, algorithms: tuple[str, ...], *, is_custom: bool) -> dict[str, Any]:
    """The claims of a token that one of the keys has signed and whose time it is. Raises LearnerError."""
    claims = _signed_custom(token, keys, algorithms) if is_custom else _signed_oidc(token, keys, algorithms)
    if is_custom:
        _check_times(claims)
    return claims


def _signed_oidc(token: str, keys: Keys, algorithms: tuple[str, ...]) -> dict[str, Any]:
    try:
        key = keys[_key_id(token)]
        options: Any = {"require": ["iss", "sub", "exp"], "verify_aud": False, "verify_iat": False}
        return jwt.decode(token, key, algorithms=list(algorithms), options=options)
    except (jwt.PyJWTError, KeyError):
        raise LearnerError(
            "Could not verify OIDC token claim. Check that the token signature is valid and the token hasn't expired.",
            code="Unauthenticated",
        ) from None


def _signed_custom(token: str, keys: Keys, algorithms: tuple[str, ...]) -> dict[str, Any]:
    key_id = _key_id(token)
    if key_id is None:
        raise refused("Could not decode token. JWT may be missing a 'kid' (key ID) header.")
    try:
        options: Any = {"verify_exp": False, "verify_nbf": False, "verify_iat": False, "verify_aud": False}
        return jwt.decode(token, keys[key_id], algorithms=list(algorithms), options=options)
    except (jwt.PyJWTError, KeyError):
        raise refused(
            f"Could not decode token. The JWT's 'kid' (key ID) header is '{key_id}', "
            "does this key match any key in the provider's JWKS?"
        ) from None


def _key_id(token: str) -> str | None:
    try:
        key_id = jwt.get_unverified_header(token).get("kid")
    except jwt.PyJWTError:
        return None
    return key_id if isinstance(key_id, str) else None


def _check_times(claims: Mapping[str, Any]) -> None:
    now = time.time()
    expires_at, begins_at, issued_at = (claims.get(name) for name in ("exp", "nbf", "iat"))
    if not _is_time(expires_at):
        raise refused("Missing expiry")
    if not isinstance(claims.get("sub"), str):
        raise refused("Missing subject")
    wrong = None
    if expires_at < now - LEEWAY_S:
        wrong = "Token expired"
    elif _is_time(begins_at) and begins_at > now + LEEWAY_S:
        wrong = "Token not yet valid"
    elif _is_time(issued_at) and issued_at > now + LEEWAY_S:
        wrong = "Token issued in the future"
    if wrong is not None:
        raise refused(
            f"Could not validate token: {wrong}. Check for timing issues of its 'iat', 'nbf' and 'exp' claims."
        )


def _is_time(value: Any) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def identity_of(claims: dict[str, Any], *, is_custom: bool) -> dict[str, Any]:
    """Custom JWTs keep the names of their claims, with those of nested objects joined by dots."""
    issuer, subject = claims["iss"], claims["sub"]
    identity = {"tokenIdentifier": f"{issuer}|{subject}", "issuer": issuer, "subject": subject}
    told = {name: value for name, value in claims.items() if name not in _TOKEN_CLAIMS and value is not None}
    if is_custom:
        return {**_flat(told), **identity}
    return {**{_STANDARD_CLAIMS.get(name, name): _plain(name, value) for name, value in told.items()}, **identity}


def _plain(name: str, value: Any) -> Any:
    if name == "updated_at":
        return str(value)
    if name == "address" and isinstance(value, dict):
        return value.get("formatted")
    return value


def _flat(claims: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in claims.items():
        flat |= _flat(value, f"{prefix}{name}.") if isinstance(value, dict) else {f"{prefix}{name}": value}
    return flat


def refused(message: str) -> LearnerError:
    return LearnerError(message, code="InvalidAuthHeader")
