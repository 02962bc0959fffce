"""Addresses below /s/<token>/."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from django.http import HttpRequest
from django.urls import path, re_path

from sandbox.gateway import phone, tokens, views
from sandbox.gateway.file_routes import file_routes
from sandbox.gateway.http_api import api_routes
from sandbox.gateway.http_requests import Refusal
from sandbox.gateway.registry import registry

if TYPE_CHECKING:
    from sandbox.engine import Deployment


@asynccontextmanager
async def deployment_of_token(request: HttpRequest, token: str) -> AsyncIterator[Deployment]:
    """The deployment that the token in the path is for."""
    try:
        found = tokens.read(token)
    except tokens.TokenRefused:
        text = "This link has expired. Reload the lesson page to get a new one."
        raise Refusal(403, "TokenExpired", text) from None
    async with registry.use(found.deployment_id) as deployment:
        yield deployment


urlpatterns = [
    re_path(r"^frame/(?P<persona>alice|bob)$", views.frame, name="pane-frame"),
    path("phone/<str:persona>/<str:key>/", phone.page, name="phone"),
    path("phone/<str:persona>/<str:key>/start", phone.start, name="phone-start"),
    path("app/<int:revision>/<path:path>", views.module, name="pane-module"),
    *api_routes(deployment_of_token),
    *file_routes(deployment_of_token),
]
