"""Who may sign in to a hosted project: the providers of its auth.config.ts, and their keys.

The keys of a provider are read when the project is deployed. Two places need no network: a `data:` address, and the
project's own HTTP actions, where Convex Auth keeps them. Any other host must be among those of `--allow-fetch`.
Texts and matching are those of Convex's backend; what a token must be is in host_tokens.py.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote_to_bytes

import jwt

from sandbox.engine import LearnerError
from sandbox.gateway.host_tokens import Keys, identity_of, refused, unverified, verified

Fetch = Callable[[str], Awaitable[bytes]]
"""The body that an address answers. Raises LearnerError with the reason when it cannot be had."""

ALGORITHMS = ("RS256", "ES256")


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

    @property
    def shown(self) -> str:
        """How Convex names it to whoever comes with a token of another."""
        if self.is_custom:
            return f"CustomJWT(issuer={self.issuer}, app_id={self.application_id or 'none'})"
        return f"OIDC(domain={self.issuer}, app_id={self.application_id})"

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
            issuer = _with_scheme(_text(entry, "issuer"))
            return cls(issuer, application_id, _text(entry, "jwks"), (algorithm,), True)
        return cls(_with_scheme(_text(entry, "domain")), _text(entry, "applicationID"), "", ALGORITHMS, False)

    def matches(self, issuer: str, audience: list[str]) -> bool:
        """Some providers leave the slash at the end of their domain away and have it in their tokens."""
        is_meant = self.application_id is None or self.application_id in audience
        return is_meant and _with_scheme(issuer).rstrip("/") == self.issuer.rstrip("/")

    async def keys(self, fetch: Fetch) -> Keys:
        """Its keys by their id. Raises LearnerError when they cannot be had or read."""
        address = self.jwks or await self._discover(fetch)
        try:
            body = _data(address) if address.startswith("data:") else await fetch(address)
        except ValueError:
            raise refused(
                "Invalid JWKS data URL. "
                "Check that the data URL is properly formatted and contains valid base64-encoded JSON."
            ) from None
        except LearnerError as error:
            raise refused(
                f"Could not fetch JWKS from URL '{address}': {error.message}. "
                "Check that the URL is correct and accessible."
            ) from None
        try:
            return {key.key_id: key for key in jwt.PyJWKSet.from_json(body.decode()).keys}
        except (jwt.PyJWTError, ValueError, TypeError, AttributeError):
            raise refused(
                f"Invalid JWKS response body from '{address}'. "
                "The response is not valid JSON or doesn't match the expected JWKS format."
            ) from None

    async def _discover(self, fetch: Fetch) -> str:
        """Where a provider of OpenID Connect has its keys."""
        try:
            found = json.loads(await fetch(f"{self.issuer.rstrip('/')}/.well-known/openid-configuration"))
            return str(found["jwks_uri"])
        except LearnerError as error:
            reason = error.message
        except (ValueError, KeyError, TypeError):
            reason = "its configuration names no jwks_uri"
        raise LearnerError(
            f"Auth provider discovery of {self.issuer} failed: {reason}", code="AuthProviderDiscoveryFailed"
        )


@dataclass(frozen=True, slots=True)
class _Known:
    """A provider with its keys, or with the reason why there are none."""

    provider: Provider
    keys: Keys = field(default_factory=dict)
    failure: LearnerError | None = None


class Providers:
    """The verifier of a hosted project. Empty until `load`."""

    def __init__(self, own: Callable[[str], Mapping[str, Any]], own_issuer: str) -> None:
        """`own` verifies the tokens of `own_issuer`, which are signed with the key of this data folder."""
        self._own = own
        self._own_issuer = own_issuer
        self._known: list[_Known] = []

    async def load(self, entries: Iterable[Any], fetch: Fetch) -> list[str]:
        """Takes the providers of an auth.config.ts, and says which of them cannot be used and why.

        Raises ProvidersUnusable; then those before stay.
        """
        providers = [Provider.parse(entry) for entry in entries]
        known: list[_Known] = []
        complaints: list[str] = []
        for provider in providers:
            try:
                known.append(_Known(provider, await provider.keys(fetch)))
            except LearnerError as error:
                known.append(_Known(provider, failure=error))
                complaints.append(f"nobody can sign in with {provider.issuer}: {error.message}")
        self._known = known
        return complaints

    def verify(self, token: str) -> Mapping[str, Any]:
        """The identity that functions see. Raises LearnerError with Convex's text."""
        issuer, audiences = unverified(token)
        if issuer == self._own_issuer:
            return self._own(token)
        for known in self._known:
            provider = known.provider
            if provider.matches(issuer, audiences):
                if known.failure is not None:
                    raise known.failure
                claims = verified(token, known.keys, provider.algorithms, is_custom=provider.is_custom)
                return identity_of(claims, is_custom=provider.is_custom)
        raise LearnerError(self._no_provider, code="NoAuthProvider")

    @property
    def _no_provider(self) -> str:
        if not self._known:
            return (
                "No auth provider found matching the given token (no providers configured). "
                "Check convex/auth.config.ts."
            )
        shown = ", ".join(known.provider.shown for known in self._known)
        return (
            "No auth provider found matching the given token. Check that your JWT's issuer and audience match "
            f"one of your configured providers: [{shown}]"
        )


def _with_scheme(address: str) -> str:
    return address if address.startswith(("https://", "http://")) else f"https://{address}"


def _text(entry: dict[str, Any], name: str) -> str:
    value = entry.get(name)
    if not isinstance(value, str) or not value:
        raise ProvidersUnusable(f"`{name}` of a provider must be a text (is an environment variable missing?)")
    return value


def _data(address: str) -> bytes:
    """What a `data:` address holds."""
    head, _, body = address.removeprefix("data:").partition(",")
    raw = unquote_to_bytes(body)
    return base64.b64decode(raw + b"=" * (-len(raw) % 4)) if head.endswith(";base64") else raw
