"""Who may sign in to a hosted project: the providers of its auth.config.ts, and the JWTs that they have signed.

The keys of a provider are read when the project is deployed. Two places need no network: a `data:` address, and the
project's own HTTP actions, where Convex Auth keeps them. Any other host must be among those of `--allow-fetch`.
Texts and matching are those of Convex's backend; which claims become what is docs/spec/runtime-abi.md §2.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_to_bytes

import jwt

from sandbox.engine import LearnerError

Fetch = Callable[[str], Awaitable[bytes]]
"""The body that an address answers. Raises LearnerError with the reason when it cannot be had."""

ALGORITHMS = ("RS256", "ES256")
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


class ProvidersUnusable(Exception):
    """auth.config.ts says something that cannot be. The message is for its author."""


@dataclass(frozen=True, slots=True)
class Provider:
    """One entry of `providers`. `jwks` is the address of its keys; "" for OpenID Connect, which has to be asked."""

    issuer: str
    application_id: str | None
    jwks: str
    algorithms: tuple[str, ...]
    is_custom: bool

    @classmethod
    def parse(cls, entry: Any) -> Provider:
        """Raises ProvidersUnusable."""
        if not isinstance(entry, dict):
            raise ProvidersUnusable("each of `providers` must be an object")
        if entry.get("type") == "customJwt":
            application_id = entry.get("applicationID")
            if application_id is not None:
                _text(entry, "applicationID")
            algorithm = _text(entry, "algorithm")
            if algorithm not in ALGORITHMS:
                raise ProvidersUnusable(f"the algorithm must be RS256 or ES256, not {algorithm}")
            return cls(_text(entry, "issuer"), application_id, _text(entry, "jwks"), (algorithm,), True)
        domain = _text(entry, "domain")
        issuer = domain if "://" in domain else f"https://{domain}"
        return cls(issuer, _text(entry, "applicationID"), "", ALGORITHMS, False)

    def matches(self, issuer: str, audience: list[str]) -> bool:
        """Some providers leave the slash at the end of their domain away and have it in their tokens."""
        is_meant = self.application_id is None or self.application_id in audience
        return is_meant and issuer.rstrip("/") == self.issuer.rstrip("/")

    async def keys(self, fetch: Fetch) -> Mapping[str | None, jwt.PyJWK]:
        """Its keys by their id. Raises LearnerError when they cannot be had or read."""
        address = self.jwks
        if not address:
            discovered = await fetch(f"{self.issuer.rstrip('/')}/.well-known/openid-configuration")
            address = _text_of(discovered, "jwks_uri")
        body = b"" if address.startswith("data:") else await fetch(address)
        try:
            body = body or _data(address)
            return {key.key_id: key for key in jwt.PyJWKSet.from_json(body.decode()).keys}
        except (jwt.PyJWTError, ValueError, TypeError, AttributeError) as error:
            raise LearnerError(f"its keys cannot be read ({error})", code="BadKeys") from None


class Providers:
    """The verifier of a hosted project. Empty until `load`."""

    def __init__(self, own: Callable[[str], Mapping[str, Any]], own_issuer: str) -> None:
        """`own` verifies the tokens of `own_issuer`, which are signed with the key of this data folder."""
        self._own = own
        self._own_issuer = own_issuer
        self._known: list[tuple[Provider, Mapping[str | None, jwt.PyJWK]]] = []

    async def load(self, entries: Iterable[Any], fetch: Fetch) -> list[str]:
        """Takes the providers of an auth.config.ts, and says which of them cannot be used and why.

        Raises ProvidersUnusable; then those before stay.
        """
        providers = [Provider.parse(entry) for entry in entries]
        known: list[tuple[Provider, Mapping[str | None, jwt.PyJWK]]] = []
        complaints: list[str] = []
        for provider in providers:
            try:
                known.append((provider, await provider.keys(fetch)))
            except LearnerError as error:
                known.append((provider, {}))
                complaints.append(f"nobody can sign in with {provider.issuer}: {error.message}")
        self._known = known
        return complaints

    def verify(self, token: str) -> Mapping[str, Any]:
        """The identity that functions see. Raises LearnerError with Convex's text."""
        try:
            header = jwt.get_unverified_header(token)
            claims = jwt.decode(token, options={"verify_signature": False})
        except jwt.PyJWTError:
            raise _refused("Could not parse as id token") from None
        issuer, audience = str(claims.get("iss", "")), claims.get("aud", [])
        if issuer == self._own_issuer:
            return self._own(token)
        audiences = [audience] if isinstance(audience, str) else [str(each) for each in audience or ()]
        for provider, keys in self._known:
            if provider.matches(issuer, audiences):
                return _identity(provider, _verified(token, provider, keys.get(header.get("kid"))))
        raise LearnerError("No auth provider found matching the given token", code="NoAuthProvider")


def _verified(token: str, provider: Provider, key: jwt.PyJWK | None) -> dict[str, Any]:
    if key is None:
        raise _refused("Could not verify token claim: it is signed with a key that its provider did not publish")
    options: Any = {"require": ["iss", "sub", "exp"], "verify_aud": False, "verify_iat": False}
    try:
        return jwt.decode(token, key, algorithms=list(provider.algorithms), options=options)
    except jwt.PyJWTError as error:
        raise _refused(f"Could not verify token claim: {error}") from None


def _identity(provider: Provider, claims: dict[str, Any]) -> dict[str, Any]:
    """Custom JWTs keep the names of their claims, with those of nested objects joined by dots."""
    issuer, subject = claims["iss"], claims["sub"]
    identity = {"tokenIdentifier": f"{issuer}|{subject}", "issuer": issuer, "subject": subject}
    told = {name: value for name, value in claims.items() if name not in _TOKEN_CLAIMS and value is not None}
    if provider.is_custom:
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


def _text(entry: dict[str, Any], name: str) -> str:
    value = entry.get(name)
    if not isinstance(value, str) or not value:
        raise ProvidersUnusable(f"`{name}` of a provider must be a text (is an environment variable missing?)")
    return value


def _text_of(body: bytes, name: str) -> str:
    try:
        return str(json.loads(body)[name])
    except (ValueError, KeyError, TypeError):
        raise LearnerError(f"its configuration names no {name}", code="BadKeys") from None


def _data(address: str) -> bytes:
    """What a `data:` address holds."""
    head, _, body = address.removeprefix("data:").partition(",")
    raw = unquote_to_bytes(body)
    return base64.b64decode(raw + b"=" * (-len(raw) % 4)) if head.endswith(";base64") else raw


def _refused(message: str) -> LearnerError:
    return LearnerError(message, code="InvalidAuthHeader")
