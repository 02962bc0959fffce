"""What an instructor sees of one learner of theirs: attempts with verdicts, the latest revision, own words."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from lessons.classroom import actions, portrait
from lessons.classroom.access import access_learner
from lessons.classroom.models import Enrollment
from lessons.classroom.table import shown_name
from lessons.classroom.table_views import shows_aliases
from lessons.navigation import show


@login_required
@never_cache
@require_safe
def learner(request: HttpRequest, section_id: str, enrollment_id: int) -> HttpResponse:
    """The learner's page; `lesson=…` chooses one of their lessons."""
    enrollment = access_learner(request.user, section_id, enrollment_id)
    context = _context(request, enrollment) | {
        "portrait": portrait.of(enrollment.person, request.GET.get("lesson", ""), timezone.now())
    }
    return show(request, "classroom/learner.html", context, current="class")


@login_required
@never_cache
@require_safe
def panel(request: HttpRequest, section_id: str, enrollment_id: int) -> HttpResponse:
    """The same in short, beside the table."""
    enrollment = access_learner(request.user, section_id, enrollment_id)
    context = _context(request, enrollment) | {"sketch": portrait.sketch(enrollment, timezone.now())}
    return render(request, "classroom/_panel.html", context)


@login_required
@never_cache
@require_POST
def return_code(request: HttpRequest, section_id: str, enrollment_id: int) -> HttpResponse:
    """Makes a new return code for the learner and shows it once, to hand over."""
    enrollment = access_learner(request.user, section_id, enrollment_id)
    try:
        code = actions.hand_out_return_code(enrollment)
    except ValueError:
        return redirect("learner", enrollment.section_id, enrollment.pk)
    context = _context(request, enrollment) | {"code": code, "pseudonym": enrollment.person.pseudonym}
    return show(request, "classroom/return_code.html", context, current="class")


@login_required
@require_POST
def remove(request: HttpRequest, section_id: str, enrollment_id: int) -> HttpResponse:
    """Takes the learner out of the class; they keep their work."""
    enrollment = access_learner(request.user, section_id, enrollment_id)
    actions.leave(enrollment)
    return redirect("grid", enrollment.section_id)


def _context(request: HttpRequest, enrollment: Enrollment) -> dict[str, Any]:
    aliases = shows_aliases(request, enrollment.section)
    return {
        "section": enrollment.section,
        "enrollment": enrollment,
        "name": shown_name(enrollment, aliases=aliases),
        "aliases": aliases,
        "has_password": enrollment.person.has_usable_password(),
    }
