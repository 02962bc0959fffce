"""`_system/…`: the shapes that Convex's dashboard and CLI read, over a real store."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from sandbox.engine.clock import SystemClock
from sandbox.engine.jobs.cron_definitions import parse_crons
from sandbox.engine.jobs.cron_jobs import FinishedRun, due_crons, finish_cron, push_crons
from sandbox.engine.runtime.call import FunctionInfo
from sandbox.engine.runtime.executor import Executor, Outcome, Request
from sandbox.engine.schema import SchemaDefinition
from sandbox.engine.store import Store
from sandbox.engine.system_functions import SYSTEM_FUNCTIONS
from sandbox.engine.system_functions.documents import UNDEFINED_PLACEHOLDER
from sandbox.engine.trace import Cause

NUMBER = {"fieldType": {"type": "number"}, "optional": False}
SCHEMA = json.dumps(
    {
        "tables": [
            {
                "tableName": "counters",
                "indexes": [],
                "searchIndexes": [],
                "documentType": {"type": "object", "value": {"n": NUMBER}},
            }
        ],
        "schemaValidation": True,
    }
)


class Admin:
    """Calls system functions as the holder of the admin key."""

    def __init__(self, store: Store, executor: Executor) -> None:
        self.store = store
        self.executor = executor

    async def call(self, path: str, *, is_admin: bool = True, **args: Any) -> Outcome:
        name = path if ":" in path else f"{path}:default"
        return await self.executor.run(Request(f"_system/{name}", json.dumps([args]), is_admin=is_admin))

    async def value(self, path: str, **args: Any) -> Any:
        outcome = await self.call(path, **args)
        assert outcome.error is None, outcome.error.message
        return outcome.value

    async def error(self, path: str, **args: Any) -> Any:
        outcome = await self.call(path, **args)
        assert outcome.error is not None, outcome.value
        return outcome.error

    async def texts(self, table: str = "notes") -> list[Any]:
        return [row.get("text") for row in await self.value("frontend/listTableScan", table=table, limit=100)]

    async def add(self, *texts: str, table: str = "notes") -> None:
        added = await self.value("frontend/addDocument", table=table, documents=[{"text": text} for text in texts])
        assert added == {"success": True}


@pytest_asyncio.fixture
async def admin(tmp_path: Path) -> AsyncIterator[Admin]:
    clock = SystemClock()
    store = await Store.open(tmp_path, clock=clock)
    executor = Executor(store, None, clock)  # type: ignore[arg-type]
    executor.system_functions = SYSTEM_FUNCTIONS
    yield Admin(store, executor)
    await store.close()


@pytest.mark.parametrize("path", sorted(SYSTEM_FUNCTIONS))
async def test_nobody_but_an_admin_finds_them(admin: Admin, path: str) -> None:
    outcome = await admin.executor.run(Request(path, "[{}]", internal=True))
    assert outcome.error is not None
    assert f"Could not find public function for '{path.removesuffix(':default')}'" in outcome.error.message


async def test_documents_are_added_all_or_none(admin: Admin) -> None:
    await admin.add("a", "b")
    assert await admin.texts() == ["b", "a"], "the newest comes first"
    mixed = [{"text": "c"}, "no document"]
    refused = await admin.error("frontend/addDocument", table="notes", documents=mixed)
    assert refused.has_data
    assert "Value must be an Object" in refused.data
    assert await admin.texts() == ["b", "a"]


async def test_a_document_that_breaks_the_schema_is_refused_with_its_text(admin: Admin) -> None:
    await admin.store.push_schema(SchemaDefinition.parse(SCHEMA))
    refused = await admin.error("frontend/addDocument", table="counters", documents=[{"n": "one"}])
    text = 'Failed to insert or update a document in table "counters" because it does not match the schema'
    assert refused.data.startswith(text)
    assert refused.message.startswith(f"Uncaught ConvexError: {text}")


async def test_too_many_documents_at_once_are_an_answer(admin: Admin) -> None:
    many = await admin.value("frontend/addDocument", table="notes", documents=[{}] * 4097)
    assert many == {"success": False, "error": "Can’t import more than 4096 documents at once."}
    some = [{"id": "x", "tableName": "notes"}] * 4097
    assert (await admin.value("frontend/deleteDocuments", toDelete=some))["success"] is False


async def test_fields_are_patched_in_named_documents_or_in_all(admin: Admin) -> None:
    await admin.add("a", "b")
    newest = (await admin.value("frontend/listTableScan", table="notes", limit=1))[0]
    changed = await admin.value(
        "frontend/patchDocumentsFields", table="notes", ids=[newest["_id"]], fields={"text": "B", "n": 1}
    )
    assert changed == {"success": True}
    assert await admin.texts() == ["B", "a"]
    await admin.value("frontend/patchDocumentsFields", table="notes", fields={"text": UNDEFINED_PLACEHOLDER, "n": 2})
    rows = await admin.value("frontend/listTableScan", table="notes", limit=10)
    assert [(row["n"], "text" in row) for row in rows] == [(2, False), (2, False)]


async def test_a_document_is_replaced(admin: Admin) -> None:
    await admin.add("a")
    row = (await admin.value("frontend/listTableScan", table="notes", limit=1))[0]
    await admin.value("frontend/replaceDocument", id=row["_id"], document={"n": 1})
    assert [sorted(row) for row in await admin.value("frontend/listTableScan", table="notes", limit=1)] == [
        ["_creationTime", "_id", "n"]
    ]


async def test_documents_are_deleted(admin: Admin) -> None:
    await admin.add("a", "b")
    rows = await admin.value("frontend/listTableScan", table="notes", limit=100)
    gone = [{"id": rows[0]["_id"], "tableName": "notes"}]
    assert await admin.value("frontend/deleteDocuments", toDelete=gone) == {"success": True}
    assert await admin.texts() == ["a"]
    again = await admin.error("frontend/deleteDocuments", toDelete=gone)
    assert again.message == f"Uncaught Error: Delete on nonexistent document ID {rows[0]['_id']}"


async def test_a_table_is_cleared_page_by_page(admin: Admin) -> None:
    for _ in range(3):
        await admin.add(*(["x"] * 2_000))
    deleted, cursor, has_more = 0.0, None, True
    while has_more:
        page = await admin.value("frontend/clearTablePage", tableName="notes", cursor=cursor)
        deleted, cursor, has_more = deleted + page["deleted"], page["continueCursor"], page["hasMore"]
    assert deleted == 6_000
    assert await admin.texts() == []


async def test_a_missing_table_is_an_empty_one(admin: Admin) -> None:
    assert await admin.value("frontend/listTableScan", table="nothing", limit=10) == []
    assert await admin.value("frontend/listTableScan", table="", limit=10) == []
    cleared = await admin.value("frontend/clearTablePage", tableName="nothing", cursor=None)
    assert (cleared["deleted"], cleared["hasMore"]) == (0.0, False)


async def test_the_schema_is_told_as_its_export(admin: Admin) -> None:
    assert await admin.value("frontend/getSchemas", componentId=None) == {}
    await admin.store.push_schema(SchemaDefinition.parse(SCHEMA))
    told = await admin.value("frontend/getSchemas")
    assert json.loads(told["active"])["tables"][0]["tableName"] == "counters"


async def test_the_schema_is_told_as_it_is_stored(admin: Admin) -> None:
    """Sorted by names, every index with its creation time; tools compare it as a whole."""
    text = {"fieldType": {"type": "string"}, "optional": False}
    table = {
        "tableName": "notes",
        "indexes": [
            {"indexDescriptor": "by_text", "fields": ["text"]},
            {"indexDescriptor": "by_n", "fields": ["n", "text"]},
        ],
        "stagedDbIndexes": [{"indexDescriptor": "staged", "fields": ["in.x"]}],
        "searchIndexes": [{"indexDescriptor": "words", "searchField": "text", "filterFields": ["n", "kind", "n"]}],
        "documentType": {
            "type": "union",
            "value": [
                {
                    "type": "object",
                    "value": {
                        "text": text,
                        "_creationTime": NUMBER,
                        "n": NUMBER,
                        "kind": text,
                        "in": {
                            "fieldType": {"type": "object", "value": {"y": text, "x": text}},
                            "optional": False,
                        },
                    },
                }
            ],
        },
    }
    exported = {"tables": [table, {"tableName": "a", "indexes": [], "documentType": {"type": "any"}}]}
    await admin.store.push_schema(SchemaDefinition.parse(json.dumps(exported)))
    told = json.loads((await admin.value("frontend/getSchemas"))["active"])
    first, second = told["tables"]
    assert told["schemaValidation"] is False
    assert (first["tableName"], first["documentType"]) == ("a", {"type": "any"})
    assert second["indexes"] == [
        {"indexDescriptor": "by_n", "fields": ["n", "text", "_creationTime"]},
        {"indexDescriptor": "by_text", "fields": ["text", "_creationTime"]},
    ]
    assert second["stagedDbIndexes"] == [{"indexDescriptor": "staged", "fields": ["in.x", "_creationTime"]}]
    assert second["searchIndexes"][0]["filterFields"] == ["kind", "n"]
    assert second["vectorIndexes"] == []
    assert list(second["documentType"]["value"]) == ["in", "kind", "n", "text"]
    assert list(second["documentType"]["value"]["in"]["fieldType"]["value"]) == ["x", "y"]


async def test_routes_are_told_after_the_functions_of_their_module(admin: Admin) -> None:
    admin.executor.functions = {
        path: FunctionInfo("query", "public", {"type": "any"}, None, "", 1) for path in ("z:a", "http:a", "a:a")
    }
    admin.executor.services.http_routes = (("/hook", "POST"), ("/files/*", "GET"))
    told = await admin.value("cli/modules:apiSpec")
    assert [entry.get("identifier", entry.get("path")) for entry in told] == [
        "a.js:a",
        "http.js:a",
        "/hook",
        "/files/*",
        "z.js:a",
    ]
    assert told[2] == {"functionType": "HttpAction", "method": "POST", "path": "/hook"}


async def test_functions_are_told_with_their_validators(admin: Admin) -> None:
    args = {"type": "object", "value": {"n": NUMBER}}
    admin.executor.functions = {
        "m:add": FunctionInfo("mutation", "internal", args, {"type": "null"}, "convex/m.ts", 1),
        "dir/n:default": FunctionInfo("query", "public", {"type": "any"}, None, "convex/dir/n.ts", 1),
    }
    assert await admin.value("cli/modules:apiSpec") == [
        {
            "identifier": "dir/n.js:default",
            "functionType": "Query",
            "visibility": {"kind": "public"},
            "args": {"type": "any"},
            "returns": {"type": "any"},
        },
        {
            "identifier": "m.js:add",
            "functionType": "Mutation",
            "visibility": {"kind": "internal"},
            "args": args,
            "returns": {"type": "null"},
        },
    ]


async def test_cron_jobs_are_told_with_their_runs(admin: Admin) -> None:
    functions = {"m:tick": FunctionInfo("mutation", "internal", {"type": "any"}, None, "", 0)}
    exported = {
        "every hour": {"name": "m:tick", "args": [{"n": 1}], "schedule": {"type": "interval", "hours": 1}},
        "weekly": {
            "name": "m:tick",
            "args": [{}],
            "schedule": {"type": "weekly", "dayOfWeek": "monday", "hourUTC": 9, "minuteUTC": 30},
        },
    }
    async with await admin.store.snapshot() as snapshot:
        transaction = admin.store.transaction(snapshot, seed=b"0" * 16, writable=True)
        await push_crons(transaction, parse_crons(json.dumps(exported), functions), 1_000)
        first = (await due_crons(transaction, 1))[0]
        await finish_cron(transaction, first, FinishedRun(1_000, "Uncaught Error: no", ("[LOG] 'x'",), 0.5), 2_000)
        await admin.store.commit(transaction, run_id="", cause="push", writer=None)
    hourly, weekly = await admin.value("frontend/listCronJobs")
    assert (hourly["name"], hourly["cronSpec"]["udfPath"]) == ("every hour", "m.js:tick")
    assert json.loads(base64.b64decode(hourly["cronSpec"]["udfArgs"]["$bytes"])) == [{"n": 1.0}]
    assert hourly["cronSpec"]["cronSchedule"] == {"type": "interval", "seconds": int64(3_600)}
    assert hourly["nextRun"]["nextTs"] == int64(3_601_000 * 1_000_000)
    assert hourly["nextRun"]["state"] == {"type": "pending"}
    assert hourly["lastRun"]["ts"] == int64(1_000 * 1_000_000)
    assert hourly["lastRun"]["status"] == {"type": "err", "error": "Uncaught Error: no"}
    assert hourly["lastRun"]["logLines"] == {"logLines": ["[LOG] 'x'"], "isTruncated": False}
    assert weekly["lastRun"] is None
    assert weekly["cronSpec"]["cronSchedule"] == {
        "type": "weekly",
        "dayOfWeek": int64(1),
        "hourUTC": int64(9),
        "minuteUTC": int64(30),
    }


def int64(number: int) -> dict[str, str]:
    return {"$integer": base64.b64encode(number.to_bytes(8, "little", signed=True)).decode()}


async def test_the_tables_of_the_command_line(admin: Admin) -> None:
    await admin.add("a", "b", "c")
    options = {"numItems": 2, "cursor": None}
    assert (await admin.value("cli/tables", paginationOpts=options))["page"] == [{"name": "notes"}]
    first = await admin.value("cli/tableData", table="notes", order="asc", paginationOpts=options)
    assert ([row["text"] for row in first["page"]], first["isDone"]) == (["a", "b"], False)
    more = {"numItems": 5, "cursor": first["continueCursor"]}
    rest = await admin.value("cli/tableData", table="notes", order="asc", paginationOpts=more)
    assert ([row["text"] for row in rest["page"]], rest["isDone"]) == (["c"], True)
    assert "notes" in (await admin.value("frontend/getTableMapping")).values()


@pytest.mark.parametrize(
    ("path", "args", "text"),
    [
        ("frontend/listTableScan", {"table": "notes"}, "ArgumentValidationError: Object is missing the required field"),
        ("frontend/addDocument", {"table": 1, "documents": []}, "ArgumentValidationError: Value does not match"),
        ("frontend/getSchemas", {"componentId": "c"}, "Components are not available in this sandbox"),
        ("frontend/clearTablePage", {"tableName": "notes", "cursor": "forged"}, "InvalidCursor"),
    ],
)
async def test_wrong_arguments_are_refused(admin: Admin, path: str, args: dict[str, Any], text: str) -> None:
    await admin.add("a")
    assert text in (await admin.error(path, **args)).message


async def test_system_tables_are_seen_and_not_written(admin: Admin) -> None:
    assert await admin.value("frontend/listTableScan", table="_cron_jobs", limit=5) == []
    refused = await admin.error("frontend/addDocument", table="_storage", documents=[{}])
    assert "System tables (prefixed with `_`) are read-only." in refused.data


async def test_a_scan_is_read_with_its_read_set(admin: Admin) -> None:
    await admin.add("a")
    async with await admin.store.snapshot() as snapshot:
        args = json.dumps([{"table": "notes", "limit": 5}])
        request = Request("_system/frontend/listTableScan:default", args, is_admin=True)
        seen = await admin.executor.query(request, snapshot, Cause("call"))
    await admin.add("b")
    commits = await admin.store.log_since(seen.ts)
    assert any(seen.read_set.overlaps(commit.changes) for commit in commits), "a subscriber must be told"
