"""The framing that esbuild's native binary speaks as `--service`: packets of a length and a tagged value.

That of esbuild's own JavaScript host, little-endian. A packet is a request or an answer; both sides number theirs.
"""

from __future__ import annotations

import struct
from typing import Any

from sandbox.engine.errors import EngineError

_UINT32 = struct.Struct("<I")


class PacketReader:
    """Cuts a stream of bytes into packets. `feed` may be given any pieces of it."""

    def __init__(self) -> None:
        self._unread = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """The packets that are whole now."""
        self._unread += data
        packets: list[bytes] = []
        start = 0
        while len(self._unread) >= start + 4:
            (length,) = _UINT32.unpack_from(self._unread, start)
            end = start + 4 + length
            if end > len(self._unread):
                break
            packets.append(bytes(self._unread[start + 4 : end]))
            start = end
        del self._unread[:start]
        return packets


def pack(number: int, value: dict[str, Any], *, is_answer: bool = False) -> bytes:
    body = _UINT32.pack(number << 1 | is_answer) + _pack(value)
    return _UINT32.pack(len(body)) + body


def _pack(value: Any) -> bytes:
    match value:
        case None:
            return b"\x00"
        case bool():
            return bytes((1, value))
        case int():
            return b"\x02" + _UINT32.pack(value)
        case str():
            return b"\x03" + _sized(value.encode())
        case bytes():
            return b"\x04" + _sized(value)
        case list():
            return b"\x05" + _UINT32.pack(len(value)) + b"".join(map(_pack, value))
        case dict():
            pairs = (_sized(key.encode()) + _pack(inner) for key, inner in value.items())
            return b"\x06" + _UINT32.pack(len(value)) + b"".join(pairs)
    raise TypeError(f"not for esbuild: {value!r}")


def _sized(raw: bytes) -> bytes:
    return _UINT32.pack(len(raw)) + raw


def unpack(packet: bytes) -> tuple[int, bool, dict[str, Any]]:
    """The number, whether it answers a request of ours (and is no request itself), and the value."""
    (number,) = _UINT32.unpack_from(packet)
    value, _ = _unpack_value(packet, 4)
    return number >> 1, bool(number & 1), value


def _unpack_value(packet: bytes, at: int) -> tuple[Any, int]:
    tag = packet[at]
    at += 1
    match tag:
        case 0:
            return None, at
        case 1:
            return packet[at] != 0, at + 1
        case 2:
            return _UINT32.unpack_from(packet, at)[0], at + 4
        case 3 | 4:
            raw, at = _unpack_sized(packet, at)
            return (raw.decode() if tag == 3 else raw), at
        case 5:
            return _unpack_list(packet, at)
        case 6:
            return _unpack_object(packet, at)
    raise EngineError(f"esbuild sent a value of unknown type {tag}", code="CompilerFailed")


def _unpack_sized(packet: bytes, at: int) -> tuple[bytes, int]:
    (length,) = _UINT32.unpack_from(packet, at)
    return packet[at + 4 : at + 4 + length], at + 4 + length


def _unpack_list(packet: bytes, at: int) -> tuple[list[Any], int]:
    (count,) = _UINT32.unpack_from(packet, at)
    at += 4
    items: list[Any] = []
    for _ in range(count):
        item, at = _unpack_value(packet, at)
        items.append(item)
    return items, at


def _unpack_object(packet: bytes, at: int) -> tuple[dict[str, Any], int]:
    (count,) = _UINT32.unpack_from(packet, at)
    at += 4
    pairs: dict[str, Any] = {}
    for _ in range(count):
        key, at = _unpack_sized(packet, at)
        pairs[key.decode()], at = _unpack_value(packet, at)
    return pairs, at
