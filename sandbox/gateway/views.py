"""HTTP below /s/<token>/ for panes: their page and the learner's modules. Also the health of the server.

A view checks the token, asks, and answers; it decides nothing else. Nothing here reads a cookie (middleware.py).
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Coroutine, Mapping
from functools import wraps
from typing import Any, Concatenate

from asgiref.sync import sync_to_async
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.templatetags.static import static
from django.utils.safestring import mark_safe
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from sandbox.gateway import course, front_end, policy, safe_answers, tokens
from sandbox.gateway.keys import Persona

# A revision's text never changes, and its token dies first.
MODULE_MAX_AGE_S = tokens.LIFETIME_S

# What `convex codegen` writes for a browser, see docs/spec/codegen.md §2.
GENERATED = {
    "convex/_generated/api": 'export { anyApi as api, anyApi as internal } from "convex/server";\n',
    "convex/_generated/server": (
        "export { actionGeneric as action, httpActionGeneric as httpAction, internalActionGeneric as internalAction, "
        "internalMutationGeneric as internalMutation, internalQueryGeneric as internalQuery, "
        'mutationGeneric as mutation, queryGeneric as query } from "convex/server";\n'
    ),
    "convex/_generated/dataModel": "export {};\n",
}

Answer = Coroutine[Any, Any, HttpResponse]
TokenView = Callable[Concatenate[HttpRequest, tokens.Token, ...], Answer]


def with_token(view: TokenView) -> Callable[..., Answer]:
    """Replaces the `token` of the path by what it says. A token that is not good is answered with 403."""

    @csrf_exempt
    @wraps(view)
    async def checked(request: HttpRequest, token: str, **kwargs: Any) -> HttpResponse:
        try:
            found = tokens.read(token)
        except tokens.TokenRefused:
            text = "This link has expired. Reload the lesson page to get a new one.\n"
            response = HttpResponse(text, status=403, content_type="text/plain; charset=utf-8")
            # A pane must be able to read that it was refused.
            response["Access-Control-Allow-Origin"] = "*"
            return response
        return await view(request, found, **kwargs)

    return checked


async def health(request: HttpRequest) -> HttpResponse:
    """For whoever watches the server: it answers when the event loop does."""
    return HttpResponse("ok", content_type="text/plain")


@require_safe
@xframe_options_exempt
@with_token
async def frame(request: HttpRequest, token: tokens.Token, persona: Persona) -> HttpResponse:
    """The page inside a client pane, which waits for the page around it to start it."""
    return await pane_page(request, token, persona)


async def pane_page(request: HttpRequest, token: tokens.Token, persona: Persona, *, start: str = "") -> HttpResponse:
    """A page with an origin of its own; its policy is the wall around learner code.

    `start` is where a page that stands alone asks what to show.
    """
    nonce = secrets.token_urlsafe(16)
    revision = request.GET.get("revision", "")
    context = {
        "persona": persona,
        "persona_name": persona.capitalize(),
        "revision": revision if revision.isdecimal() else "",
        "nonce": nonce,
        "start": start,
        "import_map": _import_map(front_end.manifest().imports),
    }
    response = await sync_to_async(render)(request, "frame.html", context)
    response["Content-Security-Policy"] = policy.pane_policy(
        policy.origin_of(request), policy.socket_origin_of(request), nonce, token.deployment_id
    )
    response["Cache-Control"] = "no-store"
    return response


def _import_map(imports: Mapping[str, str]) -> str:
    addresses = {name: static(f"dist/{file}") for name, file in imports.items()}
    # Names and hashes of our own build; "<" is escaped all the same, so that nothing can end the script element.
    return mark_safe(json.dumps({"imports": addresses}).replace("<", "\\u003c"))  # noqa: S308


@require_safe
@with_token
async def module(request: HttpRequest, token: tokens.Token, revision: int, path: str) -> HttpResponse:
    """One module of a pane's code, as the browser of its author compiled it. `path` may lack its extension."""
    stem = path.removesuffix(".js").removesuffix(".ts")
    if stem in GENERATED:
        return safe_answers.module(GENERATED[stem], max_age_s=MODULE_MAX_AGE_S)
    for name in _candidates(path):
        code = await course.revision_code(token.deployment_id, revision, name)
        if code is not None:
            return safe_answers.module(code, max_age_s=MODULE_MAX_AGE_S)
    missing = f"throw new Error({json.dumps(f'There is no module {path} in revision {revision}.')});\n"
    response = safe_answers.module(missing, max_age_s=0)
    response.status_code = 404
    return response


def _candidates(path: str) -> list[str]:
    """The compiled files that an import of `path` may mean, as bundlers resolve it."""
    stem = path
    for extension in (".js", ".jsx", ".ts", ".tsx"):
        stem = stem.removesuffix(extension)
    return [f"{stem}.js", f"{path}.js", f"{path}/index.js"]
