from __future__ import annotations

import json
from dataclasses import replace
from types import SimpleNamespace

import pytest
from channels.testing import WebsocketCommunicator

from sandbox.engine.trace import BackfillNote, Cause, CommitNote, DeployNote, ReadNote, RunNote, WriteNote
from sandbox.gateway import course
from sandbox.gateway.workspace_consumer import workspace_consumer

READ = ReadNote("signups", "by_owner", [{"type": "Eq", "fieldPath": "ownerId", "value": "alice"}], "asc", 2, 90, 0.1)
RUN = RunNote(
    run_id="r1", path="signups:list", kind="query", args='[{"owner":"alice"}]', at_ms=1.5, cause=Cause("commit", 41),
    writer=None, snapshot_ts=9_007_199_254_740_993, commit_ts=None, reads=(READ,), writes=(), store_ms=0.1,
    total_ms=0.9, log_lines=("[LOG] 1",), error=None, sent_to=("alice",),
)  # fmt: skip


def open_page(workspace_id="k3h4", origin="http://127.0.0.1:8000", host="127.0.0.1:8000") -> WebsocketCommunicator:
    headers = [(b"host", host.encode())] + ([(b"origin", origin.encode())] if origin else [])
    page = WebsocketCommunicator(workspace_consumer, f"/ws/workspace/{workspace_id}", headers=headers)
    page.scope |= {"user": SimpleNamespace(name="owner"), "url_route": {"kwargs": {"workspace_id": workspace_id}}}
    return page


@pytest.fixture(autouse=True)
def course_of_one_workspace(monkeypatch):
    async def access(user, workspace_id):
        return object() if (user.name, workspace_id) == ("owner", "k3h4") else None

    async def rows(workspace_id, table, count):
        if table != "signups":
            raise ValueError(f"There are no rows for {table!r}.")
        return [{"name": str(number)} for number in range(count)]

    functions = {"access": access, "rows": rows}
    monkeypatch.setattr(course, "import_string", lambda name: functions[name.rpartition(".")[2]])


@pytest.fixture
def settings(settings):
    settings.WORKSPACE_ACCESS, settings.SEED_ROWS = "course.access", "course.rows"
    return settings


@pytest.fixture
async def page(deployments, settings):
    page = open_page()
    assert (await page.connect())[0]
    page.hello = json.loads(await page.receive_from())
    page.deployment = deployments["k3h4"]
    yield page
    await page.disconnect()


async def say(page, **message) -> None:
    await page.send_to(text_data=json.dumps(message))


async def hear(page, kind: str) -> dict:
    """The next message of this type."""
    while True:
        message = json.loads(await page.receive_from(timeout=5))
        if message["type"] == kind:
            return message


async def test_a_page_is_greeted_with_the_tables(page):
    assert page.hello == {
        "type": "hello",
        "good_revision": 7,
        "tables": [{"name": "signups", "indexes": [], "count": 0}],
    }


@pytest.mark.parametrize(
    "origin", [None, "", "null", "http://127.0.0.1:9000", "http://localhost:8000", "http://127.0.0.1:8000.evil.example"]
)
async def test_a_page_of_another_origin_is_refused(deployments, settings, origin):
    assert not (await open_page(origin=origin).connect())[0]
    assert not deployments


async def test_a_host_that_is_not_ours_is_refused(deployments, settings):
    assert not (await open_page(origin="http://evil.example", host="evil.example").connect())[0]


async def test_a_workspace_of_someone_else_is_refused(deployments, settings):
    assert not (await open_page("other").connect())[0]
    assert not deployments


async def test_a_run_is_told_with_its_plan_and_exact_timestamps(page):
    page.deployment.tell(CommitNote(41, "r0", 1.0, "signups:create", "bob", ("signups",), 1))
    page.deployment.tell(RUN)
    run = (await hear(page, "run"))["run"]
    assert run["snapshot_ts"] == "9007199254740993"
    assert run["cause"] == {"kind": "commit", "commit_ts": "41", "run_id": "r0"}
    assert run["reads"][0]["plan"] == "by_owner · alice"
    assert run["sent_to"] == ["alice"]


