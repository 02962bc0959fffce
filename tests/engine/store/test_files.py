"""Stored files: the bytes on disk are those that a committed row names, whatever happens in between."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.engine.clock import FixedClock
from sandbox.engine.errors import LearnerError
from sandbox.engine.store import FileChanges, Files, Store, UploadTokens


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def on_disk(store: Store) -> set[str]:
    folder = store.folder / "files"
    return set(os.listdir(folder)) if folder.exists() else set()


def held(store: Store) -> list[str]:
    folder = store.folder / "incoming"
    return os.listdir(folder) if folder.exists() else []


@pytest.fixture
def files(store: Store) -> Files:
    return Files(store)


async def put(files: Files, data: bytes, content_type: str | None = None) -> str:
    return await files.add(await files.receive_whole(data), content_type)


async def drop(files: Files, storage_id: str) -> None:
    await files.transact(lambda tx, changes: files.delete(tx, storage_id, changes))


async def read(files: Files, name: str) -> bytes | None:
    file = await files.look_up(name)
    if file is None:
        return None
    with files.open_bytes(file) as content:
        return content.read()


async def test_a_file_is_found_by_its_id_and_by_its_address(files: Files, store: Store):
    storage_id = await put(files, b"hello", "text/plain")
    file = await files.look_up(storage_id)
    assert file is not None
    assert file == await files.look_up(file.uuid)
    assert (file.size, file.sha256, file.content_type) == (5, sha256(b"hello"), "text/plain")
    assert await read(files, file.uuid) == b"hello"
    assert held(store) == []


async def test_learner_code_sees_the_row_as_on_convex(files: Files, db):
    storage_id = await put(files, b"hello")
    async with db.begin() as tx:
        row = await tx.get(storage_id, table=None, method="system.get")
    assert row is not None
    digest = base64.b64encode(hashlib.sha256(b"hello").digest()).decode()
    assert f'"sha256":"{digest}"'.encode() in row
    assert b'"contentType":null' in row
    assert b'"size":5.0' in row


async def test_equal_files_share_their_bytes_until_the_last_is_deleted(files: Files, store: Store):
    first, second = await put(files, b"same"), await put(files, b"same")
    assert first != second
    await drop(files, first)
    assert await read(files, second) == b"same"
    await drop(files, second)
    assert await read(files, second) is None
    assert on_disk(store) == set()


async def test_what_is_not_committed_leaves_nothing(files: Files, store: Store):
    kept = await put(files, b"kept")
    changes = FileChanges()
    async with await store.snapshot() as snapshot:
        tx = store.transaction(snapshot, seed=bytes(16), writable=True)
        await files.insert(tx, await files.receive_whole(b"lost"), None, changes)
        await files.delete(tx, kept, changes)
    await files.settle(changes)
    assert on_disk(store) == {sha256(b"kept")}
    assert await read(files, kept) == b"kept"
    assert held(store) == []


async def test_a_content_that_another_removed_before_the_commit_is_put_back(files: Files, store: Store):
    older = await put(files, b"both")
    arrived = await files.receive_whole(b"both")
    await drop(files, older)
    assert on_disk(store) == set()
    newer = await files.add(arrived, None)
    assert await read(files, newer) == b"both"


async def test_two_that_delete_the_same_file_do_not_both_succeed(files: Files):
    storage_id = await put(files, b"x")
    results = await asyncio.gather(drop(files, storage_id), drop(files, storage_id), return_exceptions=True)
    refused = [result for result in results if isinstance(result, LearnerError)]
    assert [error.code for error in refused] == ["StorageIdNotFound"]
    assert refused[0].message == f"storage id {storage_id} not found"


@pytest.mark.parametrize(("name", "code"), [("nonsense", "InvalidStorageId"), ("", "InvalidStorageId")])
async def test_what_is_no_storage_id_is_refused(files: Files, name: str, code: str):
    with pytest.raises(LearnerError) as caught:
        await files.look_up(name)
    assert caught.value.code == code


async def test_an_id_of_another_table_is_refused(files: Files, db):
    (row,) = await db.insert("rows", {"n": 1.0})
    private = await put(files, b"x")
    link = await files.read(lambda tx: files.find(tx, private))
    assert link is not None
    for name in (row, link.row_id):
        with pytest.raises(LearnerError) as caught:
            await files.look_up(name)
        assert caught.value.code == "InvalidArgument"


async def test_a_fork_has_the_files_and_neither_can_harm_the_other(files: Files, store: Store, tmp_path: Path):
    kept, gone = await put(files, b"kept"), await put(files, b"gone")
    (tmp_path / "fork").mkdir()
    await store.fork_to(tmp_path / "fork")
    fork = await Store.open(tmp_path / "fork", clock=FixedClock())
    copies = Files(fork)
    await copies.recover()
    await drop(files, gone)
    await drop(copies, kept)
    assert (await read(files, kept), await read(copies, gone)) == (b"kept", b"gone")
    assert (on_disk(store), on_disk(fork)) == ({sha256(b"kept")}, {sha256(b"gone")})
    await fork.close()


# ── crashes ─────────────────────────────────────────────────────────────────


async def test_after_a_crash_before_the_commit_the_bytes_go_in_the_end(files: Files, store: Store):
    await files.receive_whole(b"orphan")
    (store.folder / "incoming" / ("0" * 32)).write_bytes(b"half")
    await files.recover()
    assert len(held(store)) == 2, "somebody may still be at work with them"
    for name in held(store):
        os.utime(store.folder / "incoming" / name, (0, 0))
    await files.recover()
    assert (on_disk(store), held(store)) == (set(), [])


async def test_after_a_crash_between_commit_and_settling_the_bytes_are_there(files: Files, store: Store):
    older = await put(files, b"both")
    arrived = await files.receive_whole(b"both")
    await drop(files, older)
    async with await store.snapshot() as snapshot:
        tx = store.transaction(snapshot, seed=bytes(16), writable=True)
        newer = await files.insert(tx, arrived, None, FileChanges())
        await store.commit(tx, run_id="", cause="storage", writer=None)
    assert on_disk(store) == set()
    await Files(store).recover()
    assert await read(files, newer) == b"both"


async def test_after_a_crash_between_a_deletion_and_settling_the_bytes_go(files: Files, store: Store):
    storage_id = await put(files, b"x")
    async with await store.snapshot() as snapshot:
        tx = store.transaction(snapshot, seed=bytes(16), writable=True)
        await files.delete(tx, storage_id, FileChanges())
        await store.commit(tx, run_id="", cause="storage", writer=None)
    assert on_disk(store) == {sha256(b"x")}
    await Files(store).recover()
    assert on_disk(store) == set()


STEPS = st.lists(st.tuples(st.sampled_from(["put", "drop", "abort", "crash"]), st.integers(0, 3)), max_size=14)


@settings(max_examples=30, deadline=None)
@given(steps=STEPS)
def test_disk_and_rows_agree_after_any_steps(steps):
    asyncio.run(_run(steps))


async def _run(steps):
    with tempfile.TemporaryDirectory() as folder:
        store = await Store.open(Path(folder), clock=FixedClock())
        files, model = Files(store), {}
        for step, number in steps:
            data = bytes([number]) * 3
            names = [name for name, stored in model.items() if stored == data]
            if step == "put":
                model[await put(files, data)] = data
            elif step == "drop" and names:
                await drop(files, names[0])
                del model[names[0]]
            elif step == "abort":
                await files.settle(FileChanges([await files.receive_whole(data)]))
            elif step == "crash":
                await files.receive_whole(data)
                files = Files(store)
                await files.recover()
        for name, data in model.items():
            assert await read(files, name) == data
        await files.recover()
        assert on_disk(store) == {sha256(data) for data in model.values()}
        await store.close()


# ── upload addresses ────────────────────────────────────────────────────────


def test_an_upload_address_is_good_for_an_hour(clock: FixedClock):
    tokens = UploadTokens(b"secret", clock)
    token = tokens.issue()
    clock.advance(seconds=3599)
    tokens.check(token)
    UploadTokens(b"secret", clock).check(token)
    clock.advance(seconds=1)
    with pytest.raises(LearnerError) as caught:
        tokens.check(token)
    assert caught.value.code == "StorageTokenExpired"


@given(token=st.one_of(st.text(max_size=120), st.binary(max_size=60).map(bytes.hex)))
def test_no_other_text_is_an_upload_address(token: str):
    with pytest.raises(LearnerError) as caught:
        UploadTokens(b"secret", FixedClock()).check(token)
    assert caught.value.code == "StorageTokenInvalid"


def test_a_token_of_another_store_or_a_changed_one_is_refused(clock: FixedClock):
    token = UploadTokens(b"other", clock).issue()
    own = UploadTokens(b"secret", clock).issue()
    later = (int.from_bytes(bytes.fromhex(own)[:8], "big") + 60).to_bytes(8, "big").hex() + own[16:]
    for wrong in (token, later, own[:-2], own + "00"):
        with pytest.raises(LearnerError):
            UploadTokens(b"secret", clock).check(wrong)
