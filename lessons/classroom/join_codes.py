"""Join codes as people type them, and the section that one opens."""

from __future__ import annotations

import segno

from lessons.classroom.models import JOIN_CODE_ALPHABET, JOIN_CODE_LENGTH, ClassSection

TEXT_LENGTH_MAX = 60


def clean(text: str) -> str | None:
    """The code in this text, or None when it cannot be one. Small letters, spaces and hyphens do not matter."""
    code = "".join(sign for sign in text[:TEXT_LENGTH_MAX].upper() if sign.isalnum())
    if len(code) != JOIN_CODE_LENGTH or not set(code) <= set(JOIN_CODE_ALPHABET):
        return None
    return code


def find(text: str) -> ClassSection | None:
    """The section that can be joined by this code now."""
    code = clean(text)
    return None if code is None else ClassSection.objects.filter(join_code=code, is_open=True).first()


def picture(address: str) -> str:
    """The QR code of an address, as an SVG in a data address."""
    uri: str = segno.make(address, error="m").svg_data_uri(scale=8, border=2, dark="#000", light="#fff")
    return uri