async def test_a_commit_without_a_run_is_told(page):
    page.deployment.tell(CommitNote(41, "", 1.0, "seed", "data panel", ("signups",), 250))
    commit = await hear(page, "commit")
    assert (commit["commit_ts"], commit["cause"], commit["documents"]) == ("41", "seed", 250)


async def test_a_deploy_with_many_documents_says_how_far_it_is(page):
    page.deployment.tell(BackfillNote(1.0, "signups", ("by_owner",), 200, 1_000))
    assert await hear(page, "backfill") == {
        "type": "backfill",
        "table": "signups",
        "indexes": ["by_owner"],
        "documents": 200,
        "total": 1_000,
    }


async def test_a_deploy_is_told_and_the_tables_are_read_again(page):
    page.deployment.tell(DeployNote(8, 1.0, 44.0))
    assert await hear(page, "deployed") == {"type": "deployed", "revision": 8, "total_ms": 44.0}
    assert (await hear(page, "tables"))["tables"][0]["name"] == "signups"


async def test_watched_rows_are_sent_now_and_after_each_commit(page):
    await say(page, type="watch", table="signups", index=None, order="asc", limit=50)
    assert (await hear(page, "table"))["columns"] == ["_id", "name", "bus", "_creationTime"]
    page.deployment.store.rows.append(b'{"_id":"a","_creationTime":1.0,"extra":[]}')
    page.deployment.tell(CommitNote(42, "r", 1.0, "x", None, ("signups",), 1))
    table = await hear(page, "table")
    assert table["columns"] == ["_id", "name", "bus", "extra", "_creationTime"]
    assert (table["rows"][0]["_id"], table["count"]) == ("a", 1)


async def test_many_commits_of_a_moment_are_read_once(page):
    await say(page, type="watch", table="signups", index=None, order="asc", limit=50)
    await hear(page, "table")
    for ts in range(100):
        page.deployment.tell(CommitNote(ts, "r", 1.0, "x", None, ("signups",), 1))
    await hear(page, "table")
    assert len(page.deployment.store.asked) == 2


async def test_seeding_fills_the_table_and_says_how_long_it_took(page):
    await say(page, type="seed", table="signups", count=600)
    seeded = await hear(page, "seeded")
    assert seeded["count"] == len(page.deployment.store.rows) == 600
    assert seeded["ms"] > 0


async def test_a_table_without_rows_to_seed_is_answered_with_the_reason(page):
    await say(page, type="seed", table="buses", count=5)
    assert (await hear(page, "error"))["message"] == "There are no rows for 'buses'."


async def test_a_read_is_compared_with_a_full_scan(page):
    page.deployment.tell(RUN)
    await say(page, type="compare", run="r1", read=0)
    compared = await hear(page, "compared")
    assert (compared["run"], compared["read"], compared["scan_documents"], compared["same"]) == ("r1", 0, 900, True)


@pytest.mark.parametrize(("run", "read"), [("r1", 1), ("r1", -1), ("other", 0), ("scan", 0)])
async def test_what_cannot_be_compared_is_answered_with_the_reason(page, run, read):
    page.deployment.tell(RUN)
    page.deployment.tell(replace(RUN, run_id="scan", reads=(replace(READ, index=None, range=[]),)))
    await say(page, type="compare", run=run, read=read)
    assert "full scan" in (await hear(page, "error"))["message"]


HALF_A_PAIR = '{"type":"watch","table":"\\ud800","index":null,"order":"asc","limit":5}'


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        "1",
        '{"type":"watch"}',
        '{"type":"seed","table":1}',
        '{"type":"x"}',
        "[" * 990 + "]" * 990,
        HALF_A_PAIR,
    ],
)
async def test_what_is_not_understood_leaves_the_page_connected(page, text):
    await page.send_to(text_data=text)
    await hear(page, "error")
    page.deployment.tell(RUN)
    await hear(page, "run")


