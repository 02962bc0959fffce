"""Two `host`s on one data folder: of one project they work together, of two the second is refused."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from sandbox.engine import FetchPolicy, LearnerError, close_pools
from sandbox.gateway.host_claim import ServedElsewhere, claim
from sandbox.gateway.host_project import ProjectFolder
from sandbox.gateway.hosted import HostedProject, HostOptions
from tests.gateway.test_host import PROJECT, host, refusal, write
from tests.gateway.test_host_providers import custom, token


def test_a_claim_holds_against_other_projects_until_the_last_lets_go(tmp_path: Path):
    first, second = claim(tmp_path, Path("/one")), claim(tmp_path, Path("/one"))
    os.close(first)
    with pytest.raises(ServedElsewhere, match=r"is in use for the project in /one; .*--data"):
        claim(tmp_path, Path("/two"))
    os.close(second)
    os.close(claim(tmp_path, Path("/two")))
    os.close(claim(tmp_path, Path("/a")))


@pytest.mark.slow
def test_another_project_on_the_same_data_is_refused(tools: Any, tmp_path: Path):
    with host(write(tmp_path / "app", PROJECT)) as hosted:
        said = refusal(write(tmp_path / "other", PROJECT), "--data", str(hosted.data))
    assert "is in use for the project in" in said
    assert len(said.strip().splitlines()) == 1


# --- who may sign in


@pytest_asyncio.fixture
async def pair(tools: Any, tmp_path: Path) -> AsyncIterator[list[HostedProject]]:
    folder = write(tmp_path / "app", PROJECT)
    pair = []
    for _ in range(2):
        options = HostOptions(
            name="app",
            data=tmp_path / "data",
            admin_key="app|1",
            origin="http://127.0.0.1:1",
            site_origin="http://127.0.0.1:2",
            environment={},
            fetch_policy=FetchPolicy.of([]),
        )
        pair.append(HostedProject(ProjectFolder.find(folder), tools, options, lambda line: None))
        await pair[-1].open()
    yield pair
    await asyncio.gather(*(hosted.close() for hosted in pair))
    await close_pools()


def who(hosted: HostedProject) -> str | None:
    try:
        return str(hosted.deployment.callers.user(token()).identity["subject"])
    except LearnerError:
        return None


async def test_people_sign_in_at_both_when_one_has_deployed(pair: list[HostedProject]):
    first, second = pair
    assert (await first.deploy()).ok
    await second.deployment.follow()
    assert (who(first), who(second)) == (None, None)
    config = {"convex/auth.config.ts": f"export default {{ providers: [{custom()!r}] }};\n"}
    write(first.project.root, config)
    assert (await first.deploy()).ok
    assert who(first) == "ann"
    await second.deployment.follow()  # or the poll was quicker
    await asyncio.gather(*second._following)
    assert who(second) == "ann"
