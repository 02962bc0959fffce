"""What a project's auth.config.ts exports: it is code, so it runs where functions run, on a deployment of a moment."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sandbox.engine import DeployError, Deployment, Problem, Toolchain, bundle_auth_config
from sandbox.gateway.host_project import ProjectFolder

_READER = """import config from "./auth.config";
import { query } from "./_generated/server";
export const providers = query(async () => JSON.stringify(config?.providers ?? null));
"""


async def read_auth_config(
    tools: Toolchain, project: ProjectFolder, environment: Mapping[str, str]
) -> tuple[list[Any], tuple[str, ...]]:
    """Its `providers` (none without the file), and the files that it was made of. Raises DeployError."""
    bundle = await bundle_auth_config(tools, project.root, project.functions)
    if bundle is None:
        return [], ()
    with tempfile.TemporaryDirectory(prefix="sandbox-auth-") as folder:
        told = {name: value for name, value in environment.items() if not name.startswith("CONVEX_")}
        reader = await Deployment.open(
            Path(folder),
            tools=tools,
            origin=environment["CONVEX_CLOUD_URL"],
            site_origin=environment["CONVEX_SITE_URL"],
            environment=told,
        )
        try:
            result = await reader.deploy(1, {**bundle.files, "convex/reader.js": _READER})
            if not result.ok:
                raise DeployError("auth.config does not load", result.problems)
            outcome = await reader.run_query("reader:providers", {})
        finally:
            await reader.close()
    providers = json.loads(outcome.value) if outcome.ok else None
    if not isinstance(providers, list):
        message = "auth.config must have a default export with a list of `providers`."
        raise DeployError(message, (Problem(bundle.inputs[-1], 0, 0, message),))
    return providers, bundle.inputs
