"""What the steps of a lesson ask: predictions, quizzes, own words, where the reader is, demonstrations that ran.

Each answer is a form of the page; the answer to it is the block as it is now. Bad input gets the block with a sentence.
"""

from __future__ import annotations

from typing import Any, TypeVar

from asgiref.sync import sync_to_async
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from lessons import answers, lesson_page, prose
from lessons.access import access_workspace, lesson_of
from lessons.lesson import Lesson
from lessons.models import Workspace
from lessons.requests import Refused, small_object
from lessons.steps import Demo, Option, Predict, Quiz, Words

WORDS_LENGTH_MAX = 4_000
DEMO_BYTES_MAX = 2_000

Kind = TypeVar("Kind", Predict, Quiz, Words, Demo)


@require_POST
async def read(request: HttpRequest, workspace_id: str) -> HttpResponse:
    """The reader is at `step`."""
    workspace = await access_workspace(await request.auser(), workspace_id)
    step = request.POST.get("step", "")
    if not step.isascii() or not step.isdigit() or not 1 <= int(step[:6]) <= len(lesson_of(workspace).steps):
        return HttpResponse(_("There is no such step."), status=400, content_type="text/plain")
    await sync_to_async(answers.read_step)(workspace, int(step))
    return HttpResponse(status=204)


@require_POST
async def predict(request: HttpRequest, workspace_id: str, name: str) -> HttpResponse:
    workspace = await access_workspace(await request.auser(), workspace_id)
    lesson = lesson_of(workspace)
    block = _block(lesson, name, Predict)
    choices = _choices(request, block.options)
    if len(choices) != 1:
        return await _shown(request, workspace, lesson, block, problem=_("Choose one answer first."))
    await sync_to_async(answers.predict)(workspace, name, choices[0], right=block.options[choices[0]].is_right)
    return await _shown(request, workspace, lesson, block)


@require_POST
async def quiz(request: HttpRequest, workspace_id: str, name: str) -> HttpResponse:
    workspace = await access_workspace(await request.auser(), workspace_id)
    lesson = lesson_of(workspace)
    block = _block(lesson, name, Quiz)
    choices = _choices(request, block.options)
    if not choices or (len(choices) > 1 and not block.has_several):
        return await _shown(request, workspace, lesson, block, problem=_("Choose an answer first."), again=True)
    right = choices == tuple(number for number, option in enumerate(block.options) if option.is_right)
    await sync_to_async(answers.answer)(workspace, name, choices, right=right)
    return await _shown(request, workspace, lesson, block)


@require_POST
async def quiz_again(request: HttpRequest, workspace_id: str, name: str) -> HttpResponse:
    """The question as it was before the first answer. Answers that were given stay kept."""
    workspace = await access_workspace(await request.auser(), workspace_id)
    lesson = lesson_of(workspace)
    return await _shown(request, workspace, lesson, _block(lesson, name, Quiz), again=True)


@require_POST
async def words(request: HttpRequest, workspace_id: str, name: str) -> JsonResponse:
    """Keeps what is written, long enough or not; says how far it is."""
    workspace = await access_workspace(await request.auser(), workspace_id)
    block = _block(lesson_of(workspace), name, Words)
    text = request.POST.get("text", "").replace("\r\n", "\n").replace("\x00", "")
    if len(text) > WORDS_LENGTH_MAX:
        message = _("That is too long to keep: at most %(most)s characters.") % {"most": WORDS_LENGTH_MAX}
        return JsonResponse({"message": message}, status=413)
    count = prose.count_words(text)
    await sync_to_async(answers.write_words)(workspace, name, text, count)
    missing = block.words_min - count
    message = (
        _("Kept for you and your instructor.")
        if missing <= 0
        else ngettext("Kept. One more word is needed.", "Kept. %(count)s more words are needed.", missing)
        % {"count": missing}
    )
    return JsonResponse({"count": count, "enough": missing <= 0, "message": message})


@require_POST
async def demo_ran(request: HttpRequest, workspace_id: str, name: str) -> JsonResponse:
    """A demonstration was run to its end. The body says what came of it, as a small JSON object."""
    workspace = await access_workspace(await request.auser(), workspace_id)
    block = _block(lesson_of(workspace), name, Demo)
    try:
        about = _about(request)
    except Refused as refused:
        return JsonResponse({"message": refused.message}, status=refused.status)
    await sync_to_async(answers.run_demo)(workspace, block.name, about)
    return JsonResponse({"kept": True})


def _about(request: HttpRequest) -> dict[str, Any]:
    """Raises Refused."""
    return small_object(request.body, DEMO_BYTES_MAX, _("That is too much to keep of a demonstration."))


async def _shown(
    request: HttpRequest,
    workspace: Workspace,
    lesson: Lesson,
    block: Predict | Quiz,
    *,
    problem: str = "",
    again: bool = False,
) -> HttpResponse:
    state = await sync_to_async(answers.of)(workspace)
    part = lesson_page.block(workspace, lesson, block, state, {})
    context = lesson_page.context(workspace, part, problem=problem, again=again, swapped=True)
    return render(request, part.template, context)


def _choices(request: HttpRequest, options: tuple[Option, ...]) -> tuple[int, ...]:
    """The numbers of the options that the form sent; nothing where one of them is none."""
    sent = request.POST.getlist("choice")
    known = [str(number) for number in range(len(options))]
    return tuple(sorted({int(one) for one in sent})) if all(one in known for one in sent) else ()


def _block(lesson: Lesson, name: str, kind: type[Kind]) -> Kind:
    block = lesson.block(name)
    if not isinstance(block, kind):
        raise Http404("No such block")
    return block
