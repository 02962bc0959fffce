"""What a person does to stored rows by hand, in the Data panel: every change through the validators, as a commit."""

from __future__ import annotations

from sandbox.engine.tables.cell_text import Column, cell_text, columns_of, parse_cell
from sandbox.engine.tables.editing import TableEditor

__all__ = ["Column", "TableEditor", "cell_text", "columns_of", "parse_cell"]
