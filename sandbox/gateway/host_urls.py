"""Addresses of a stand-alone deployment (`manage.py host`): what docs/spec/sync-protocol.md §5 puts at the root."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from django.http import HttpRequest
from django.urls import URLPattern

from sandbox.engine import Deployment
from sandbox.gateway.file_routes import file_routes
from sandbox.gateway.host_environment import SetVariables, environment_routes
from sandbox.gateway.host_log import FunctionLog, log_routes
from sandbox.gateway.host_tools import tool_routes
from sandbox.gateway.http_api import api_routes


def url_patterns(
    deployment: Deployment, set_variables: SetVariables, log: FunctionLog, name: str
) -> tuple[URLPattern, ...]:
    """A URLconf: every address is about this deployment, which calls itself `name`."""

    @asynccontextmanager
    async def find(request: HttpRequest) -> AsyncIterator[Deployment]:
        yield deployment

    return (
        *api_routes(find),
        *file_routes(find),
        *environment_routes(find, set_variables),
        *log_routes(find, log),
        *tool_routes(find, name),
    )
