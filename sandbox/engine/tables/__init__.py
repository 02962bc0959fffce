"""What a person does to stored rows by hand, in the Data panel: every change through the validators, as a commit."""

from __future__ import annotations

from sandbox.engine.tables.cell_text import Column, cell_text, columns_of, parse_cell
from sandbox.engine.tables.editing import TableEditor
from sandbox.engine.tables.snapshots import SnapshotInfo, Snapshots

__all__ = ["Column", "SnapshotInfo", "Snapshots", "TableEditor", "cell_text", "columns_of", "parse_cell"]
