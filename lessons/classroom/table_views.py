"""The table of a class section: the page, what htmx swaps in it, the names switch, and the CSV file."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from lessons.classroom import csv_export
from lessons.classroom.access import access_section
from lessons.classroom.columns import parse_unfolded
from lessons.classroom.models import ClassSection
from lessons.classroom.section_socket import stamp
from lessons.classroom.table import table_of
from lessons.navigation import show

ROWS_AT_ONCE_MAX = 100
_ALIASES = "aliases-of-{}"


@login_required
@require_safe
def grid(request: HttpRequest, section_id: str) -> HttpResponse:
    """Learners × tasks, who needs help first. Complete without its script, which keeps it live."""
    section = access_section(request.user, section_id)
    return show(request, "classroom/grid.html", _context(request, section), current="class")


@login_required
@never_cache
@require_safe
def table(request: HttpRequest, section_id: str) -> HttpResponse:
    """The whole table again."""
    section = access_section(request.user, section_id)
    return render(request, "classroom/_table.html", _context(request, section))


@login_required
@never_cache
@require_safe
def rows(request: HttpRequest, section_id: str) -> HttpResponse:
    """Some rows, named by `row=…`, with what all rows together make: order, medians, summary."""
    section = access_section(request.user, section_id)
    wanted = {int(text) for text in request.GET.getlist("row")[:ROWS_AT_ONCE_MAX] if text.isascii() and text.isdigit()}
    context = _context(request, section)
    context["rows"] = [row for row in context["table"].rows if row.enrollment in wanted]
    return render(request, "classroom/_rows.html", context)


@login_required
@require_POST
def names(request: HttpRequest, section_id: str) -> HttpResponse:
    """Shows names or aliases in this browser until it is said otherwise, on every page of the section."""
    section = access_section(request.user, section_id)
    request.session[_ALIASES.format(section.pk)] = request.POST.get("names") == "aliases"
    back = request.POST.get("back", "")
    return redirect(back) if _is_below(back, section) else redirect("grid", section.pk)


@login_required
@never_cache
@require_safe
def export(request: HttpRequest, section_id: str) -> HttpResponse:
    """The table as a file for a spreadsheet: every task, unfolded."""
    section = access_section(request.user, section_id)
    aliases = shows_aliases(request, section)
    text = csv_export.write(table_of(section, timezone.now(), aliases=aliases, unfolded=csv_export.all_lessons()))
    response = HttpResponse(text, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="class-{section.pk}.csv"'
    return response


def shows_aliases(request: HttpRequest, section: ClassSection) -> bool:
    return bool(request.session.get(_ALIASES.format(section.pk)))


def _is_below(address: str, section: ClassSection) -> bool:
    return address.startswith(f"/teach/{section.pk}/") and "//" not in address and "\\" not in address


def _context(request: HttpRequest, section: ClassSection) -> dict[str, Any]:
    unfolded = request.GET.get("unfolded", "")
    aliases = shows_aliases(request, section)
    # Before the table: what is written in between is shown twice rather than never.
    known = stamp(section.pk)
    shown = table_of(section, timezone.now(), aliases=aliases, unfolded=parse_unfolded(unfolded))
    return {
        "section": section,
        "table": shown,
        "rows": shown.rows,
        "aliases": aliases,
        "stamp": known,
        "query": f"?unfolded={unfolded}" if parse_unfolded(unfolded) is not None else "",
    }
