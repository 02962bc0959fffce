"""Addresses of a stand-alone deployment (`manage.py host`): what docs/spec/sync-protocol.md §5 puts at the root."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import path


async def version(request: HttpRequest) -> HttpResponse:
    """Clients and tools ask this to see whether a deployment is there."""
    response = HttpResponse("reactive-sandbox", content_type="text/plain; charset=utf-8")
    response["Access-Control-Allow-Origin"] = "*"
    return response


urlpatterns = [path("version", version)]
