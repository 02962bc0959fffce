"""Joining a class section by its code, seeing what that shows to whom, and leaving again."""

from __future__ import annotations

from django.contrib.auth import login
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from lessons import workspaces
from lessons.classroom import actions, join_codes
from lessons.classroom.access import access_enrollment
from lessons.classroom.models import ClassSection, Enrollment
from lessons.navigation import show
from lessons.pseudonyms import clean_pseudonym
from lessons.tries import TOO_MANY, address_of, codes_by_address

MODEL_BACKEND = "django.contrib.auth.backends.ModelBackend"


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def enter_code(request: HttpRequest) -> HttpResponse:
    """The code as somebody typed it; a right one leads to its section's door."""
    if request.method != "POST":
        return _ask(request)
    section = _find(request, request.POST.get("code", ""))
    if isinstance(section, HttpResponse):
        return section
    return redirect("join", section.join_code)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def join(request: HttpRequest, code: str) -> HttpResponse:
    """The door: whose class it is, what they will see, and the button. A pseudonym is asked of who has none."""
    section = _find(request, code)
    if isinstance(section, HttpResponse):
        return section
    person = request.user if request.user.is_authenticated else None
    enrollment = section.enrollments.filter(person=person).first() if person is not None else None
    if enrollment is not None:
        is_instructor = enrollment.role == Enrollment.Role.INSTRUCTOR
        return redirect("grid", section.pk) if is_instructor else redirect("account")
    if request.method != "POST":
        return _door(request, section)
    pseudonym = request.POST.get("pseudonym", "")
    if person is None:
        try:
            pseudonym = clean_pseudonym(pseudonym)
        except ValidationError as error:
            return _door(request, section, pseudonym, error.messages[0])
        person = workspaces.start_person(pseudonym)
        login(request, person, backend=MODEL_BACKEND)
    try:
        actions.join(section, person)
    except actions.SectionIsClosed:
        return _ask(request, _closed(), code)
    return redirect("course")


@require_POST
def leave(request: HttpRequest, section_id: str) -> HttpResponse:
    """A learner leaves: from now on the instructors see nothing of them."""
    actions.leave(access_enrollment(request.user, section_id))
    return redirect("account")


def _find(request: HttpRequest, text: str) -> ClassSection | HttpResponse:
    """The section that this code opens, or the page that says why there is none."""
    address = address_of(request.META)
    wait = codes_by_address.seconds_to_wait(address)
    if wait:
        said = _("Too many codes were tried from here. The next one works in %(seconds)d s.")
        return _ask(request, said % {"seconds": wait}, text, TOO_MANY)
    section = join_codes.find(text)
    if section is not None:
        return section
    codes_by_address.missed(address)
    return _ask(request, _closed(), text)


def _closed() -> str:
    return _("No class can be joined with this code. Ask your instructor whether it is the newest one.")


def _ask(request: HttpRequest, problem: str = "", code: str = "", status: int = 200) -> HttpResponse:
    """A form that comes back with a problem is an answer like any other; only waiting has a status of its own."""
    return show(request, "classroom/enter_code.html", {"problem": problem, "code": code}, status=status)


def _door(request: HttpRequest, section: ClassSection, pseudonym: str = "", problem: str = "") -> HttpResponse:
    teachers = section.enrollments.filter(role=Enrollment.Role.INSTRUCTOR).select_related("person")
    context = {
        "section": section,
        "instructors": [enrollment.person.pseudonym for enrollment in teachers],
        "pseudonym": pseudonym,
        "problem": problem,
    }
    return show(request, "classroom/join.html", context)
