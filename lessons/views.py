"""The pages outside a workspace: the first page, and the door to the course."""

from __future__ import annotations

from asgiref.sync import sync_to_async
from django.contrib.auth import alogin
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from lessons import catalogue, progress, workspaces
from lessons.course_map import next_of
from lessons.navigation import navigation
from lessons.pseudonyms import clean_pseudonym

MODEL_BACKEND = "django.contrib.auth.backends.ModelBackend"


@require_safe
async def home(request: HttpRequest) -> HttpResponse:
    return await _home(request)


@require_POST
async def start(request: HttpRequest) -> HttpResponse:
    """A pseudonym is enough: this browser's session is the person, and the course opens."""
    first = next(listing for listing in catalogue.course() if listing.available)
    # Whoever is somebody already keeps that work; a second press of the button must not lose it.
    if (await request.auser()).is_anonymous:
        pseudonym = request.POST.get("pseudonym", "")
        try:
            pseudonym = clean_pseudonym(pseudonym)
        except ValidationError as error:
            return await _home(request, pseudonym=pseudonym, problem=error.messages[0], status=400)
        person = await sync_to_async(workspaces.start_person)(pseudonym)
        await alogin(request, person, backend=MODEL_BACKEND)
    return redirect("learn", slug=first.slug)


def _is_operator(request: HttpRequest) -> bool:
    """Whoever sits at the machine itself may read what is wrong with its lesson packs."""
    return request.META.get("REMOTE_ADDR") in {"127.0.0.1", "::1"}


async def _home(request: HttpRequest, *, pseudonym: str = "", problem: str = "", status: int = 200) -> HttpResponse:
    user = await request.auser()
    person = user if user.is_authenticated else None
    context = {
        "lessons": catalogue.course(),
        "person": person,
        "nav": await sync_to_async(navigation)(person),
        "next": None if person is None else next_of(await sync_to_async(progress.journey)(person)),
        "left_out": catalogue.broken() if _is_operator(request) else (),
        "pseudonym": pseudonym,
        "problem": problem,
    }
    return render(request, "home.html", context, status=status)
