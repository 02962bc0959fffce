"""Who may upload a file: whoever holds an address that a function made within the last hour (semantics.md §10).

The address carries the time at which it was made and a seal over it, with a key that every process on the store has.
It may be used more than once, as on Convex.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets

from sandbox.engine.clock import Clock
from sandbox.engine.errors import LearnerError

VALID_S = 3600
_PURPOSE = b"upload"  # the store's secret seals other things, too
_NONCE_BYTES = 8


class UploadTokens:
    def __init__(self, store_secret: bytes, clock: Clock) -> None:
        self._key = hmac.new(store_secret, _PURPOSE, hashlib.sha256).digest()
        self._clock = clock

    def issue(self) -> str:
        body = self._now_s().to_bytes(8, "big") + secrets.token_bytes(_NONCE_BYTES)
        return (body + self._seal(body)).hex()

    def check(self, token: str) -> None:
        """Raises LearnerError `StorageTokenInvalid` or `StorageTokenExpired`."""
        try:
            raw = bytes.fromhex(token)
        except ValueError:
            raw = b""
        body, seal = raw[: 8 + _NONCE_BYTES], raw[8 + _NONCE_BYTES :]
        if not hmac.compare_digest(seal, self._seal(body)):
            raise LearnerError("Couldn't decode the StoreFileAuthorization token", code="StorageTokenInvalid")
        if self._now_s() - int.from_bytes(body[:8], "big") >= VALID_S:
            raise LearnerError("Store File Authorization expired", code="StorageTokenExpired")

    def _now_s(self) -> int:
        return self._clock.now_ns() // 1_000_000_000

    def _seal(self, body: bytes) -> bytes:
        return hmac.new(self._key, body, hashlib.sha256).digest()
