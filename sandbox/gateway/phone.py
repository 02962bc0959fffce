"""A pane of its own on another device: `/s/<token>/phone/<persona>/<key>/`, opened by a QR code.

The token is access, as for every pane. The key makes its bearer Alice or Bob of that deployment, so it is signed and
handed out only to whom the workspace belongs. The page is the pane's page, behind the same policy.
"""

from __future__ import annotations

from django.core import signing
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from sandbox.gateway import keys, tokens, views
from sandbox.gateway.keys import PERSONAS, Persona
from sandbox.gateway.registry import registry

_SALT = "sandbox.phone"


def address(deployment_id: str, persona: Persona) -> str:
    """Where this persona's pane opens on another device, as a path of this site. It ends with its token."""
    token = tokens.issue(deployment_id)
    return reverse("phone", args=[token.text, persona, _key(deployment_id, persona)])


@require_safe
@views.with_token
async def page(request: HttpRequest, token: tokens.Token, persona: str, key: str) -> HttpResponse:
    """The pane's page, which starts by itself."""
    who = _persona(token, persona, key)
    if who is None:
        return _refused()
    return await views.pane_page(request, token, who, start=reverse("phone-start", args=[token.text, who, key]))


@require_safe
@views.with_token
async def start(request: HttpRequest, token: tokens.Token, persona: str, key: str) -> HttpResponse:
    """What is live now and who the pane is; asked again and again, as no page around it tells."""
    who = _persona(token, persona, key)
    if who is None:
        return _refused()
    deployment = await registry.get(token.deployment_id)
    await deployment.follow()
    answer = {"revision": deployment.revision, "jwt": keys.issue_identity(token.deployment_id, who)}
    return _readable(JsonResponse(answer))


def _key(deployment_id: str, persona: Persona) -> str:
    return signing.Signer(salt=_SALT, sep=".").signature(f"{deployment_id} {persona}")


def _persona(token: tokens.Token, persona: str, key: str) -> Persona | None:
    who = next((known for known in PERSONAS if known == persona), None)
    signer = signing.Signer(salt=_SALT, sep=".")
    try:
        signer.unsign(f"{token.deployment_id} {who}.{key}")
    except signing.BadSignature:
        return None
    return who


def _refused() -> HttpResponse:
    text = "This link is not complete. Scan the code on the lesson page again.\n"
    return _readable(HttpResponse(text, status=403, content_type="text/plain; charset=utf-8"))


def _readable(response: HttpResponse) -> HttpResponse:
    """The page has an opaque origin."""
    response["Access-Control-Allow-Origin"] = "*"
    response["Cache-Control"] = "no-store"
    return response
