"""The environment variables of a hosted project: given at the start, and changed while it runs, as by `npx convex env`.

What a client with the admin key sets is kept in the deployment's store and stays until a start gives another value on
the command line. Addresses and shapes: docs/spec/sync-protocol.md §5.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from django.urls import URLPattern, path

from sandbox.engine import DeployError, Deployment, LearnerError, check_variable_name
from sandbox.gateway.http_api import Exchange, Find, Handler, endpoint
from sandbox.gateway.http_requests import Refusal, json_body

SetVariables = Callable[[Mapping[str, str]], Awaitable[None]]
"""Makes these the deployment's variables, and keeps them. Raises LearnerError and DeployError."""


def environment_routes(find: Find, set_variables: SetVariables) -> list[URLPattern]:
    def route(address: str, **handlers: Handler) -> list[URLPattern]:
        return [path(f"api/{below}{address}", endpoint(find, handlers)) for below in ("", "v1/")]

    async def update(exchange: Exchange) -> str:
        changes = _changes(_admin_body(exchange))
        await exchange.deployment.follow()
        changed = _changed(own_variables(exchange.deployment), changes)
        try:
            await set_variables(changed)
        except (LearnerError, DeployError) as error:
            raise Refusal(400, error.code, error.message) from None
        return ""

    async def list_all(exchange: Exchange) -> str:
        exchange.require_admin()
        await exchange.deployment.follow()
        return json.dumps({"environmentVariables": own_variables(exchange.deployment)})

    return [
        *route("update_environment_variables", POST=update),
        *route("list_environment_variables", GET=list_all),
    ]


def own_variables(deployment: Deployment) -> dict[str, str]:
    """Without those that every deployment has."""
    built_in = ("CONVEX_CLOUD_URL", "CONVEX_SITE_URL")
    return {name: value for name, value in deployment.environment.items() if name not in built_in}


def _admin_body(exchange: Exchange) -> dict[str, Any]:
    exchange.require_admin()
    return json_body(exchange.request)


def _changes(body: dict[str, Any]) -> list[tuple[str, str | None]]:
    """Name and value of each change; None takes the variable away."""
    changes = body.get("changes")
    if not isinstance(changes, list) or not all(_is_change(change) for change in changes):
        message = "Failed to deserialize the JSON body into the target type: expected `changes` with name and value"
        raise Refusal(400, "BadJsonBody", message)
    return [(change["name"], change.get("value")) for change in changes]


def _is_change(change: Any) -> bool:
    return (
        isinstance(change, dict) and isinstance(change.get("name"), str) and isinstance(change.get("value"), str | None)
    )


def _changed(variables: dict[str, str], changes: list[tuple[str, str | None]]) -> dict[str, str]:
    for name, value in changes:
        try:
            check_variable_name(name)
        except LearnerError as error:
            raise Refusal(400, error.code, error.message) from None
        if value is None:
            variables.pop(name, None)
        else:
            variables[name] = value
    return variables
