"""A learner with actions, whose operations are answered by a few lines of Python."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest_asyncio

from sandbox.engine.errors import LearnerError
from sandbox.engine.runtime.actions.host import ActionHost
from sandbox.engine.runtime.actions.node_host import NodeHost
from sandbox.engine.runtime.actions.running import ActionCall
from sandbox.engine.runtime.call import CallResult, FunctionInfo
from sandbox.engine.runtime.compile import compile_project

IMPORTS = """import { query, mutation, action, internalAction, httpAction } from "./_generated/server";
import { api, internal } from "./_generated/api";
import { v, ConvexError } from "convex/values";
"""
NOW_MS = 1_700_000_000_000.0


def action(body: str, name: str = "f") -> str:
    """A module with one action, whose handler's body starts on line 6."""
    start = f"export const {name} = action(async function handler(ctx: any, args: any): Promise<any> {{"
    return f"{IMPORTS}{start}\n\n{body}\n}});\n"


class FakeOperations:
    """Answers "echo" with its text, "wait" when told to, refuses "refuse"; remembers what was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, Any]] = []
        self.arrived = asyncio.Event()
        self.released = asyncio.Event()

    async def until(self, count: int) -> None:
        """Waits until so many operations were asked for."""
        while len(self.asked) < count:
            self.arrived.clear()
            await self.arrived.wait()

    async def handle(self, op: str, text: str) -> str:
        self.asked.append((op, json.loads(text)))
        self.arrived.set()
        if op == "1.0/wait":
            await self.released.wait()
        if op == "1.0/refuse":
            raise LearnerError("refused")
        if op == "1.0/refuseWithData":
            raise LearnerError("refused", data={"n": 1}, has_data=True)
        if op == "1.0/bug":
            raise RuntimeError("ours")
        return text


class Actor:
    def __init__(self, tools: Any) -> None:
        self.tools = tools
        self.host = ActionHost(tools)
        self.operations = FakeOperations()

    async def deploy(self, **files: str) -> None:
        sources = {f"convex/{path}.ts": text for path, text in files.items()}
        self.host.use(await compile_project(sources, self.tools))

    async def call(self, path: str | None = "code:f", args: Any = None, *, seconds: float = 30.0) -> CallResult:
        text = json.dumps([args or {}])
        return await self.host.call(ActionCall(path, text, NOW_MS, 7), self.operations, seconds)

    async def result(self, body: str, args: Any = None, **options: Any) -> CallResult:
        self.operations = FakeOperations()
        await self.deploy(code=action(body))
        return await self.call("code:f", args, **options)

    async def run(self, body: str, args: Any = None, **options: Any) -> Any:
        """Deploys an action of this body, calls it, and returns its value; an error is raised."""
        result = await self.result(body, args, **options)
        if result.error is not None:
            raise result.error
        assert result.value_json is not None
        return json.loads(result.value_json)

    async def error(self, body: str, **options: Any) -> LearnerError:
        result = await self.result(body, **options)
        assert result.error is not None, result.value_json
        return result.error


class NodeActor:
    """The same for a project whose file "code" is one for Node."""

    def __init__(self, tools: Any) -> None:
        self.tools = tools
        self.host = NodeHost(tools)
        self.operations = FakeOperations()

    async def deploy(self, environment: dict[str, str] | None = None, **files: str) -> dict[str, FunctionInfo]:
        return await self.deploy_files({f"convex/{path}.ts": text for path, text in files.items()}, environment)

    async def deploy_files(
        self, files: dict[str, str], environment: dict[str, str] | None = None
    ) -> dict[str, FunctionInfo]:
        project = replace(await compile_project(files, self.tools), environment=environment or {})
        functions = await self.host.analyze(project)
        self.host.use(project)
        return functions

    async def call(self, path: str = "code:f", args: Any = None, **options: Any) -> CallResult:
        text = json.dumps([args or {}])
        return await self.host.call(ActionCall(path, text, NOW_MS, 7), self.operations, **options)

    async def result(self, body: str, args: Any = None, **options: Any) -> CallResult:
        """Deploys an action of this body and calls it. Its handler's body starts on line 6."""
        self.operations = FakeOperations()
        await self.deploy(code=f'"use node"; {action(body)}')
        return await self.call(args=args, **options)

    async def run(self, body: str, args: Any = None, **options: Any) -> Any:
        result = await self.result(body, args, **options)
        if result.error is not None:
            raise result.error
        assert result.value_json is not None
        return json.loads(result.value_json)

    async def error(self, body: str, **options: Any) -> LearnerError:
        result = await self.result(body, **options)
        assert result.error is not None, result.value_json
        return result.error


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def node(tools):
    actor = NodeActor(tools)
    yield actor
    await actor.host.close()


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def actor(tools):
    """One for a module of tests: use `pytestmark = pytest.mark.asyncio(loop_scope="module")`."""
    actor = Actor(tools)
    yield actor
    await actor.host.close()
