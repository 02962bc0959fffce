"""The words that the lesson column's scripts say (static/src/lesson/phrases.ts), in the language of the request."""

from __future__ import annotations

from django.utils.translation import gettext as _


def spoken() -> dict[str, str]:
    """By the names of phrases.ts. Gaps are written {name}; the script fills them in."""
    return {
        "stillOpen": _("{name} is still open"),
        "stepOf": _("step {step} of {count}"),
        "wordsNotKept": _("Not kept yet: the server cannot be reached. It is tried again."),
    }
