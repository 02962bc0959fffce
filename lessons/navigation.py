"""The line at the head of a page: Course, Laboratory, Class, and who is signed in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from lessons import catalogue
from lessons.models import Person


@dataclass(frozen=True, slots=True)
class Link:
    title: str
    address: str
    is_current: bool


def navigation(person: Person | None, current: str = "") -> list[Link]:
    """The places that this person has. `current` is the name of one of them. Asks the database once."""
    if person is None:
        return []
    links = [Link(_("Course"), reverse("course"), current == "course")]
    laboratory = laboratory_lesson()
    if laboratory is not None:
        links.append(Link(_("Laboratory"), reverse("laboratory", args=[laboratory]), current == "laboratory"))
    if hasattr(person, "instructor"):
        links.append(Link(_("Class"), reverse("teach"), current == "class"))
    return links


def laboratory_lesson() -> str | None:
    """The first lesson of the course that has an index laboratory."""
    lessons = (catalogue.lesson(listing.slug) for listing in catalogue.course() if listing.available)
    return next((lesson.slug for lesson in lessons if lesson is not None and lesson.laboratory is not None), None)


def show(
    request: HttpRequest, template: str, context: dict[str, Any], *, current: str = "", status: int = 200
) -> HttpResponse:
    """Renders a page of the site with its head line. For sync views."""
    person = request.user if request.user.is_authenticated else None
    head = {"person": person, "nav": navigation(person, current)}
    return render(request, template, {**head, **context}, status=status)
