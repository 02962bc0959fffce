"""What would become of the stored rows if a project's schema went live: a push that is only thought.

Nothing is deployed. The project is loaded in a JS process of its own, and every stored row of its tables is held
against the schema, field by field, so that also the second mistake of a row is counted. Bounded in time; the answer
says how many rows were looked at. The push itself (store/schema_push.py) stops at the first row that does not match.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, cast

from sandbox.engine.deployment import Deployment
from sandbox.engine.errors import DeployError, Problem
from sandbox.engine.runtime.compile import compile_project
from sandbox.engine.runtime.host import JsHost
from sandbox.engine.runtime.toolchain import Toolchain
from sandbox.engine.schema import (
    ObjectValidator,
    SchemaDefinition,
    TableDefinition,
    TableNames,
    Validator,
    start_checking,
)
from sandbox.engine.values import Value, display, loads

ROWS_SHOWN_MAX = 50
ROWS_PER_SLICE = 100
VALUE_LENGTH_MAX = 200
IDLE_SECONDS = 1.0

Fault = Literal["missing", "extra", "type"]


@dataclass(frozen=True, slots=True)
class FieldFault:
    """One field of one row that the schema refuses. `field` is "" where the row as a whole fits no member of a union.

    `value` is the field's value in words, None where there is none.
    """

    table: str
    id: str
    field: str
    fault: Fault
    value: str | None


@dataclass(slots=True)
class RehearsedTable:
    """`fields` are (name, validator in words, optional), none where documents are a union. Counts are of rows."""

    name: str
    fields: tuple[tuple[str, str, bool], ...]
    rows: int = 0
    checked: int = 0
    mismatched: int = 0
    faults: dict[tuple[str, Fault], int] = field(default_factory=dict)
    """Rows by field and what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """`faults` are the first ones. `is_cut`: the time was over before all rows were looked at."""

    tables: tuple[RehearsedTable, ...]
    faults: tuple[FieldFault, ...]
    is_validated: bool
    is_cut: bool
    problems: tuple[Problem, ...] = ()
    """Why there is no schema to hold rows against; then there are no tables."""


async def rehearse_schema(
    deployment: Deployment, files: Mapping[str, str], tools: Toolchain, *, seconds: float
) -> Rehearsal:
    """Holds the stored rows against the schema of `files`, for at most so many seconds after it is loaded."""
    try:
        schema = await _schema_of(deployment, files, tools)
    except DeployError as error:
        problems = error.problems or (Problem("convex/schema.ts", 0, 0, error.message),)
        return Rehearsal((), (), is_validated=False, is_cut=False, problems=problems)
    return await _Rehearsing(deployment, schema, time.monotonic() + seconds).run()


async def _schema_of(deployment: Deployment, files: Mapping[str, str], tools: Toolchain) -> SchemaDefinition:
    """Raises DeployError."""
    compiled = replace(await compile_project(files, tools), environment=deployment.environment)
    host = JsHost(tools, idle_seconds=IDLE_SECONDS)
    try:
        analysis = await host.load(compiled)
    finally:
        await host.close()
    return SchemaDefinition.EMPTY if analysis.schema_json is None else SchemaDefinition.parse(analysis.schema_json)


class _Rehearsing:
    def __init__(self, deployment: Deployment, schema: SchemaDefinition, deadline_s: float) -> None:
        self._store = deployment.store
        self._schema = schema
        self._deadline_s = deadline_s
        self._faults: list[FieldFault] = []
        self._is_cut = False

    async def run(self) -> Rehearsal:
        async with await self._store.snapshot() as snapshot:
            names = snapshot.catalog
        tables = [
            await self._go_through(definition, names)
            for definition in sorted(self._schema.tables.values(), key=lambda table: table.name)
        ]
        return Rehearsal(tuple(tables), tuple(self._faults), self._schema.schema_validation, self._is_cut)

    async def _go_through(self, definition: TableDefinition, names: TableNames) -> RehearsedTable:
        """In short reads, so that no old snapshot is held and everybody else gets their turn."""
        table = RehearsedTable(definition.name, _fields(definition.document_type))
        after: bytes | None = None
        while True:
            page = await self._store.table_page(
                definition.name, index=None, order="asc", limit=ROWS_PER_SLICE, after=after
            )
            table.rows = page.count
            if not self._schema.schema_validation:
                return table
            for text in page.rows:
                self._check(table, definition.document_type, cast("dict[str, Value]", loads(text)), names)
            after = page.next
            if after is None:
                return table
            if time.monotonic() > self._deadline_s:
                self._is_cut = True
                return table
            await self._store.pause()
            await asyncio.sleep(0)

    def _check(self, table: RehearsedTable, validator: Validator, row: dict[str, Value], names: TableNames) -> None:
        own = {name: value for name, value in row.items() if name not in ("_id", "_creationTime")}
        start_checking()
        found = list(_faults_of(validator, own, names))
        table.checked += 1
        table.mismatched += bool(found)
        for name, fault in found:
            table.faults[name, fault] = table.faults.get((name, fault), 0) + 1
            if len(self._faults) < ROWS_SHOWN_MAX:
                value = _shown(own[name]) if name in own else None
                self._faults.append(FieldFault(table.name, str(row["_id"]), name, fault, value))


def _faults_of(validator: Validator, row: dict[str, Value], names: TableNames) -> Iterator[tuple[str, Fault]]:
    if not isinstance(validator, ObjectValidator):
        mismatch = validator.mismatch(row, names)
        if mismatch is not None:
            yield "", "type"
        return
    for declared in validator.fields:
        if declared.name not in row:
            if not declared.optional:
                yield declared.name, "missing"
        elif declared.validator.mismatch(row[declared.name], names) is not None:
            yield declared.name, "type"
    for name in sorted(row.keys() - validator.names):
        yield name, "extra"


def _fields(validator: Validator) -> tuple[tuple[str, str, bool], ...]:
    if not isinstance(validator, ObjectValidator):
        return ()
    return tuple((declared.name, str(declared.validator), declared.optional) for declared in validator.fields)


def _shown(value: Value) -> str:
    text = display(value)
    return text if len(text) <= VALUE_LENGTH_MAX else f"{text[: VALUE_LENGTH_MAX - 1]}…"
