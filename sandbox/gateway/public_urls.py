"""Addresses below /d/<id>/: what a deployment shows to everybody who knows where it is, as on Convex."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from django.http import HttpRequest

from sandbox.gateway.file_routes import file_routes
from sandbox.gateway.http_requests import Refusal
from sandbox.gateway.public_http import http_routes
from sandbox.gateway.registry import exists, registry

if TYPE_CHECKING:
    from sandbox.engine import Deployment


@asynccontextmanager
async def deployment_of_id(request: HttpRequest, deployment_id: str) -> AsyncIterator[Deployment]:
    """The deployment that the path names. None is made for whoever asks for one."""
    if not exists(deployment_id):
        raise Refusal(404, "DeploymentNotFound", "There is no such deployment here.")
    async with registry.use(deployment_id) as deployment:
        yield deployment


urlpatterns = [
    # What `ctx.storage` gives: Convex's paths below the address of the deployment.
    *file_routes(deployment_of_id),
    *file_routes(deployment_of_id, "storage/"),
    *http_routes(deployment_of_id),
]
