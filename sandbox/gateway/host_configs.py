"""What a project's auth.config.ts and convex.config.ts export: code, so it runs where functions run, on a deployment of
a moment.

Of convex.config.ts only this is used: which components it asks for, which are not available here, and which environment
variables it declares, so that those which are missing can be named.
"""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.engine import DeployError, Deployment, Problem, Toolchain, bundle_config
from sandbox.gateway.host_project import ProjectFolder

_AUTH = """import config from "./auth.config";
import { query } from "./_generated/server";
export const told = query(async () => JSON.stringify(config?.providers ?? null));
"""
# Convex's bundler puts a path and a name on each definition of a component, without which an app does not take it.
_DEFINITIONS = """for (const [name, get] of Object.entries({
  componentDefinitionPath() { return "component"; },
  defaultName() { return this._name; },
})) Object.defineProperty(Object.prototype, name, { get });
export {};
"""
# The names with an underscore are those of npm's `convex`, of which this is our own copy.
_APP = """import "./definitions";
import app from "./convex.config";
import { query } from "./_generated/server";
const variables = Object.entries(app?._env ?? {});
export const told = query(async () => JSON.stringify({
  components: (app?._childComponents ?? []).map(([name]) => `${name}`),
  variables: variables.map(([name, v]) => [name, { fieldType: v.json, optional: v.isOptional === "optional" }]),
}));
"""


_VARIABLE = re.compile(r'\bprocess\.env(?:\.([A-Za-z_]\w*)|\["([A-Za-z_]\w*)"\])')


@dataclass(frozen=True, slots=True)
class AuthConfig:
    """`inputs` are the files that it was made of, `unset` the environment variables that it asks for in vain."""

    providers: list[Any]
    inputs: tuple[str, ...] = ()
    unset: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AppConfig:
    """`variables` has what is wrong with a declared environment variable, by its name: None when it is not set."""

    components: tuple[str, ...]
    variables: Mapping[str, str | None]


async def read_auth_config(tools: Toolchain, project: ProjectFolder, environment: Mapping[str, str]) -> AuthConfig:
    """Without the file there are no providers. Raises DeployError."""
    bundle = await bundle_config(tools, project.root, project.functions, "auth.config")
    if bundle is None:
        return AuthConfig([])
    providers = await _told(tools, {**bundle.files, "convex/reader.js": _AUTH}, environment)
    if not isinstance(providers, list):
        message = "auth.config must have a default export with a list of `providers`."
        raise DeployError(message, (Problem(bundle.inputs[-1], 0, 0, message),))
    code = "\n".join(text for path, text in bundle.files.items() if path.endswith(".js"))
    asked = dict.fromkeys(plain or quoted for plain, quoted in _VARIABLE.findall(code))
    return AuthConfig(providers, bundle.inputs, tuple(name for name in asked if name not in environment))


async def read_app_config(tools: Toolchain, project: ProjectFolder, environment: Mapping[str, str]) -> AppConfig | None:
    """None without convex.config.ts. Raises DeployError."""
    bundle = await bundle_config(tools, project.root, project.functions, "convex.config")
    if bundle is None:
        return None
    told = await _told(
        tools, {**bundle.files, "convex/definitions.js": _DEFINITIONS, "convex/reader.js": _APP}, environment
    )
    if told is None:
        raise DeployError("convex.config must have an app as its default export.")
    declared: dict[str, Any] = dict(told["variables"])
    return AppConfig(tuple(told["components"]), dict(_faults(declared, environment)))


def _faults(declared: dict[str, Any], environment: Mapping[str, str]) -> Iterator[tuple[str, str | None]]:
    for name, field in declared.items():
        value, allowed = environment.get(name), _literals(field["fieldType"])
        if value is None:
            if not field["optional"]:
                yield name, None
        elif allowed is not None and value not in allowed:
            yield name, f"must be {' or '.join(sorted(allowed))}, not {value}"


def _literals(validator: dict[str, Any]) -> set[str] | None:
    """The texts that a variable may be. None: any."""
    match validator["type"]:
        case "literal":
            return {str(validator["value"])}
        case "union":
            members = [_literals(member) for member in validator["value"]]
            return None if None in members else {text for member in members for text in member or ()}
    return None


async def _told(tools: Toolchain, files: Mapping[str, str], environment: Mapping[str, str]) -> Any:
    """What the query `told` of reader.js answers as JSON; None when it fails. Raises DeployError."""
    with tempfile.TemporaryDirectory(prefix="sandbox-config-") as folder:
        reader = await Deployment.open(
            Path(folder),
            tools=tools,
            origin=environment["CONVEX_CLOUD_URL"],
            site_origin=environment["CONVEX_SITE_URL"],
            environment={name: value for name, value in environment.items() if not name.startswith("CONVEX_")},
        )
        try:
            result = await reader.deploy(1, files)
            if not result.ok:
                raise DeployError("The configuration does not load", result.problems)
            outcome = await reader.run_query("reader:told", {})
        finally:
            await reader.close()
    return json.loads(outcome.value) if outcome.ok else None
