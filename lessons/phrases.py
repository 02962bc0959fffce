"""The words that the lesson column's scripts say (static/src/lesson/phrases.ts), in the language of the request."""

from __future__ import annotations

from django.utils.translation import gettext as _


def spoken() -> dict[str, str]:
    """By the names of phrases.ts. Gaps are written {name}; the script fills them in."""
    return {
        "stillOpen": _("{name} is still open"),
        "hintPause": _("“{next}” opens in a moment. Try with this hint first."),
        "seconds": _("{seconds} s"),
        "hintOpens": _("“{next}” can be opened now, if it is wanted."),
        "copy": _("Copy"),
        "copied": _("Copied"),
        "blocksReady": _("Blocks to choose from"),
        "blocksChosen": _("Your order"),
        "noneReady": _("Every block is chosen."),
        "noneChosen": _("No block yet. Choose the first line."),
        "blockIn": _("Choose"),
        "blockUp": _("Move up"),
        "blockDown": _("Move down"),
        "blockOut": _("Take out"),
        "blockCheck": _("Check the order"),
        "blockKeys": _("Enter chooses a block or takes it out. Alt with an arrow key moves it."),
        "blockAt": _("{line} is block {at} of {count}."),
        "blockTakenOut": _("{line} is taken out."),
        "firstWrong": _("first wrong block"),
        "blocksNotChecked": _("The order could not be checked. Try again in a moment."),
        "notSent": _("That could not be sent. Nothing is lost; try again in a moment."),
        "stepOf": _("step {step} of {count}"),
        "wordsNotKept": _("Not kept yet: the server cannot be reached. It is tried again."),
    }