async def test_a_gone_page_hears_nothing_more(deployments, settings):
    page = open_page()
    await page.connect()
    await page.disconnect()
    assert deployments["k3h4"].listeners == []


async def test_half_a_surrogate_pair_in_a_run_reaches_the_page(page):
    page.deployment.tell(replace(RUN, args='[{"a":"\ud800"}]'))
    assert (await hear(page, "run"))["run"]["args"] == '[{"a":"\ud800"}]'


async def test_a_run_with_megabytes_is_told_in_short(page):
    row = {"_id": "a", "text": "x" * 1_000_000}
    writes = tuple(WriteNote("signups", str(n), None, row) for n in range(20))
    page.deployment.tell(replace(RUN, args="x" * 1_000_000, writes=writes, log_lines=("y" * 100_000,)))
    run = (await hear(page, "run"))["run"]
    assert len(json.dumps(run)) < 100_000
    assert (len(run["writes"]), run["writes"][0]["after"]["_id"]) == (20, "a")


async def test_a_range_is_read_by_the_schema_and_a_window_begins_where_it_was_asked(page):
    page.deployment.store.rows += [b'{"_id":"%d","_creationTime":1.0}' % number for number in range(300)]
    bounds = [{"type": "Gte", "field": "bus", "text": "7"}, {"type": "Lt", "field": "bus", "text": "9.5"}]
    await say(
        page, type="watch", table="signups", index="by_bus", order="desc", limit=50, range=bounds, offset=200,
        anchor="MTI=", lead=9,
    )  # fmt: skip
    table = await hear(page, "table")
    (ask,) = page.deployment.store.asked
    assert (ask.index, ask.order, ask.offset, ask.anchor, ask.lead, ask.limit) == ("by_bus", "desc", 200, b"12", 9, 50)
    assert table["range"] == [
        {"type": "Gte", "fieldPath": "bus", "value": 7.0},
        {"type": "Lt", "fieldPath": "bus", "value": 9.5},
    ]
    assert (table["offset"], len(table["rows"]), len(table["keys"])) == (200, 50, 50)
    assert table["fields"][1] == {"name": "bus", "kinds": ["number"], "optional": False, "type": "v.float64()"}


@pytest.mark.parametrize(
    "wrong",
    [
        {"range": 3}, {"range": [{"type": "Ne", "field": "bus", "text": "1"}]}, {"anchor": "no key!"},
        {"range": [{"type": "Eq", "field": "bus", "text": "1"}] * 17}, {"limit": "9"}, {"order": "up"},
    ],
)  # fmt: skip
async def test_a_watch_that_makes_no_sense_is_told_and_the_page_stays(page, wrong):
    await say(page, **({"type": "watch", "table": "signups", "order": "asc", "limit": 50} | wrong))
    assert (await hear(page, "error"))["message"] == "This message is not understood."
    await say(page, type="watch", table="signups", order="asc", limit=50)
    assert (await hear(page, "table"))["count"] == 0


async def test_a_bound_without_a_value_is_refused_at_the_table(page):
    bounds = [{"type": "Eq", "field": "bus", "text": ""}]
    await say(page, type="watch", table="signups", index="by_bus", order="asc", limit=50, range=bounds)
    refused = await hear(page, "table-refused")
    assert refused["table"] == "signups"
    assert "bus" in refused["message"]


async def test_a_page_learns_what_a_function_did_not_wait_for(page):
    page.deployment.tell(replace(RUN, unawaited=("db.insert",) * 3))
    assert (await hear(page, "run"))["run"]["unawaited"] == ["db.insert"] * 3


async def test_more_pages_of_one_workspace_than_there_may_be_are_asked_to_come_back(page, monkeypatch):
    monkeypatch.setattr("sandbox.gateway.workspace_consumer.FEEDS_PER_WORKSPACE_MAX", 1)
    another = open_page()
    assert (await another.connect())[0]
    assert (await another.receive_output())["code"] == 1013
    await another.disconnect()
