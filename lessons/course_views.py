"""The course map: where somebody is, what comes next, what they can prove. And what they take away from it."""

from __future__ import annotations

import math

from asgiref.sync import sync_to_async
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from lessons import catalogue, certificate, pace, progress, take_away, workspaces
from lessons.course_map import CourseMap, course_map
from lessons.journey import Journey
from lessons.models import Person, Revision, Workspace
from lessons.navigation import show
from lessons.workspaces import Project
from sandbox.gateway import front_end


@login_required(login_url="home")
@require_safe
def course(request: HttpRequest) -> HttpResponse:
    return show(request, "lessons/course.html", {"map": course_map(progress.journey(request.user))}, current="course")


@login_required(login_url="home")
@never_cache
@require_safe
def completion(request: HttpRequest) -> HttpResponse:
    """The certificate, to print; or what is missing for it."""
    journey, course = _journey(request.user)
    context = {"map": course}
    if course.is_complete:
        issued = certificate.issue(request.user, journey, course)
        context |= {"statement": issued.statement, "proved_at": certificate.proved_at(issued.statement)}
    return show(request, "lessons/completion.html", context, current="course")


@login_required(login_url="home")
@never_cache
@require_safe
def certificate_file(request: HttpRequest) -> HttpResponse:
    """The signed JSON. Whoever has not proved everything is sent to the page that says what is missing."""
    journey, course = _journey(request.user)
    if not course.is_complete:
        return redirect("completion")
    text = certificate.issue(request.user, journey, course).to_json()
    response = HttpResponse(text, content_type="application/json; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="reactive-sandbox-certificate.json"'
    return response


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def verify(request: HttpRequest) -> HttpResponse:
    """For anybody who was shown a certificate: whether this site issued it, and what it says."""
    context: dict[str, object] = {"public_key": certificate.public_key(), "text": request.POST.get("certificate", "")}
    if request.method == "POST":
        try:
            statement = certificate.verify(request.POST.get("certificate", ""))
            context |= {"statement": statement, "proved_at": certificate.proved_at(statement)}
        except certificate.NotACertificate as error:
            context["problem"] = str(error)
    return show(request, "lessons/verify.html", context)


@require_safe
def certificate_key(request: HttpRequest) -> JsonResponse:
    """The public key as a JSON Web Key, for whoever verifies without this page."""
    key = {"kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": certificate.ALGORITHM, "x": certificate.public_key()}
    return JsonResponse(key)


@require_safe
async def download(request: HttpRequest, slug: str) -> HttpResponse:
    """One's own workspace of a lesson as a ready Convex project."""
    lesson = catalogue.lesson(slug)
    found = await sync_to_async(_last_project)(await request.auser(), slug)
    if lesson is None or found is None:
        raise Http404("No such project")
    project, revision = found
    wait = pace.seconds_to_wait(revision.workspace.person_id, 0)
    if wait:  # a download costs as much as a save
        said = _("You have saved or downloaded very often just now. The next one works in %(seconds)d s.")
        return HttpResponse(said % {"seconds": math.ceil(wait)}, status=429, content_type="text/plain; charset=utf-8")
    folder = take_away.folder_name(lesson)
    files = await take_away.project_files(lesson, project.files, front_end.toolchain())
    response = HttpResponse(take_away.pack(folder, files, revision.saved_at), content_type="application/zip")
    response["Content-Disposition"] = f'attachment; filename="{folder}.zip"'
    response["Cache-Control"] = "no-store"
    return response


def _journey(person: Person) -> tuple[Journey, CourseMap]:
    journey = progress.journey(person)
    return journey, course_map(journey)


def _last_project(user: Person, slug: str) -> tuple[Project, Revision] | None:
    """The latest revision of one's own workspace, or None for whoever has none."""
    workspace = Workspace.objects.filter(person_id=user.pk, lesson=slug).first() if user.is_authenticated else None
    if workspace is None:
        return None
    head = workspaces.head(workspace)
    return workspaces.read_project(head), head
