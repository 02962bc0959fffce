"""The site's own middleware: no cookies below /s/ and /d/, static files from where they lie, the policy per request."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from csp.middleware import CSPMiddleware, PolicyParts
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from whitenoise.middleware import WhiteNoiseMiddleware  # type: ignore[import-untyped]

from sandbox.engine import StoreUnavailable
from sandbox.gateway.policy import origin_of, site_directives, socket_origin_of

logger = logging.getLogger(__name__)

COOKIELESS_PREFIXES = ("/s/", "/d/")


class AsyncMiddleware:
    """What Django asks of a middleware that is only ever awaited."""

    sync_capable = False
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Awaitable[HttpResponseBase]]) -> None:
        self.get_response = get_response
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    async def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return await self.get_response(request)


class CookielessRoutes(AsyncMiddleware):
    """A token is the only proof below /s/: cookies are dropped before anyone can read them, and none is ever set."""

    async def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not request.path_info.startswith(COOKIELESS_PREFIXES):
            return await self.get_response(request)
        request.META.pop("HTTP_COOKIE", None)
        response = await self.get_response(request)
        response.cookies.clear()
        return response


class StoreFaults(AsyncMiddleware):
    """A page over a store that cannot be used says so; all other pages go on."""

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, StoreUnavailable):
            return None
        logger.error("%s: %s (%s)", request.path_info, exception.message, exception.__cause__)
        return render(request, "503.html", {"message": exception.message}, status=HTTPStatus.SERVICE_UNAVAILABLE)


class StaticFiles(WhiteNoiseMiddleware):
    """WhiteNoise with the whole body at once: under ASGI a streamed file goes through a thread piece by piece."""

    @staticmethod
    def serve(static_file: Any, request: HttpRequest) -> HttpResponse:
        found = static_file.get_response(request.method, request.META)
        body = b""
        if found.file is not None:
            with found.file as file:
                body = file.read()
        response = HttpResponse(body, status=int(found.status))
        del response["Content-Type"]
        for name, value in found.headers:
            response[name] = value
        return response


class SitePolicy(CSPMiddleware):
    """django-csp with a policy that names the request's own origin. A response that has a policy keeps it."""

    def get_policy_parts(
        self, request: HttpRequest, response: HttpResponseBase, report_only: bool = False
    ) -> PolicyParts:
        parts = super().get_policy_parts(request, response, report_only)
        if not report_only and parts.config is None:
            # A host that is not ours keeps the policy of the settings, which allows nothing.
            with contextlib.suppress(DisallowedHost):
                parts.config = site_directives(origin_of(request), socket_origin_of(request))
        return parts
