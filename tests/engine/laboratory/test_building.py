"""A shelf's files: such as the store itself would have written, whole or not there, built once."""

from __future__ import annotations

import asyncio
import json
import signal
import sqlite3
import sys
from pathlib import Path

import pytest

from sandbox.engine.clock import SystemClock
from sandbox.engine.laboratory import Shelf, build_file, copy_file
from sandbox.engine.laboratory import indexes as indexes_module
from sandbox.engine.store import Store
from sandbox.engine.store.catalog import Index
from sandbox.engine.values import decode_id, dumps, loads, size_of

from .conftest import rows

ROOT = Path(__file__).parents[3]


def entries(path: Path) -> dict[tuple[str, ...], set[tuple[bytes, int]]]:
    """Key and document of every entry, by the fields of its index."""
    connection = sqlite3.connect(path)
    found = {}
    for index_id, fields in connection.execute("SELECT id, fields FROM indexes WHERE table_number = 10001"):
        rows = connection.execute("SELECT key, seq FROM index_entries WHERE index_id = ?", (index_id,))
        found[tuple(json.loads(fields))] = set(rows)
    connection.close()
    return found


def documents(path: Path) -> list[tuple[int, bytes, int, bytes]]:
    connection = sqlite3.connect(path)
    found = connection.execute("SELECT seq, uid, size, json FROM documents ORDER BY seq").fetchall()
    connection.close()
    return found


def test_documents_are_texts_sizes_and_ids_as_inserts_leave_them(shelf: Shelf) -> None:
    made = documents(shelf.path(500))
    bodies = []
    for _, uid, size, text in made:
        document = loads(text)
        assert dumps(document).encode() == text
        assert size_of(document) == size
        assert decode_id(document.pop("_id")) == (10001, uid)
        document.pop("_creationTime")
        bodies.append(document)
    assert bodies == rows(500)
    assert len({uid for _, uid, _, _ in made}) == 500


def test_every_index_has_the_key_of_every_document(new_shelf: Shelf) -> None:
    path = new_shelf.path(500)
    new_shelf.folder.mkdir()
    build_file(path, "signups", rows(500), 500, lambda documents: None)
    indexes_module.add(path, ["place.row", "ownerId"], lambda documents: None)
    found = entries(path)
    assert len(found) == 3
    for fields, keys in found.items():
        key_of = Index.make(0, "", fields).key
        assert keys == {(key_of(loads(text)), seq) for seq, _, _, text in documents(path)}


async def test_a_copy_is_a_store_like_any_other(shelf: Shelf, tmp_path: Path) -> None:
    copy_file(shelf.path(500), tmp_path)
    store = await Store.open(tmp_path, clock=SystemClock())
    page = await store.table_page("signups", index=None, order="asc", limit=1000, after=None)
    assert (len(page.rows), page.count) == (500, 500)
    async with await store.snapshot() as snapshot:
        transaction = store.transaction(snapshot, seed=b"x", writable=True)
        await transaction.insert("signups", {"ownerId": "zoe"})
        await store.commit(transaction, run_id="", cause="test", writer=None)
    assert (await store.tables())[0].count == 501
    await store.close()


CHILD = """
import sys
from pathlib import Path
from sandbox.engine.laboratory import build_file
def rows():
    for number in range(20_000):
        if number == 12_000:
            print("half", flush=True)
            sys.stdin.readline()
        yield {"n": float(number)}
build_file(Path(sys.argv[1]), "signups", rows(), 20_000, lambda documents: None)
"""


async def test_a_killed_build_leaves_nothing_and_the_next_one_is_whole(new_shelf: Shelf) -> None:
    new_shelf.folder.mkdir()
    path = new_shelf.path(10)
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", CHILD, str(path), cwd=ROOT, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    assert await child.stdout.readline() == b"half\n"
    child.send_signal(signal.SIGKILL)
    await child.wait()
    assert not path.exists()
    assert new_shelf.missing == [10, 500]
    build_file(path, "signups", rows(10), 10, lambda documents: None)
    assert [file.name for file in new_shelf.folder.iterdir() if "draft" in file.name] == []
    assert new_shelf.missing == [500]


INDEX_CHILD = """
import sys
from pathlib import Path
from sandbox.engine.laboratory import indexes
def report(documents):
    print("half", flush=True)
    sys.stdin.readline()
indexes.add(Path(sys.argv[1]), ["bus"], report)
"""


async def test_an_index_whose_building_is_killed_is_not_there(new_shelf: Shelf) -> None:
    new_shelf.folder.mkdir()
    path = new_shelf.path(500)
    build_file(path, "signups", rows(500), 500, lambda documents: None)
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", INDEX_CHILD, str(path), cwd=ROOT, stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert await child.stdout.readline() == b"half\n"
    child.kill()
    await child.wait()
    assert len(entries(path)) == 2
    indexes_module.add(path, ["bus"], lambda documents: None)
    assert len(entries(path)[("bus", "_creationTime", "_id")]) == 500


def test_an_index_that_is_there_is_kept(new_shelf: Shelf) -> None:
    new_shelf.folder.mkdir()
    for size in new_shelf.sizes:
        build_file(new_shelf.path(size), "signups", rows(size), size, lambda documents: None)
    assert [size for size, _ in indexes_module.missing(new_shelf, [["bus"], []])] == [10, 500]
    built: list[int] = []
    for _ in range(2):
        for size in new_shelf.sizes:
            indexes_module.add(new_shelf.path(size), ["bus"], built.append)
    assert built == [10, 500]
    assert indexes_module.missing(new_shelf, [["bus"], []]) == []


def test_the_oldest_index_gives_way(new_shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(indexes_module, "INDEXES_KEPT", 2)
    new_shelf.folder.mkdir()
    path = new_shelf.path(10)
    build_file(path, "signups", rows(10), 10, lambda documents: None)
    for name in ("a", "b", "c"):
        indexes_module.add(path, [name], lambda documents: None)
    kept = {fields[0] for fields in entries(path)}
    assert kept == {"_id", "_creationTime", "b", "c"}
