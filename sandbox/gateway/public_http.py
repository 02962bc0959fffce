"""HTTP actions on the classroom's site, below /d/<id>/http/: a request becomes one for http.ts, and back.

They share the site's origin, so what they answer leaves through safe_answers.py: a browser never takes it for a page of
the site. Cookies were dropped before (middleware.py); who asks is said by a JWT alone, as in http_actions.py.
"""

from __future__ import annotations

import logging
import secrets

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, re_path
from django.views.decorators.csrf import csrf_exempt

from sandbox.engine import (
    HttpActionRequest,
    HttpActionResponse,
    RequestMetadata,
    RunnerRefused,
    StoreUnavailable,
    limits,
)
from sandbox.gateway import safe_answers
from sandbox.gateway.http_actions import identity_of
from sandbox.gateway.http_api import Find, internal_error, store_unavailable
from sandbox.gateway.http_requests import Refusal
from sandbox.gateway.policy import origin_of

logger = logging.getLogger(__name__)

PREFIX = "http"


def http_routes(find: Find) -> list[URLPattern]:
    """The addresses of all HTTP actions of a deployment, ready for a URLconf."""

    @csrf_exempt
    async def view(request: HttpRequest, **place: str) -> HttpResponse:
        try:
            async with find(request, **place) as deployment:
                asked = _asked(request)
                identity = identity_of(deployment, dict(asked.headers))
                response = await deployment.http_action(asked, identity=identity, metadata=_metadata(request))
                return _answer(request, response)
        except Refusal as refusal:
            return safe_answers.json_text(refusal.text, status=refusal.status)
        except StoreUnavailable as error:
            return safe_answers.json_text(store_unavailable(error).text, status=503)
        except RunnerRefused as error:
            logger.error("The deployment does not run: %s", error.message)
        except Exception:
            logger.exception("An HTTP action failed")
        return internal_error()

    return [re_path(rf"^{PREFIX}(?:/.*)?$", view)]


def _asked(request: HttpRequest) -> HttpActionRequest:
    """`http.ts` sees the path below the prefix, as it was sent."""
    scope = getattr(request, "scope", {})
    raw_path = bytes(scope.get("raw_path") or request.path.encode()).decode("latin-1").partition("?")[0]
    *_, path = raw_path.split("/", 4)  # /d/<id>/http/<path>
    query = request.META.get("QUERY_STRING", "")
    url = f"{origin_of(request)}/{path if raw_path.count('/') > 3 else ''}{'?' if query else ''}{query}"
    body = request.read(limits.HTTP_BODY_BYTES_MAX + 1)
    headers = tuple((name.lower(), value) for name, value in request.headers.items() if name.lower() != "cookie")
    return HttpActionRequest(request.method or "GET", url, headers, body)


def _metadata(request: HttpRequest) -> RequestMetadata:
    return RequestMetadata(
        ip=request.META.get("REMOTE_ADDR"),
        user_agent=request.headers.get("User-Agent"),
        request_id=secrets.token_hex(8),
    )


def _answer(request: HttpRequest, response: HttpActionResponse) -> HttpResponse:
    own_hosts = {request.get_host(), *settings.ALLOWED_HOSTS}
    body = b"" if request.method == "HEAD" else response.body
    return safe_answers.answer(body, status=response.status, headers=response.headers, own_hosts=own_hosts)
