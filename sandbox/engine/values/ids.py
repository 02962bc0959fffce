"""Document ids: Crockford base32 of a table number, 16 bytes and a checksum.

Source: docs/spec/semantics.md §4. Whether the table exists is the store's question, not this module's.
"""

from __future__ import annotations

import base64
import binascii
from itertools import accumulate

from sandbox.engine.errors import LearnerError

UID_LENGTH = 16
USER_TABLE_NUMBER_MIN = 10_001
"""Tables below this number are the system's."""

OLD_ID_LENGTH = 22

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_LETTERS = frozenset(_ALPHABET)
_PAIRS = [first + second for first in _ALPHABET for second in _ALPHABET]
# `int(text, 32)` reads the digits 0-9a-v, so decoding renames the letters and lets it do the work.
_TO_BASE_32_DIGITS = str.maketrans(_ALPHABET, "0123456789abcdefghijklmnopqrstuv")
_TEXT_LENGTHS = range(31, 38)
_TABLE_NUMBER_BYTES_MAX = 5
_NS_PER_DAY = 86_400 * 1_000_000_000


def new_uid(random_bytes: bytes, now_ns: int) -> bytes:
    """The 16 bytes of a new document: 14 random ones, then the day since 1970 in two."""
    assert len(random_bytes) == UID_LENGTH - 2
    return random_bytes + (now_ns // _NS_PER_DAY & 0xFFFF).to_bytes(2, "big")


def encode_id(table_number: int, uid: bytes) -> str:
    """The `_id` string, 32 characters for user tables below number 16,384."""
    assert 0 < table_number < 1 << 32
    assert len(uid) == UID_LENGTH
    body = _variable_length(table_number) + uid
    return _base32(body + _checksum(body).to_bytes(2, "little"))


def decode_id(text: str) -> tuple[int, bytes]:
    """(table number, uid). Raises LearnerError (code InvalidId) whose message is Convex's reason.

    Strict: only the very string that `encode_id` makes is accepted.
    """
    length = len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))
    if length not in _TEXT_LENGTHS:
        raise _invalid(f"Invalid ID length {length}")
    if not _LETTERS.issuperset(text):
        raise _invalid("ID wasn't valid base32")
    body, is_canonical = _from_base32(text)
    table_number, uid_start = _read_table_number(body)
    uid_end = uid_start + UID_LENGTH
    uid, footer = body[uid_start:uid_end], body[uid_end : uid_end + 2]
    if len(footer) != 2:
        raise _invalid(f"Invalid ID length {length}")
    expected, found = _checksum(body[:uid_end]), int.from_bytes(footer, "little")
    if expected != found:
        raise _invalid(f"Invalid ID version {found} (expected {expected})")
    # The rest asks whether encoding would give this very string; Convex has the same text for all of it.
    if not is_canonical or uid_end + 2 != len(body) or body[:uid_start] != _variable_length(table_number):
        raise _invalid(f"Invalid ID length {length}")
    return table_number, uid


def uid_of_old_id(text: str) -> bytes | None:
    """The 16 bytes of an id as Convex wrote them before ids named their table: base64 for URLs; None for no such id."""
    if len(text) != OLD_ID_LENGTH or not text.isascii():
        return None
    try:
        uid = base64.b64decode(text + "==", altchars=b"-_", validate=True)
    except binascii.Error:
        return None
    return uid if base64.urlsafe_b64encode(uid) == text.encode() + b"==" else None


def _invalid(reason: str) -> LearnerError:
    return LearnerError(reason, code="InvalidId")


def _variable_length(number: int) -> bytes:
    out = bytearray()
    while number >= 0x80:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def _read_table_number(body: bytes) -> tuple[int, int]:
    """The number and where it ends. Bits beyond 32 are lost, as they are there; the re-encoding notices."""
    number = 0
    for place, byte in enumerate(body[:_TABLE_NUMBER_BYTES_MAX]):
        number |= (byte & 0x7F) << 7 * place
        if byte < 0x80:
            number &= 0xFFFFFFFF
            if number == 0:
                break
            return number, place + 1
    raise _invalid("Invalid table number")


def _checksum(body: bytes) -> int:
    """Fletcher-16 with modulus 256."""
    return (sum(accumulate(body)) & 0xFF) << 8 | sum(body) & 0xFF


def _base32(body: bytes) -> str:
    padding = -len(body) * 8 % 10
    bits = int.from_bytes(body, "big") << padding
    pairs = [_PAIRS[bits >> shift & 0x3FF] for shift in range(len(body) * 8 + padding - 10, -1, -10)]
    text = "".join(pairs)
    return text if padding < 5 else text[:-1]


def _from_base32(text: str) -> tuple[bytes, bool]:
    """The whole bytes of a text, and whether `_base32` would make the same text of them."""
    bits, length = len(text) * 5, len(text) * 5 // 8
    spare = bits - length * 8
    number = int(text.translate(_TO_BASE_32_DIGITS), 32)
    body = (number >> spare).to_bytes(length, "big")
    return body, spare < 5 and number & ((1 << spare) - 1) == 0
