"""What a function is told that came near a limit without passing it: warnings after its own lines of the log.

Source: docs/spec/semantics.md §8 (`crates/isolate/src/environment/warnings.rs`). Convex also warns of long computing;
here that would depend on how busy the machine is, and a query's log should not.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from sandbox.engine import limits, values
from sandbox.engine.runtime.call import CallResult
from sandbox.engine.runtime.functions import size_if_large
from sandbox.engine.store import Transaction
from sandbox.engine.store.read_set import OVER_LIMIT_HELP

_WARNED_PART = 0.8


class _Used(NamedTuple):
    """How much of a limit was used, and how the warning names it."""

    what: str
    actual: int
    limit: int
    unit: str = ""
    help: str = ""


def with_warnings(result: CallResult, args_json: str, transaction: Transaction) -> CallResult:
    """The result of a query or mutation, its log lines followed by the warnings."""
    used = (
        *_text("function arguments", args_json, limits.ARGUMENT_BYTES_MAX),
        *_transaction(transaction),
        *_documents(transaction),
        *_text("function return value", result.value_json, limits.RETURN_BYTES_MAX),
    )
    return _warned(result, used)


def with_action_warnings(result: CallResult, args_json: str) -> CallResult:
    """The result of an action, its log lines followed by the warnings."""
    used = (
        *_text("action arguments", args_json, limits.ARGUMENT_BYTES_MAX),
        *_text("action return value", result.value_json, limits.RETURN_BYTES_MAX),
    )
    return _warned(result, used)


def _warned(result: CallResult, used: tuple[_Used, ...]) -> CallResult:
    lines = tuple(_line(each) for each in used if int(_WARNED_PART * each.limit) < each.actual <= each.limit)
    return replace(result, log_lines=(*result.log_lines, *lines)) if lines else result


def _line(used: _Used) -> str:
    text = f"{used.what} (actual: {used.actual}{used.unit}, limit: {used.limit}{used.unit}).{used.help}"
    return f"[WARN] {text}"


def _text(what: str, text: str | None, limit: int) -> Iterator[_Used]:
    """The size of the value that a JSON text stands for, which is measured only where it may matter."""
    size = None if text is None else size_if_large(text, int(_WARNED_PART * limit))
    if size is not None:
        yield _Used(f"Large size of the {what}", size, limit, " bytes")


def _transaction(transaction: Transaction) -> tuple[_Used, ...]:
    meter, reading, text = transaction.meter, "read in a single function execution", "in a single function execution"
    more = f" {OVER_LIMIT_HELP}"
    scheduled = "scheduled functions from this mutation"
    intervals = 0 if transaction.read_set.was_full else transaction.read_set.counted
    return (
        _Used(f"Many documents {reading}", meter.documents_read, limits.DOCUMENTS_READ_MAX, help=more),
        _Used(f"Many reads {text}", intervals, limits.INTERVALS_READ_MAX, help=more),
        _Used(f"Many bytes {reading}", meter.bytes_read, limits.BYTES_READ_MAX, " bytes", more),
        _Used(f"Many writes {text}", meter.documents_written, limits.DOCUMENTS_WRITTEN_MAX),
        _Used(f"Many bytes written {text}", meter.bytes_written, limits.BYTES_WRITTEN_MAX, " bytes"),
        _Used("Many functions scheduled by this mutation", meter.scheduled, limits.FUNCTIONS_SCHEDULED_MAX),
        _Used(
            f"Large total size of the arguments of {scheduled}",
            meter.scheduled_bytes,
            limits.SCHEDULED_BYTES_MAX,
            " bytes",
        ),
    )


def _documents(transaction: Transaction) -> Iterator[_Used]:
    """The largest and the most deeply nested document that the transaction writes."""
    written = [write for write in transaction.pending if write.new is not None and not write.table.is_system]
    if not written:
        return
    largest = max(written, key=lambda write: write.size)
    yield _Used(f'Large document written with ID "{largest.id}"', largest.size, limits.DOCUMENT_BYTES_MAX, " bytes")
    nesting, deepest = max((_nesting(write.new or b""), write.id) for write in written)
    yield _Used(f'Deeply nested document written with ID "{deepest}"', nesting, limits.DOCUMENT_NESTING_MAX, " levels")


def _nesting(document: bytes) -> int:
    """0 for a document that has too few brackets to matter: reading it would cost more than the answer is worth."""
    if document.count(b"[") + document.count(b"{") <= int(_WARNED_PART * limits.DOCUMENT_NESTING_MAX):
        return 0
    return values.nesting_of(values.loads(document.decode()))
