"""What one deployment may keep on disk: clear refusals, a way out, and a log that large commits do not blow up."""

from __future__ import annotations

import json
import secrets

import pytest

from sandbox.engine import limits
from sandbox.engine.clock import SystemClock
from sandbox.engine.errors import LimitExceeded, LogTruncated
from sandbox.engine.limits import MIB
from sandbox.engine.store import Files, Quota, Store, commit_log, scheduled_functions
from sandbox.engine.store import store as store_module

ROW = {"text": "x" * 20_000}


@pytest.fixture
async def small(tmp_path):
    """A store of two MiB, with files of 1,000 bytes."""
    store = await Store.open(tmp_path, clock=SystemClock(), quota=Quota(2 * MIB, 1_000, 5))
    yield store
    await store.close()


async def commit(store: Store, work, **options) -> object:
    async with await store.snapshot() as snapshot:
        transaction = store.transaction(snapshot, seed=secrets.token_bytes(16), writable=True)
        result = await work(transaction)
        await store.commit(transaction, run_id="", cause="test", writer=None, **options)
    store._checkpoint_if_long()
    return result


async def fill(store: Store) -> list[str]:
    """Inserts until it is refused. Returns the ids."""
    ids: list[str] = []
    while len(ids) < 1_000:
        try:
            ids.append(await commit(store, lambda tx: tx.insert("rows", dict(ROW))))
        except LimitExceeded as error:
            assert (error.code, "limit: 2 MiB" in error.message) == ("DeploymentFull", True)  # noqa: PT017
            return ids
    raise AssertionError("it is never full")


async def test_a_full_deployment_refuses_what_grows_it_and_takes_deletes(small):
    ids = await fill(small)
    for grow in (
        lambda tx: tx.patch(ids[0], {"more": 1.0}),
        lambda tx: tx.replace(ids[0], {"text": "y"}),
        lambda tx: tx.insert("others", {}),
        lambda tx: scheduled_functions.schedule(tx, "m:f", {}, 1.0),
    ):
        with pytest.raises(LimitExceeded):
            await commit(small, grow)
    await commit(small, lambda tx: tx.delete(ids[0]))


async def test_what_was_deleted_makes_room_again(small, monkeypatch):
    monkeypatch.setattr(commit_log, "LOG_BYTES_MAX", 0)
    monkeypatch.setattr(commit_log, "LOG_COMMITS_KEPT_MIN", 1)
    for document_id in await fill(small):
        await commit(small, lambda tx, document_id=document_id: tx.delete(document_id))
    commit_log.trim(small._connection, SystemClock().now_ns())
    await commit(small, lambda tx: tx.insert("rows", dict(ROW)))


async def test_the_engine_goes_on_writing_when_a_deployment_is_full(small):
    job_id = await commit(small, lambda tx: scheduled_functions.schedule(tx, "m:f", {}, 1.0))
    await fill(small)

    async def end(transaction):
        job = await scheduled_functions.read_job(transaction, job_id)
        await scheduled_functions.move_job(transaction, job, "success")

    await commit(small, end)


@pytest.mark.parametrize(("size", "count"), [(400, 3), (10, 5)])
async def test_files_are_refused_when_there_are_too_many_bytes_or_too_many_of_them(small, size, count):
    files = Files(small)
    stored = [await files.add(await files.receive_whole(bytes([n]) * size), None) for n in range(count)]
    with pytest.raises(LimitExceeded) as caught:
        files.receive()
    assert caught.value.code == "FilesFull"
    await files.transact(lambda tx, changes: files.delete(tx, stored[0], changes))
    await files.add(await files.receive_whole(b"new"), None)


async def test_without_a_quota_there_is_always_room(tmp_path, monkeypatch):
    store = await Store.open(tmp_path, clock=SystemClock())
    for _ in range(3):
        await commit(store, lambda tx: tx.insert("rows", {"text": "x" * 900_000}))
    await store.close()


# ── the log ─────────────────────────────────────────────────────────────────


@pytest.fixture
async def open_store(tmp_path):
    store = await Store.open(tmp_path, clock=SystemClock())
    yield store
    await store.close()


async def test_writing_one_document_over_and_over_fills_no_disk(open_store, monkeypatch):
    monkeypatch.setattr(commit_log, "LOG_BYTES_MAX", 2 * MIB)
    monkeypatch.setattr(commit_log, "LOG_COMMITS_KEPT_MIN", 2)
    monkeypatch.setattr(store_module, "LOGGED_BYTES_BETWEEN_TRIMS", MIB)
    document_id = await commit(open_store, lambda tx: tx.insert("rows", {"text": "x" * 500_000}))
    first = await open_store.head()
    for n in range(40):
        await commit(open_store, lambda tx, n=n: tx.patch(document_id, {"n": float(n)}))
    size = open_store._connection.execute("SELECT sum(length(changes)) FROM commits").fetchone()[0]
    assert size < 5 * MIB
    with pytest.raises(LogTruncated):
        await open_store.log_since(first)
    assert len(await open_store.log_since(await open_store.head() - 1)) == 1


async def test_of_large_results_it_is_remembered_that_they_were(open_store, monkeypatch):
    monkeypatch.setattr(commit_log, "REQUEST_BYTES_MAX", 1_000)
    monkeypatch.setattr(commit_log, "LOG_COMMITS_KEPT_MIN", 1)
    result = json.dumps({"value": json.dumps("x" * 900), "logLines": []})
    for n in range(4):
        await commit(open_store, lambda tx: tx.insert("rows", {}), request=("session", n), result=result)
    commit_log.trim(open_store._connection, SystemClock().now_ns())
    known = [await open_store.recorded_request("session", n) for n in range(4)]
    assert [text for _, text in known] == [commit_log.FORGOTTEN_RESULT] * 3 + [result]


def test_the_limits_leave_room_for_a_log(tools):
    assert limits.DEPLOYMENT_DOCUMENT_BYTES_MAX > 4 * limits.LOG_BYTES_MAX
