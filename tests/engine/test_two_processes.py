"""Two deployments over one folder, as two web processes have them: each learns from the store what the other did."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from sandbox.engine import Deployment, close_pools
from sandbox.engine.errors import DeployError, EngineError, Problem
from sandbox.engine.runtime.executor import Request
from sandbox.engine.trace import DeployNote
from tests.engine.sync.fakes import Client

SCHEMA = """import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";
export default defineSchema({ notes: defineTable({ FIELDS })INDEX });
"""
CODE = """import { internalMutation, mutation, query } from "./_generated/server";
import { internal } from "./_generated/api";
export const list = query(async (ctx) => (await ctx.db.query("notes").collect()).map((row) => `VERSION ${row.text}`));
export const add = mutation(async (ctx, { text }: any) => {
  await ctx.db.insert("notes", { text, EXTRA });
  return "VERSION";
});
export const greeting = query(async () => process.env.GREETING ?? "none");
export const later = mutation(async (ctx) => { await ctx.scheduler.runAfter(0, internal.m.added as any, {}); });
export const urlOf = query(async (ctx, { id }: any) => await ctx.storage.getUrl(id));
export const drop = mutation(async (ctx, { id }: any) => await ctx.storage.delete(id));
export const tick = internalMutation(async (ctx) => { await ctx.db.insert("notes", { text: "tick", EXTRA }); });
"""
CRONS = """import { cronJobs } from "convex/server";
import { internal } from "./_generated/api";
const crons = cronJobs();
crons.interval("tick", { hours: 1 }, internal.m.tick);
export default crons;
"""


ADDED = """
export const added = internalMutation(async (ctx) => { await ctx.db.insert("notes", { text: "job" }); });
"""


def project(version: str, *, extra: str = "", index: str = "", **more: str) -> dict[str, str]:
    fields = "text: v.string(), " + (f"{extra.partition(':')[0]}: v.optional(v.any())" if extra else "")
    return {
        "convex/schema.ts": SCHEMA.replace("FIELDS", fields).replace("INDEX", index),
        "convex/m.ts": CODE.replace("VERSION", version).replace("EXTRA", extra),
        **{f"convex/{name}.ts": text for name, text in more.items()},
    }


class Pair:
    """`a` and `b` are the same deployment, open twice."""

    def __init__(self, a: Deployment, b: Deployment) -> None:
        self.a, self.b = a, b

    async def deploy(self, where: Deployment, files: dict[str, str], revision: int = 1) -> None:
        result = await where.deploy(revision, files)
        assert result.ok, result.problems


@pytest_asyncio.fixture
async def pair(tmp_path: Path, tools: Any) -> AsyncIterator[Pair]:
    a = await Deployment.open(tmp_path / "d", tools=tools)
    b = await Deployment.open(tmp_path / "d", tools=tools)
    pair = Pair(a, b)
    await pair.deploy(a, project("one"))
    yield pair
    await asyncio.gather(a.close(), b.close())
    await close_pools()


async def value(deployment: Deployment, name: str, **args: Any) -> Any:
    outcome = await deployment.run(f"m:{name}", args)
    assert outcome.error is None, outcome.error
    return outcome.value


async def shown(watch: Any, wanted: Any) -> None:
    async with asyncio.timeout(20):
        async for emission in watch:
            if emission.value == wanted:
                return


async def test_a_mutation_in_one_reaches_a_live_query_in_the_other(pair: Pair):
    watch = await pair.b.subscribe("m:list", {})
    await shown(watch, [])
    await value(pair.a, "add", text="hello")
    await shown(watch, ["one hello"])
    await watch.close()


async def test_a_request_is_answered_once_whoever_is_asked_again(pair: Pair):
    responses = []
    for deployment in (pair.a, pair.b, pair.a):
        client = Client(deployment, "one session")
        await client.connect()
        await client.say("Mutation", requestId=7, udfPath="m:add", args=[{"text": "once"}])
        (response,) = await client.wait(lambda client=client: client.of_type("MutationResponse"))
        responses.append((response["success"], response["result"], response["ts"]))
        await client.session.disconnect()
    assert responses == [responses[0]] * 3
    assert await value(pair.b, "list") == ["one once"]


async def test_a_request_that_both_run_at_the_same_time_is_committed_once(pair: Pair):
    clients = [Client(deployment, "one session") for deployment in (pair.a, pair.b)]
    for client in clients:
        await client.connect()
    for client in clients:
        await client.say("Mutation", requestId=0, udfPath="m:add", args=[{"text": "once"}])
    answers = [await client.wait(lambda client=client: client.of_type("MutationResponse")) for client in clients]
    assert answers[0] == answers[1]
    assert await value(pair.a, "list") == ["one once"]
    for client in clients:
        await client.session.disconnect()


# --- code


async def test_code_deployed_in_one_is_what_the_next_call_in_the_other_runs(pair: Pair):
    assert await value(pair.b, "add", text="x") == "one"
    await pair.deploy(pair.a, project("two"), 2)
    assert await value(pair.b, "add", text="y") == "two"
    assert await value(pair.b, "list") == ["two x", "two y"]
    assert (pair.b.revision, pair.b.functions.keys()) == (2, pair.a.functions.keys())


async def test_live_queries_of_the_other_run_again_on_the_new_code(pair: Pair):
    notes: list[Any] = []
    pair.b.add_listener(notes.append)
    await value(pair.a, "add", text="x")
    watch = await pair.b.subscribe("m:list", {})
    await shown(watch, ["one x"])
    await pair.deploy(pair.a, project("two"), 2)
    await shown(watch, ["two x"])
    assert [note.revision for note in notes if isinstance(note, DeployNote)] == [1, 2]
    await watch.close()


async def test_a_mutation_that_was_at_work_when_the_other_deployed_runs_again_on_the_new_code(pair: Pair):
    versions: list[str] = []

    async def deploy_meanwhile(transaction: Any, value_json: str) -> None:
        versions.append(value_json)
        if len(versions) == 1:
            await pair.deploy(pair.a, project("two", extra="more: 1"), 2)

    outcome = await pair.b.executor.mutation(Request("m:add", '[{"text": "x"}]'), before_commit=deploy_meanwhile)
    assert versions == ['"one"', '"two"']
    assert (outcome.value, outcome.note.retries) == ("two", 0)
    page = await pair.a.store.table_page("notes", index=None, order="asc", limit=9, after=None)
    (row,) = page.rows
    assert b'"more":1' in row


async def test_new_tables_and_indexes_are_there_for_the_other(pair: Pair):
    await value(pair.b, "add", text="x")
    indexed = project("two", index='.index("by_text", ["text"])')
    indexed["convex/m.ts"] = indexed["convex/m.ts"].replace('query("notes")', 'query("notes").withIndex("by_text")')
    indexed["convex/schema.ts"] = indexed["convex/schema.ts"].replace("({ notes", "({ more: defineTable({}), notes")
    await pair.deploy(pair.a, indexed, 2)
    assert await value(pair.b, "list") == ["two x"]
    assert [table.name for table in await pair.b.store.tables()] == ["more", "notes"]


async def test_a_deploy_that_fails_leaves_both_as_they_were(pair: Pair):
    await value(pair.b, "add", text="x")
    contradicted = project("two")
    contradicted["convex/schema.ts"] = contradicted["convex/schema.ts"].replace("v.string()", "v.number()")
    assert not (await pair.a.deploy(2, contradicted)).ok
    for deployment in (pair.a, pair.b):
        assert (await value(deployment, "list"), deployment.revision) == (["one x"], 1)


async def test_two_deploys_at_once_leave_both_with_the_same_code_and_schema(pair: Pair):
    for turn in range(4):
        names = [f"a{turn}", f"b{turn}"]
        projects = [project(name) for name in names]
        for name, files in zip(names, projects, strict=True):
            files["convex/schema.ts"] = files["convex/schema.ts"].replace(
                "({ notes", f"({{ {name}: defineTable({{}}), notes"
            )
        await asyncio.gather(*(pair.deploy(*each) for each in zip((pair.a, pair.b), projects, strict=True)))
        (version,) = {await value(deployment, "add", text="x") for deployment in (pair.a, pair.b)}
        assert pair.a.store.schema.tables.keys() == {"notes", version}


async def test_an_older_revision_does_not_take_the_place_of_a_newer_one(pair: Pair):
    await pair.deploy(pair.a, project("five"), 5)
    late = await pair.b.deploy(4, project("four"), unless_newer=True)
    assert (late.ok, late.problems) == (False, ())
    for deployment in (pair.b, pair.a):
        assert (await value(deployment, "add", text="x"), deployment.revision) == ("five", 5)


async def test_other_variables_reach_the_other(pair: Pair):
    watch = await pair.b.subscribe("m:greeting", {})
    await shown(watch, "none")
    await pair.a.set_environment({"GREETING": "hello"})
    assert await value(pair.b, "greeting") == "hello"
    await shown(watch, "hello")
    await pair.deploy(pair.b, project("two"), 2)
    assert await value(pair.a, "greeting") == "hello"
    await watch.close()


async def test_variables_set_in_one_survive_a_deploy_in_the_other(pair: Pair):
    await pair.a.set_environment({"GREETING": "hello"})
    await pair.deploy(pair.b, project("two"), 2)  # which has not heard of it
    for deployment in (pair.a, pair.b):
        assert (await value(deployment, "greeting"), deployment.revision) == ("hello", 2)


async def test_a_push_that_another_overtakes_is_prepared_anew(pair: Pair, monkeypatch):
    push, pushes = pair.b.store.push_schema, []

    async def overtaken(*args: Any, **more: Any) -> Any:
        pushes.append(more["code"])
        if len(pushes) == 1:
            await pair.a.set_environment({"GREETING": "hello"})
        if len(pushes) == 3:
            await pair.deploy(pair.a, project("three"), 3)
        return await push(*args, **more)

    monkeypatch.setattr(pair.b.store, "push_schema", overtaken)
    await pair.deploy(pair.b, project("two"), 2)
    assert (len(pushes), await value(pair.b, "greeting"), await value(pair.b, "add", text="x")) == (2, "hello", "two")
    await pair.b.set_environment({"GREETING": "hi"})
    assert len(pushes) == 4
    for deployment in (pair.a, pair.b):
        assert (await value(deployment, "greeting"), await value(deployment, "add", text="x")) == ("hi", "three")


async def test_a_deployment_comes_back_with_its_variables(pair: Pair, tools: Any):
    await pair.a.set_environment({"GREETING": "hello"})
    for given, found in ((None, "hello"), ({"GREETING": "other"}, "other"), ({"MORE": "1"}, "other")):
        again = await Deployment.open(pair.a.folder, tools=tools, environment=given)
        assert await value(again, "greeting") == found
        await again.close()
        assert await value(pair.b, "greeting") == found


# --- code that the other cannot load


async def test_code_that_does_not_load_in_the_other_is_told_and_runs_nothing_old(pair: Pair, monkeypatch, caplog):
    async def refuse(compiled: Any) -> Any:
        raise DeployError("Uncaught nothing works", (Problem("convex/m.ts", 1, 1, "no"),), code="ImportFailed")

    with monkeypatch.context() as patched:
        patched.setattr(pair.b._host, "load", refuse)
        await pair.deploy(pair.a, project("two"), 2)
        for name in ("list", "add"):
            outcome = await pair.b.run(f"m:{name}", {"text": "x"}, kind="query" if name == "list" else "mutation")
            assert outcome.error.message == "Revision 2 is live and does not load: Uncaught nothing works"
        assert not pair.b.executor.can_run
    assert caplog.text.count("Revision 2 is live and does not load") == 1
    assert await value(pair.a, "list") == []
    await pair.deploy(pair.a, project("three"), 3)
    assert await value(pair.b, "add", text="x") == "three"


async def test_a_load_that_fails_in_passing_is_tried_again_by_the_next_call(pair: Pair, monkeypatch):
    async def killed(compiled: Any) -> Any:
        raise DeployError("The JavaScript process ended unexpectedly", code="ProcessKilled")

    await pair.deploy(pair.a, project("two"), 2)
    with monkeypatch.context() as patched:
        patched.setattr(pair.b._host, "load", killed)
        with pytest.raises(EngineError, match="Revision 2 could not be loaded"):
            await pair.b.run_query("m:list", {})
    assert await value(pair.b, "add", text="x") == "two"


async def test_live_queries_wait_for_a_load_that_failed_in_passing(pair: Pair, monkeypatch):
    watch = await pair.b.subscribe("m:list", {})
    await shown(watch, [])
    load, tries = pair.b._host.load, []

    async def killed_once(compiled: Any) -> Any:
        tries.append(compiled)
        if len(tries) == 1:
            raise DeployError("The JavaScript process ended unexpectedly", code="ProcessKilled")
        return await load(compiled)

    monkeypatch.setattr(pair.b._host, "load", killed_once)
    await value(pair.a, "add", text="x")
    await pair.deploy(pair.a, project("two"), 2)
    await shown(watch, ["two x"])
    await watch.close()


# --- jobs and files


async def test_a_job_for_new_code_is_run_by_whoever_has_the_lease(pair: Pair):
    """The one with the lease has not seen the new code yet: it must not take the function for missing."""
    assert await pair.b.jobs._lease._take()
    added = project("two")
    added["convex/m.ts"] += ADDED
    watch = await pair.a.subscribe("m:list", {})
    await pair.deploy(pair.a, added, 2)
    await value(pair.a, "later")
    await shown(watch, ["two job"])
    await watch.close()


async def test_cron_jobs_run_once_with_both_at_work(pair: Pair):
    watch = await pair.b.subscribe("m:list", {})
    await pair.deploy(pair.a, project("two", crons=CRONS), 2)
    await shown(watch, ["two tick"])
    await pair.deploy(pair.b, project("three", crons=CRONS), 3)
    await shown(watch, ["three tick"])
    await watch.close()


async def test_a_file_stored_in_one_is_there_in_the_other_and_gone_for_both(pair: Pair):
    storage_id = await pair.a.store_file(b"hello", "text/plain")
    uuid = str(await value(pair.b, "urlOf", id=storage_id)).rpartition("/")[2]
    _, content = await pair.b.open_file(uuid)
    with content:
        assert content.read() == b"hello"
    await value(pair.b, "drop", id=storage_id)
    assert await pair.a.open_file(uuid) is None
    assert await value(pair.a, "urlOf", id=storage_id) is None
