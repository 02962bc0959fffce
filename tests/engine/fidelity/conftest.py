"""A learner's project that is deployed and called as on Convex: real TypeScript, JS process and store."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest_asyncio

from sandbox.engine import Deployment, close_pools

IMPORTS = """import { query, mutation, internalQuery, action } from "./_generated/server";
import { v, ConvexError } from "convex/values";
"""
SCHEMA_IMPORTS = """import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";
"""


class Project:
    """Functions of `convex/m.ts` are called by their bare names."""

    def __init__(self, deployment: Deployment) -> None:
        self.deployment = deployment
        self._revision = 0

    async def try_deploy(self, code: str = "", schema: str | None = None, files: dict[str, str] | None = None) -> str:
        """The problems' texts, empty when the project is live. `schema` is what stands in `defineSchema(…)`."""
        self._revision += 1
        project = {"convex/m.ts": IMPORTS + code, **(files or {})}
        if schema is not None:
            project["convex/schema.ts"] = f"{SCHEMA_IMPORTS}export default defineSchema({schema});\n"
        result = await self.deployment.deploy(self._revision, project)
        return "\n".join(problem.message for problem in result.problems)

    async def deploy(self, code: str = "", schema: str | None = None, files: dict[str, str] | None = None) -> None:
        assert await self.try_deploy(code, schema, files) == ""

    async def query(self, name: str, **args: Any) -> Any:
        outcome = await self.deployment.run_query(_path(name), args)
        assert outcome.error is None, outcome.error.message
        return outcome.value

    async def mutation(self, name: str, **args: Any) -> Any:
        outcome = await self.deployment.run_mutation(_path(name), args)
        assert outcome.error is None, outcome.error.message
        return outcome.value

    async def error(self, name: str, *, kind: str = "query", **args: Any) -> str:
        """The text of the error, without the lines that say where."""
        call = self.deployment.run_mutation if kind == "mutation" else self.deployment.run_query
        outcome = await call(_path(name), args)
        assert outcome.error is not None, outcome.value
        return "\n".join(line for line in outcome.error.message.split("\n") if not line.startswith("    at ")).rstrip()


def _path(name: str) -> str:
    return name if ":" in name else f"m:{name}"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def project(tmp_path_factory: Any, tools: Any) -> AsyncIterator[Project]:
    folder: Path = tmp_path_factory.mktemp("project")
    deployment = await Deployment.open(folder, tools=tools)
    yield Project(deployment)
    await deployment.close()
    await close_pools()
