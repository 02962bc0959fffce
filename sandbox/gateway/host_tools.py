"""What Convex's tools ask of a stand-alone deployment besides its functions: who it is, and what it does not do.

Whatever needs code or data to be pushed has no place here: the folder is the only source of the code. Such requests get
status 400 with the reason, which the command line shows as it is; after 404 it would ask six times.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Coroutine
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, re_path
from django.views.decorators.csrf import csrf_exempt

from sandbox.gateway import safe_answers
from sandbox.gateway.http_api import VERSION, Exchange, Find, endpoint, open_to_pages, other_method
from sandbox.gateway.http_requests import Refusal

GREETING = "This Convex deployment is running. See https://docs.convex.dev/."
_NO_PUSH = (
    "This deployment serves a folder: its code is deployed when `manage.py host` starts, and with --watch whenever a "
    "file changes. `npx convex dev` and `npx convex deploy` cannot push to it."
)
_NO_COPY = "This deployment neither exports nor imports snapshots: its data folder is what to copy."
_NO_INLINE = "This deployment runs no code but that of its folder: `--inline-query` is not supported."
_REFUSED = {
    **dict.fromkeys(("deploy2", "push_config", "get_config", "get_config_hashes", "prepare_schema"), _NO_PUSH),
    **dict.fromkeys(("import", "perform_import", "cancel_import", "export", "streaming_import"), _NO_COPY),
    "run_test_function": _NO_INLINE,
}


def tool_routes(find: Find, name: str) -> list[URLPattern]:
    """`name` is what the deployment calls itself. Comes last: it also answers for every address that there is not."""

    async def canonical_urls(exchange: Exchange) -> str:
        exchange.require_admin()
        deployment = exchange.deployment
        return json.dumps({"convexCloudUrl": deployment.origin, "convexSiteUrl": deployment.site_origin})

    return [
        path("", _text(GREETING)),
        path("instance_name", _text(name)),
        path("instance_version", _text(VERSION)),
        path("api/v1/get_canonical_urls", endpoint(find, {"GET": canonical_urls})),
        re_path(r"^api/(?P<first>[^/]*)", _no_such_address),
    ]


def _text(text: str) -> Callable[[HttpRequest], Coroutine[Any, Any, HttpResponse]]:
    @csrf_exempt
    async def view(request: HttpRequest) -> HttpResponse:
        if request.method not in ("GET", "HEAD"):
            return other_method(request, ("GET",))
        return open_to_pages(request, HttpResponse(text, content_type="text/plain; charset=utf-8"))

    return view


@csrf_exempt
async def _no_such_address(request: HttpRequest, first: str) -> HttpResponse:
    if request.method == "OPTIONS":
        return other_method(request, ())
    reason = _REFUSED.get(first)
    if reason is None:
        refusal = Refusal(404, "NotFound", f"There is nothing at {request.path}")
    else:
        refusal = Refusal(400, "NotSupported", reason)
    return open_to_pages(request, safe_answers.json_text(refusal.text, status=refusal.status))
