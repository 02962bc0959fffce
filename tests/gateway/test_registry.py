from __future__ import annotations

import asyncio
import time
from types import SimpleNamespace

import pytest

from sandbox.gateway import registry as module
from sandbox.gateway.registry import Registry, folder_of


class Slow:
    """A deployment whose opening and closing take a turn of the loop, and that knows whether it is open twice."""

    open_now: set[str] = set()  # noqa: RUF012

    def __init__(self, deployment_id):
        self.id = deployment_id
        self.jobs = SimpleNamespace(is_busy=False, next_job_ms=None, has_crons=False)

    @classmethod
    async def open(cls, deployment_id):
        await asyncio.sleep(0)
        assert deployment_id not in cls.open_now
        cls.open_now.add(deployment_id)
        return cls(deployment_id)

    async def close(self):
        await asyncio.sleep(0)
        self.open_now.remove(self.id)


@pytest.fixture
async def registry():
    Slow.open_now = set()
    yield (registry := Registry(Slow.open))
    await registry.close_all()
    assert not Slow.open_now


async def test_a_deployment_is_opened_once_for_all_who_ask(registry):
    first, *others = await asyncio.gather(*(registry.get("a") for _ in range(20)))
    assert all(other is first for other in others)


async def test_asking_while_it_closes_opens_it_again_afterwards(registry):
    first = await registry.get("a")
    closing = asyncio.create_task(registry.close("a"))
    await asyncio.sleep(0)
    assert await registry.get("a") is not first
    await closing


async def test_a_failed_opening_is_tried_again(registry):
    async def fail(deployment_id):
        raise OSError("no space")

    registry._opener = fail
    with pytest.raises(OSError, match="no space"):
        await registry.get("a")
    registry._opener = Slow.open
    assert (await registry.get("a")).id == "a"


async def test_who_hangs_up_does_not_stop_the_opening_for_others(registry):
    impatient = asyncio.create_task(registry.get("a"))
    patient = asyncio.create_task(registry.get("a"))
    await asyncio.sleep(0)
    impatient.cancel()
    assert (await patient).id == "a"


async def test_an_idle_deployment_is_closed(registry, monkeypatch):
    await registry.get("a")
    await registry.sweep()
    assert registry.open_ids == ["a"]
    monkeypatch.setattr(module, "IDLE_S", 0)
    await registry.sweep()
    assert registry.open_ids == []


async def test_a_used_deployment_stays_open(registry, monkeypatch):
    monkeypatch.setattr(module, "IDLE_S", 0)
    async with registry.use("a"):
        await registry.sweep()
        assert registry.open_ids == ["a"]
    await registry.sweep()
    assert registry.open_ids == []


@pytest.mark.parametrize("jobs", [{"is_busy": True}, {"next_job_ms": 0.0}, {"has_crons": True}])
async def test_a_deployment_with_jobs_stays_open(registry, monkeypatch, jobs):
    deployment = await registry.get("a")
    vars(deployment.jobs).update(jobs)
    monkeypatch.setattr(module, "IDLE_S", 0)
    await registry.sweep()
    assert registry.open_ids == ["a"]


async def test_cron_jobs_and_jobs_of_another_day_do_not_keep_it_open_for_ever(registry, monkeypatch):
    deployment = await registry.get("a")
    vars(deployment.jobs).update(has_crons=True, next_job_ms=(time.time() + 86_400) * 1000)
    monkeypatch.setattr(module, "IDLE_S", 0)
    monkeypatch.setattr(module, "CRONS_IDLE_S", 0)
    await registry.sweep()
    assert registry.open_ids == []


async def test_what_has_jobs_is_opened_in_time_for_them(registry, settings, tmp_path):
    settings.DATA_DIR = tmp_path
    now_ms = int(time.time() * 1000)
    marks = {"past": str(now_ms - 5000), "soon": str(now_ms + 1000), "later": str(now_ms + 86_400_000), "torn": ""}
    for name, text in marks.items():
        (tmp_path / "stores" / name).mkdir(parents=True)
        (tmp_path / "stores" / name / "jobs.due").write_text(text)
    await registry.open_what_is_due()
    assert sorted(registry.open_ids) == ["past", "soon", "torn"]


async def test_a_deployment_that_cannot_be_opened_does_not_hold_up_the_others(registry, settings, tmp_path):
    settings.DATA_DIR = tmp_path

    async def open_all_but_a(deployment_id):
        if deployment_id == "a":
            raise OSError("no space")
        return await Slow.open(deployment_id)

    registry._opener = open_all_but_a
    for name in ("a", "b"):
        (tmp_path / "stores" / name).mkdir(parents=True)
        (tmp_path / "stores" / name / "jobs.due").write_text("1")
    await registry.open_what_is_due()
    assert registry.open_ids == ["b"]


async def test_of_too_many_the_longest_unused_close_first(registry, monkeypatch):
    monkeypatch.setattr(module, "OPEN_MAX", 2)
    monkeypatch.setattr(module, "GRACE_S", 0)
    for name in ("a", "b", "c"):
        await registry.get(name)
    await registry.get("a")
    await registry.sweep()
    assert sorted(registry.open_ids) == ["a", "c"]


def test_a_second_event_loop_is_refused():
    registry = Registry(Slow.open)
    Slow.open_now = set()
    loop = asyncio.new_event_loop()
    loop.run_until_complete(registry.get("a"))
    with pytest.raises(RuntimeError, match="another event loop"):
        asyncio.run(registry.get("a"))
    loop.run_until_complete(registry.close_all())
    loop.close()


def test_after_closing_all_another_loop_may_begin():
    registry = Registry(Slow.open)
    Slow.open_now = set()

    async def once():
        await registry.get("a")
        await registry.close_all()

    asyncio.run(once())
    asyncio.run(once())


@pytest.mark.parametrize("deployment_id", ["", "..", "a/b", "../secret", "A", "a.b", "a" * 65, "a\n"])
def test_an_id_never_leaves_the_folder_of_stores(deployment_id):
    with pytest.raises(ValueError, match="not a deployment id"):
        folder_of(deployment_id)
