"""The process that builds a shelf of the index laboratory: `python -m lessons.laboratory_build`.

One shot and of low priority. Two that run for one shelf wait for each other; the second finds everything built.
"""

from __future__ import annotations

import gc

from lessons.seeding import laboratory_rows
from sandbox.engine import laboratory


def build(task: laboratory.Message, tell: laboratory.Tell) -> None:
    """`shelf`. Says {"type": "building", size, documents} now and then."""
    gc.disable()  # a million rows make no cycles, and looking for some takes a third of the time
    shelf = laboratory.Shelf.from_json(task["shelf"])
    with shelf.alone():
        for size in shelf.missing:
            laboratory.build_file(
                shelf.path(size),
                shelf.table,
                laboratory_rows(shelf.table, size),
                size,
                lambda documents, size=size: tell({"type": "building", "size": size, "documents": documents}),
            )


if __name__ == "__main__":
    laboratory.serve(build)
