"""What must hold in every store file, whatever happened to its process."""

from __future__ import annotations

from pathlib import Path

from sandbox.engine.store.catalog import CatalogCache
from sandbox.engine.store.commit_log import head_of, read_commits
from sandbox.engine.store.layout import connect_reader
from sandbox.engine.values import loads, size_of


def documents_of(path: Path) -> dict[str, bytes]:
    """Every document by id, after checking that indexes, counts and log tell the same story."""
    connection = connect_reader(path)
    try:
        connection.execute("BEGIN")
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        catalog = CatalogCache().at(connection, head_of(connection)[1])
        documents: dict[str, bytes] = {}
        expected: set[tuple[int, bytes, int]] = set()
        counts = dict.fromkeys(catalog.by_number, 0)
        for seq, number, size, text in connection.execute("SELECT seq, table_number, size, json FROM documents"):
            document = loads(text)
            assert size == size_of(document)
            documents[document["_id"]] = text
            counts[number] += 1
            expected |= {(i.id, key, seq) for i in catalog.by_number[number].all_indexes for key in i.keys(document)}
        live = {index.id for table in catalog.by_number.values() for index in table.all_indexes}
        entries = set(connection.execute("SELECT index_id, key, seq FROM index_entries"))
        assert {entry for entry in entries if entry[0] in live} == expected
        assert dict(connection.execute("SELECT number, documents FROM tables")) == counts
        _check_log(connection, documents)
    finally:
        connection.close()
    return documents


def _check_log(connection, documents: dict[str, bytes]) -> None:
    """The log builds exactly the documents that are stored: from its beginning, or from where it was cut off."""
    (floor,) = connection.execute("SELECT max(value) FROM meta WHERE name = 'log_floor'").fetchone()
    replayed: dict[str, bytes | None] = {}
    for commit in read_commits(connection, floor or 0):
        for change in commit.changes:
            assert replayed.get(change.id, change.old if floor else None) == change.old
            replayed[change.id] = change.new
    for document_id, text in replayed.items():
        assert documents.get(document_id) == text
    if not floor:
        assert {document_id for document_id, text in replayed.items() if text is not None} == documents.keys()
