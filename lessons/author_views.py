"""For authors, while the site runs with `start --dev`: whether the lesson files have changed since a page was made."""

from __future__ import annotations

from django.conf import settings
from django.http import Http404, HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from lessons import catalogue
from lessons.content_error import LessonFolderError


@require_safe
def changes(request: HttpRequest, slug: str) -> JsonResponse:
    """The state of all lesson files, and what is wrong with this lesson as it lies there now."""
    if not settings.LESSON_RELOAD:
        raise Http404("Lesson files are not followed here")
    stamp = catalogue.stamp()
    problem = ""
    try:
        if catalogue.lesson(slug) is None:
            problem = "\n".join(each.reason for each in catalogue.broken()) or "The lesson is gone."
    except LessonFolderError as error:
        problem = str(error)
    # As text: JavaScript's numbers do not hold nanoseconds.
    return JsonResponse({"stamp": str(stamp), "problem": problem})
