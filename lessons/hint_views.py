"""What the hints of a task ask: opening a level, and checking the order of a Parsons exercise."""

from __future__ import annotations

from asgiref.sync import sync_to_async
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from lessons import answers, hint_page
from lessons.access import access_workspace, lesson_of, task_of
from lessons.hints import LEVELS, Parsons


@require_POST
async def hint(request: HttpRequest, workspace_id: str, number: int, level: int) -> HttpResponse:
    """Opens a level, or shows an open one again. One that is not open yet is refused in a sentence."""
    workspace = await access_workspace(await request.auser(), workspace_id)
    task = task_of(lesson_of(workspace), number)
    if not 1 <= level <= LEVELS:
        raise Http404("No such level")
    state = await sync_to_async(answers.of)(workspace)
    now = timezone.now()
    use = state.hints.get(number)
    highest = 0 if use is None else use.level
    wait = hint_page.seconds_to_wait(state, number, now)
    names = hint_page.words(task.hints)
    note = ""
    if level > highest + 1:
        note = _("“%(first)s” comes first.") % {"first": names[highest]}
    elif level == highest + 1 and wait:
        note = _("“%(next)s” opens in %(seconds)s s. Try with this hint first.") % {
            "next": names[level - 1],
            "seconds": wait,
        }
    if note:
        level = highest
    else:
        await sync_to_async(answers.open_hint)(workspace, number, level)
        state = await sync_to_async(answers.of)(workspace)
    shown = hint_page.shown(workspace, task, state, timezone.now(), level)
    return render(request, "lessons/steps/_hints.html", {"hints": shown, "note": note})


@require_POST
async def parsons(request: HttpRequest, workspace_id: str, number: int) -> JsonResponse:
    """Checks an order of blocks: `order` holds their numbers, separated by commas."""
    workspace = await access_workspace(await request.auser(), workspace_id)
    exercise = task_of(lesson_of(workspace), number).hints.parsons
    state = await sync_to_async(answers.of)(workspace)
    use = state.hints.get(number)
    if exercise is None or use is None or use.level < 4:
        raise Http404("No such exercise")
    lines = _lines(request.POST.get("order", ""), hint_page.blocks(workspace, number, exercise))
    if lines is None:
        return JsonResponse({"message": _("These are not the blocks of this exercise.")}, status=400)
    judged = hint_page.judge(exercise, lines)
    await sync_to_async(answers.order_lines)(workspace, number, right=judged.right)
    answer = {"right": judged.right, "good": judged.good, "wrong": judged.wrong, "message": judged.message}
    return JsonResponse(answer | ({"code": _code(exercise)} if judged.right else {}))


def _lines(order: str, blocks: list[str]) -> list[str] | None:
    """The text of each chosen block, or None where the numbers are none of ours or one comes twice."""
    known = {str(number): text for number, text in enumerate(blocks)}
    chosen = [number for number in order.split(",") if number] if len(order) < 1000 else ["?"]
    if len(set(chosen)) != len(chosen) or not set(chosen) <= known.keys():
        return None
    return [known[number] for number in chosen]


def _code(exercise: Parsons) -> str:
    return "\n".join(exercise.lines)
