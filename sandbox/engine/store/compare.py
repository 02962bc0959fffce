"""Compare: one read through its index beside the same read as a full table scan, both measured.

The work is done by scan_worker.py in a process of its own with low priority: a scan in this process, even in a
thread, would hold up everybody else.
"""

from __future__ import annotations

import asyncio
import json
import sys
from dataclasses import dataclass
from pathlib import Path

from sandbox.engine.errors import LearnerError
from sandbox.engine.store.plan import Range
from sandbox.engine.trace import Order

TIMEOUT_SECONDS = 60.0
_PROJECT = Path(__file__).resolve().parents[3]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Medians in milliseconds, and how many documents each way read. `rows` came out; `same`: of both ways."""

    index_ms: float
    index_documents: int
    scan_ms: float
    scan_documents: int
    same: bool
    rows: int


async def compare_plans(
    store_path: Path, table: str, index: str | None, range_: Range, order: Order, limit: int | None = None
) -> Comparison:
    """Runs both ways on the newest snapshot of the store file. `range_` is the wire form of an index range.

    Raises LearnerError: an unknown table or index, a range that does not fit, or more than a minute of scanning.
    """
    task = {
        "path": str(store_path),
        "table": table,
        "index": index,
        "range": range_,
        "order": order,
        "limit": limit,
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "sandbox.engine.store.scan_worker",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        cwd=_PROJECT,
        env={"PYTHONUTF8": "1"},
    )
    try:
        async with asyncio.timeout(TIMEOUT_SECONDS):
            output, _ = await process.communicate(json.dumps(task).encode())
    except TimeoutError:
        raise LearnerError("The comparison took too long", code="ComparisonTimedOut") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode != 0:
        raise RuntimeError(f"the scan worker ended with {process.returncode}")
    answer = json.loads(output)
    if "error" in answer:
        raise LearnerError(answer["error"], code=answer["code"])
    return Comparison(**answer)
