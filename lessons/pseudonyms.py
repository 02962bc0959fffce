"""What a pseudonym may be: a short printable name. It is a name to show, not a way to sign in."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

PSEUDONYM_LENGTH_MAX = 40


def clean_pseudonym(text: str) -> str:
    """The pseudonym with its white space trimmed and folded. Raises ValidationError with a sentence for the page."""
    pseudonym = " ".join(text.split())
    validate_pseudonym(pseudonym)
    return pseudonym


def validate_pseudonym(pseudonym: str) -> None:
    if not pseudonym.strip():
        raise ValidationError(_("Enter a pseudonym: 1 to 40 characters."), code="required")
    if len(pseudonym) > PSEUDONYM_LENGTH_MAX:
        raise ValidationError(_("That pseudonym is too long. Use at most 40 characters."), code="max_length")
    # isprintable refuses control characters, line breaks and the invisible direction marks that can reorder a page.
    if not pseudonym.isprintable() or pseudonym != pseudonym.strip():
        raise ValidationError(_("A pseudonym holds only characters that can be seen."), code="invalid")
