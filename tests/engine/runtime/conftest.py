"""A learner with a project, whose functions run over a transaction of a few lines."""

from __future__ import annotations

import json
from typing import Any

import pytest_asyncio

from sandbox.engine.errors import LearnerError
from sandbox.engine.runtime.compile import compile_project
from sandbox.engine.runtime.host import Analysis, Call, CallResult, JsHost, close_pools
from sandbox.engine.runtime.syscalls import Syscalls

IMPORTS = """import { query, mutation, internalMutation, action } from "./_generated/server";
import { v, ConvexError } from "convex/values";
"""
NOW_MS = 1_700_000_000_000.0


def query(body: str) -> str:
    """A module with one query `f`, whose handler's body starts on line 5."""
    start = "export const f = query(async function handler(ctx: any, args: any): Promise<any> {"
    return f"{IMPORTS}{start}\n\n{body}\n}});\n"


def mutation(body: str) -> str:
    return query(body).replace("= query(", "= mutation(")


class FakeStream:
    def __init__(self, documents: list[bytes]) -> None:
        self.documents = documents
        self.consumed: int | None = None
        self.batches: list[int] = []

    async def next(self, n: int) -> tuple[list[bytes], bool]:
        batch, self.documents = self.documents[:n], self.documents[n:]
        self.batches.append(len(batch))
        return batch, not self.documents

    def close(self, consumed: int | None) -> None:
        self.consumed = consumed


class FakeTransaction:
    """Holds `documents` for every query; remembers what was asked."""

    def __init__(self, documents: int = 0) -> None:
        self.rows = [json.dumps({"_id": f"row{number}", "n": number}).encode() for number in range(documents)]
        self.streams: list[FakeStream] = []
        self.plans: list[dict[str, Any]] = []
        self.written: list[tuple[Any, ...]] = []

    async def get(self, document_id: str, *, table: str | None, method: str = "get") -> bytes | None:
        if len(document_id) < 31:
            raise LearnerError(
                f"Invalid argument `id` for `db.{method}`: Unable to decode ID: Invalid ID length {len(document_id)}"
            )
        return None

    def open_query(self, plan: dict[str, Any]) -> FakeStream:
        if plan["source"].get("indexName") == "rows.nope":
            raise LearnerError("Index rows.nope not found.")
        self.plans.append(plan)
        self.streams.append(FakeStream(self.rows))
        return self.streams[-1]

    async def insert(self, table: str, value: dict[str, Any]) -> str:
        self.written.append(("insert", table, value))
        return f"id{len(self.written)}"

    async def patch(self, document_id: str, fields: dict[str, Any], *, table: str | None = None) -> None:
        self.written.append(("patch", document_id, fields))

    async def replace(self, document_id: str, value: dict[str, Any], *, table: str | None = None) -> None:
        self.written.append(("replace", document_id, value))

    async def delete(self, document_id: str, *, table: str | None = None) -> None:
        self.written.append(("delete", document_id))

    def normalize_id(self, table: str, text: str) -> str | None:
        return None


class Learner:
    """Deploys modules and calls their functions. `files` are keyed by module path: {"code": "…"}."""

    def __init__(self, tools: Any) -> None:
        self.tools = tools
        self.host = JsHost(tools)
        self.transaction = FakeTransaction()
        self.syscalls: Syscalls | None = None

    async def deploy(self, **files: str) -> Analysis:
        sources = {f"convex/{path}.ts": text for path, text in files.items()}
        return await self.host.load(await compile_project(sources, self.tools))

    async def call(
        self,
        path: str = "code:f",
        args: Any = None,
        *,
        kind: Any = "query",
        documents: int = 0,
        seed: int = 7,
        **syscalls: Any,
    ) -> CallResult:
        self.transaction = FakeTransaction(documents)
        self.syscalls = Syscalls(self.transaction, kind=kind, **{"identity": None, **syscalls})
        call = Call(kind, path, json.dumps([args or {}]), NOW_MS, seed, {"rows": 10001})
        return await self.host.call(call, self.syscalls)

    async def run(self, body: str, args: Any = None, **options: Any) -> Any:
        """Deploys a query (or mutation) of this body, calls it, and returns its value; an error is raised."""
        make = mutation if options.get("kind") == "mutation" else query
        await self.deploy(code=make(body))
        result = await self.call("code:f", args, **options)
        if result.error is not None:
            raise result.error
        assert result.value_json is not None
        return json.loads(result.value_json)

    async def error(self, body: str, **options: Any) -> LearnerError:
        try:
            value = await self.run(body, **options)
        except LearnerError as error:
            return error
        raise AssertionError(f"it returned {value!r}")

    async def log(self, body: str) -> list[str]:
        await self.deploy(code=query(body))
        result = await self.call()
        assert result.error is None, result.error
        return list(result.log_lines)


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def learner(tools):
    """One for a module of tests: use `pytestmark = pytest.mark.asyncio(loop_scope="module")`."""
    learner = Learner(tools)
    yield learner
    await learner.host.close()
    await close_pools()
