"""The process that works on a shelf: adds indexes, measures lines, measures writes. Started by workers.py.

Tasks say what to `do`; each is described at its function.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import median

from sandbox.engine.errors import LearnerError
from sandbox.engine.laboratory import indexes
from sandbox.engine.laboratory.process import Message, Tell, serve
from sandbox.engine.laboratory.question import Line, Question
from sandbox.engine.laboratory.shelf import Shelf
from sandbox.engine.laboratory.timing import Timed, measure
from sandbox.engine.laboratory.write_cost import write_times
from sandbox.engine.values import decode


def add_indexes(task: Message, tell: Tell) -> None:
    """`shelf`, `fields`: a list of field lists. Says {"type": "indexing", fields, size, documents} now and then."""
    shelf = Shelf.from_json(task["shelf"])
    with shelf.alone():
        for size, fields in indexes.missing(shelf, task["fields"]):
            indexes.add(
                shelf.path(size),
                fields,
                lambda documents, size=size, fields=fields: tell(  # type: ignore[misc]
                    {"type": "indexing", "fields": list(fields), "size": size, "documents": documents}
                ),
            )


def measure_lines(task: Message, tell: Tell) -> None:
    """`shelf`, `question`, `lines`, `sizes`, `cache`, `runs`. Says a {"type": "point"} for every line at every size.

    Points of one size with equal digests have the same result.
    """
    shelf = Shelf.from_json(task["shelf"])
    question = Question.from_json(task["question"])
    lines = [Line.from_json(line) for line in task["lines"]]
    for size in task["sizes"]:
        for line in lines:
            tell({"type": "measuring", "line": line.key, "size": size})
            timed = measure(shelf.path(size), question, line, task["cache"], task["runs"])
            tell({**_point(timed), "line": line.key, "size": size, "cache": task["cache"]})


def _point(timed: list[Timed]) -> Message:
    times = [run.ms for run in timed]
    read = [run.disk_bytes for run in timed if run.disk_bytes is not None]
    return {
        "type": "point",
        "ms": median(times),
        "low_ms": min(times),
        "high_ms": max(times),
        "runs": len(times),
        "documents": timed[0].documents,
        "rows": timed[0].rows,
        "disk_bytes": median(read) if read else None,
        "digest": timed[0].digest.hex(),
    }


def measure_writes(task: Message, tell: Tell) -> None:
    """`table`, `rows` (Convex-encoded), `fields`, `work`: a folder. Says {"type": "writes"} with one entry a number."""
    rows = [decode(row) for row in task["rows"]]
    with tempfile.TemporaryDirectory(prefix="laboratory-", dir=task["work"]) as folder:
        times = asyncio.run(write_times(Path(folder), task["table"], rows, task["fields"]))  # type: ignore[arg-type]
    entries = [
        {"indexes": count, "ms": median(each), "low_ms": min(each), "high_ms": max(each), "runs": len(each)}
        for count, each in times.items()
    ]
    tell({"type": "writes", "writes": entries})


TASKS: dict[str, Callable[[Message, Tell], None]] = {
    "index": add_indexes,
    "measure": measure_lines,
    "writes": measure_writes,
}


def work(task: Message, tell: Tell) -> None:
    do = TASKS.get(task["do"])
    if do is None:
        raise LearnerError(f"The laboratory has no task {task['do']!r}", code="NoSuchTask")
    do(task, tell)


if __name__ == "__main__":
    serve(work)
