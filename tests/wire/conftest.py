"""One project, behind the site's own URLs and behind `host`; and scripts that speak to it with the npm clients."""

from __future__ import annotations

import json
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from django.test import AsyncClient

from sandbox.engine import close_pools
from sandbox.gateway import keys, tokens
from sandbox.gateway.registry import registry
from tests.gateway.test_host import Hosted, host, write
from tests.wire.project import FILES

NAME = "wire"
ADMIN_KEY = "wire-tests|0123456789"


class Api:
    """Requests as clients make them. `token` is the JWT of alice, `admin_key` opens everything."""

    def __init__(self, deployment: Any) -> None:
        self.deployment = deployment
        self.base = f"/s/{tokens.issue(NAME).text}"
        self.token = keys.issue_identity(NAME, "alice")
        self.admin_key = keys.admin_key(NAME)
        self._client = AsyncClient()

    async def request(self, method: str, address: str, body: Any = None, **headers: str) -> Any:
        data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        kind = headers.pop("Content_Type", "application/json")
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self._client.generic(method, self.base + address, data, kind, headers=named)

    async def post(self, address: str, body: Any, **headers: str) -> Any:
        response = await self.request("POST", f"/api/{address}", body, **headers)
        return json.loads(response.content)

    async def call(self, kind: str, function: str, args: Any = None, **more: Any) -> Any:
        headers = more.pop("headers", {})
        return await self.post(kind, {"path": function, "args": {} if args is None else args, **more}, **headers)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def api(tools: Any) -> AsyncIterator[Api]:
    await registry.close_all()
    deployment = await registry.get(NAME)
    result = await deployment.deploy(1, FILES)
    assert result.ok, result.problems
    yield Api(deployment)
    await registry.close_all()
    await close_pools()


@pytest.fixture(scope="session")
def hosted(tools: Any, tmp_path_factory: Any) -> Iterator[Hosted]:
    """A `manage.py host` of the project."""
    folder = write(tmp_path_factory.mktemp("wire") / "app", FILES)
    with host(folder, "--admin-key", ADMIN_KEY) as hosted:
        yield hosted


def run_script(tools: Any, name: str, *arguments: str) -> list[str]:
    """The lines that a script prints, run by Deno with the packages of the front end."""
    folder = Path(__file__).parent
    sources = folder.parents[1] / "static" / "src"
    command = [str(tools.deno), "run", "--allow-all", str(folder / name), str(sources), *arguments]
    run = subprocess.run(command, capture_output=True, text=True, timeout=90, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout.splitlines()
