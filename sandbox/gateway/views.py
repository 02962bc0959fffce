"""HTTP of a deployment, below /s/<token>/. A view checks the token, asks, and answers; it decides nothing else."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse


async def health(request: HttpRequest) -> HttpResponse:
    """For whoever watches the server: it answers when the event loop does."""
    return HttpResponse("ok", content_type="text/plain")
