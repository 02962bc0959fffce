"""The table as CSV. What learners wrote must not become a formula in somebody's spreadsheet."""

from __future__ import annotations

import csv
import io

from django.utils.translation import gettext as _

from lessons import catalogue
from lessons.classroom.table import Table

# A byte order mark: without it Excel reads UTF-8 as something else.
MARK = "\ufeff"
_STARTS_OF_FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n")


def write(table: Table) -> str:
    """One line for each learner; three columns for each task: state, attempts, minutes."""
    text = io.StringIO()
    writer = csv.writer(text)
    head = [_("learner"), _("who needs help first, and why"), _("last activity")]
    for column in table.columns:
        head += [f"{column.label} {column.title}", f"{column.label} {_('attempts')}", f"{column.label} {_('minutes')}"]
    writer.writerow(map(harmless, head))
    for row in table.rows:
        line = [row.name, row.reason.text, row.last_at.isoformat(timespec="seconds") if row.last_at else ""]
        for cell in row.cells:
            line += [cell.word, str(cell.attempts), "" if cell.minutes is None else str(cell.minutes)]
        writer.writerow(map(harmless, line))
    return MARK + text.getvalue()


def harmless(text: str) -> str:
    """The text as a cell that no spreadsheet takes for a formula."""
    return f"'{text}" if text.lstrip(" ").startswith(_STARTS_OF_FORMULAS) else text


def all_lessons() -> frozenset[int]:
    return frozenset(listing.number for listing in catalogue.course())
