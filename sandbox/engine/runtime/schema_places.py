"""Where in schema.ts a message about the schema points: learners look at code, not at paths of validators."""

from __future__ import annotations

import re
from collections.abc import Mapping

from sandbox.engine.errors import Problem
from sandbox.engine.runtime.bundle import written_module


def place_in_schema(message: str, files: Mapping[str, str]) -> Problem:
    """Where schema.ts declares what the message speaks of: the field of the table, else the table, else the schema."""
    file, text = written_module("schema", files)
    reason = message.removeprefix("Schema validation failed.\n")
    start = _find(r"\bdefineSchema\b\s*\(", text, 0) or 0
    table = re.search(r'[Tt]able "([A-Za-z_]\w*)"', message)
    if table:
        start = _find(rf"\b{table[1]}\b\s*:", text, start) or start
    field = re.search(r"^Path: \.([A-Za-z_]\w*)", message, re.MULTILINE)
    if field:
        start = _find(rf"\b{field[1]}\b\s*:", text, start) or start
    before = text[:start]
    return Problem(file, before.count("\n") + 1, start - before.rfind("\n"), reason)


def _find(pattern: str, text: str, start: int) -> int | None:
    found = re.compile(pattern).search(text, start)
    return None if found is None else found.start()
