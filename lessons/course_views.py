"""The course map: where somebody is, what comes next, what they can prove."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from lessons import progress
from lessons.course_map import course_map
from lessons.navigation import show


@login_required(login_url="home")
@require_safe
def course(request: HttpRequest) -> HttpResponse:
    return show(request, "lessons/course.html", {"map": course_map(progress.journey(request.user))}, current="course")
