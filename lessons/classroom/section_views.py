"""What an instructor does with class sections: the list, joining, the name. The table is in table_views.py."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from lessons.classroom import actions, join_codes
from lessons.classroom.access import access_instructor, access_section
from lessons.classroom.forms import SectionForm
from lessons.classroom.models import ClassSection, Enrollment
from lessons.navigation import show
from sandbox.gateway.policy import origin_of


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def sections(request: HttpRequest) -> HttpResponse:
    """The instructor's class sections, and the form that makes another one."""
    instructor = access_instructor(request.user)
    form = SectionForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        section = actions.create_section(instructor, form.cleaned_data["name"], form.cleaned_data["about"])
        return redirect("joining", section.pk)
    own = ClassSection.objects.filter(
        enrollments__person=instructor.person, enrollments__role=Enrollment.Role.INSTRUCTOR
    )
    learners = Count("enrollments", filter=Q(enrollments__role=Enrollment.Role.LEARNER))
    taught = ClassSection.objects.filter(pk__in=own.values("pk")).annotate(learners=learners)
    return show(request, "classroom/sections.html", {"sections": taught, "form": form}, current="class")


@login_required
@require_safe
def joining(request: HttpRequest, section_id: str) -> HttpResponse:
    """How to join: the code and its QR code, large enough for a projector."""
    return _joining(request, access_section(request.user, section_id), None)


@login_required
@require_POST
def rename(request: HttpRequest, section_id: str) -> HttpResponse:
    section = access_section(request.user, section_id)
    form = SectionForm(request.POST)
    if not form.is_valid():
        return _joining(request, section, form)
    actions.rename_section(section, form.cleaned_data["name"], form.cleaned_data["about"])
    return redirect("joining", section.pk)


@login_required
@require_POST
def renew_code(request: HttpRequest, section_id: str) -> HttpResponse:
    section = access_section(request.user, section_id)
    actions.renew_join_code(section)
    return redirect("joining", section.pk)


@login_required
@require_POST
def open_joining(request: HttpRequest, section_id: str) -> HttpResponse:
    """Opens joining with `open=1`, closes it with anything else."""
    section = access_section(request.user, section_id)
    actions.open_joining(section, is_open=request.POST.get("open") == "1")
    return redirect("joining", section.pk)


def _joining(request: HttpRequest, section: ClassSection, form: SectionForm | None) -> HttpResponse:
    address = origin_of(request) + reverse("join", args=[section.join_code])
    context = {
        "section": section,
        "form": form or SectionForm(initial={"name": section.name, "about": section.about}),
        "address": address,
        "picture": join_codes.picture(address),
        "learners": section.enrollments.filter(role=Enrollment.Role.LEARNER).count(),
    }
    return show(request, "classroom/joining.html", context, current="class")
