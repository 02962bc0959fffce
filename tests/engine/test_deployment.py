"""The engine whole: real TypeScript, the real JS process, a real store."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from sandbox.engine import Deployment, LimitExceeded, Quota, StoreUnavailable, close_pools
from sandbox.engine.trace import CommitNote, DeployNote, RunNote

STARTER = Path(__file__).parents[2] / "lessons/content/09-trash-can/starter"
SCHEMA = (STARTER / "convex/schema.ts").read_text()
SIGNUPS = (STARTER / "convex/signups.ts").read_text()
STARTER_FILES = {"convex/schema.ts": SCHEMA, "convex/signups.ts": SIGNUPS}
NAMES = ("listActive", "create", "remove")
AMINA = {"ownerId": "alice", "name": "Amina", "bus": 1}


@pytest_asyncio.fixture
async def deployment(tmp_path: Path, tools: Any) -> AsyncIterator[Deployment]:
    deployment = await Deployment.open(tmp_path / "d", tools=tools)
    result = await deployment.deploy(1, STARTER_FILES)
    assert result.ok, result.problems
    yield deployment
    await deployment.close()
    await close_pools()


async def next_of(watch: Any) -> Any:
    async with asyncio.timeout(10):
        return await anext(watch)


async def test_a_mutation_reaches_a_live_query(deployment: Deployment) -> None:
    watch = await deployment.subscribe("signups:listActive", {"ownerId": "alice"})
    assert (await next_of(watch)).value == []
    outcome = await deployment.run_mutation("signups:create", AMINA, writer="alice")
    assert outcome.ok, outcome.error
    (row,) = (await next_of(watch)).value
    assert (row["_id"], row["name"], row["bus"]) == (outcome.value, "Amina", 1)
    await watch.close()


async def test_a_run_tells_what_it_read_and_why_it_ran(deployment: Deployment) -> None:
    notes: list[Any] = []
    deployment.add_listener(notes.append)
    watch = await deployment.subscribe("signups:listActive", {"ownerId": "alice"})
    await next_of(watch)
    await deployment.run_mutation("signups:create", AMINA, writer="alice")
    await next_of(watch)
    await deployment.run_query("signups:listActive", {"ownerId": "alice"})
    first, mutation, woken = [note for note in notes if isinstance(note, RunNote)][:3]
    (commit,) = [note for note in notes if isinstance(note, CommitNote)]
    assert first.cause.kind == "first"
    assert (mutation.kind, mutation.writer, mutation.writes[0].after["name"]) == ("mutation", "alice", "Amina")
    assert (woken.cause.kind, woken.cause.commit_ts) == ("commit", mutation.commit_ts)
    (read,) = woken.reads
    assert (read.table, read.index, read.documents) == ("signups", "by_owner", 1)
    assert 0 < read.store_ms <= woken.store_ms <= woken.total_ms
    assert commit.commit_ts == mutation.commit_ts
    await watch.close()


async def test_a_failing_deploy_says_where_and_leaves_the_last_good_one_live(deployment: Deployment) -> None:
    broken = SIGNUPS + "\nexport const broken = ;\n"
    result = await deployment.deploy(2, STARTER_FILES | {"convex/signups.ts": broken})
    (problem,) = result.problems
    assert (problem.file, problem.line, problem.column) == ("convex/signups.ts", broken.count("\n"), 23)
    assert deployment.revision == 1
    assert (await deployment.run_mutation("signups:create", AMINA)).ok


async def test_a_table_name_that_is_still_being_typed_is_refused_in_place(deployment: Deployment) -> None:
    for file, text in STARTER_FILES.items():
        half_typed = text.replace("v.string()", 'v.id("")', 1)
        result = await deployment.deploy(2, STARTER_FILES | {file: half_typed})
        (problem,) = result.problems
        assert (problem.file, problem.line > 0) == (file, True)
        assert "Identifier cannot be empty" in problem.message
    assert (await deployment.run_mutation("signups:create", AMINA)).ok, "the old code and schema must both be back"


async def test_code_that_throws_while_it_loads_is_placed(deployment: Deployment) -> None:
    result = await deployment.deploy(
        2, STARTER_FILES | {"convex/signups.ts": "import './schema';\nthrow new Error('no');\n"}
    )
    (problem,) = result.problems
    assert (problem.file, problem.line) == ("convex/signups.ts", 2)
    assert "no" in problem.message


async def test_a_schema_that_contradicts_stored_rows_is_refused_with_row_and_place(deployment: Deployment) -> None:
    row = (await deployment.run_mutation("signups:create", AMINA)).value
    narrow = SCHEMA.replace("bus: v.number()", "bus: v.string()")
    result = await deployment.deploy(2, STARTER_FILES | {"convex/schema.ts": narrow})
    (problem,) = result.problems
    assert (problem.file, problem.line) == ("convex/schema.ts", 8)
    assert row in problem.message
    assert (await deployment.run_mutation("signups:create", AMINA)).ok, "the old code and schema must both be back"


async def test_new_code_runs_live_queries_again(deployment: Deployment) -> None:
    watch = await deployment.subscribe("signups:listActive", {"ownerId": "alice"})
    await next_of(watch)
    fixed = 'import { query } from "./_generated/server";\nexport const listActive = query(async () => "new");\n'
    assert (await deployment.deploy(2, STARTER_FILES | {"convex/signups.ts": fixed})).ok
    assert (await next_of(watch)).value == "new"
    await watch.close()


async def test_code_and_rows_come_back_after_a_restart(tmp_path: Path, tools: Any, deployment: Deployment) -> None:
    await deployment.run_mutation("signups:create", AMINA)
    await deployment.close()
    again = await Deployment.open(tmp_path / "d", tools=tools)
    assert again.revision == 1
    outcome = await again.run_query("signups:listActive", {"ownerId": "alice"})
    assert [row["name"] for row in outcome.value] == ["Amina"]
    await again.close()


async def test_an_error_in_a_function_carries_convexs_text_and_place(deployment: Deployment) -> None:
    thrown = SIGNUPS.replace("await ctx.db.delete(id);", 'throw new Error("boom");')
    assert (await deployment.deploy(2, STARTER_FILES | {"convex/signups.ts": thrown})).ok
    row = (await deployment.run_mutation("signups:create", AMINA)).value
    outcome = await deployment.run_mutation("signups:remove", {"id": row})
    assert outcome.error is not None
    first, place = outcome.error.message.splitlines()[:2]
    assert first == "Uncaught Error: boom"
    assert "(../convex/signups.ts:26:" in place


async def test_arguments_are_checked_before_anything_runs(deployment: Deployment) -> None:
    outcome = await deployment.run_mutation("signups:create", AMINA | {"bus": "one"})
    assert outcome.error is not None
    assert outcome.error.message.startswith("ArgumentValidationError: Value does not match validator.\nPath: .bus\n")


async def test_seeding_fills_the_table_and_comparison_measures_both_ways(deployment: Deployment) -> None:
    rows = [{"ownerId": f"owner-{n % 50}", "name": f"Name {n}", "bus": n % 3 + 1} for n in range(2_000)]
    assert await deployment.insert_rows("signups", rows) == 2_000
    asked = [{"type": "Eq", "fieldPath": "ownerId", "value": "owner-7"}]
    measured = await deployment.compare("signups", "by_owner", asked, "asc")
    assert measured.same
    assert (measured.index_documents, measured.scan_documents) == (40, 2_000)
    assert 0 < measured.index_ms < measured.scan_ms


async def test_a_deploy_is_noted_for_the_panels(deployment: Deployment) -> None:
    notes: list[Any] = []
    deployment.add_listener(notes.append)
    await deployment.deploy(5, STARTER_FILES)
    assert [note.revision for note in notes if isinstance(note, DeployNote)] == [5]


def made_by_hand(args: str, returns: str = "'null'") -> str:
    """A function whose validators are whatever the learner writes."""
    return SIGNUPS + (
        "\nexport const f: any = Object.assign(() => 1, { isQuery: true, isPublic: true, "
        f"invokeQuery: async () => '1', exportArgs: () => {args}, exportReturns: () => {returns} }});\n"
    )


def exported(schema: str) -> str:
    return f"export default {{ export: () => {schema} }} as any;\n"


REFUSED = {
    "validator: none": {"convex/signups.ts": made_by_hand("'null'")},
    "validator: unknown": {"convex/signups.ts": made_by_hand('\'{"type":"zzz"}\'')},
    "validator: not JSON": {"convex/signups.ts": made_by_hand("'nope'")},
    "validator: a huge number": {"convex/signups.ts": made_by_hand("'1'.repeat(6000)")},
    "validator: deep": {"convex/signups.ts": made_by_hand("'['.repeat(100000)")},
    "validator of the result": {"convex/signups.ts": made_by_hand('\'{"type":"any"}\'', "'{}'")},
    "schema: a huge number": {"convex/schema.ts": exported("'{\"tables\":[' + '1'.repeat(5000) + ']}'")},
    "schema: half a surrogate pair": {"convex/schema.ts": exported('\'{"tables":[],"x":"\\ud800"}\'')},
    "schema: huge": {"convex/schema.ts": exported('`{"tables":[],"x":"${\'x\'.repeat(6e6)}"}`')},
    "text: half a surrogate pair": {"convex/signups.ts": "export const a = '\ud800';"},
    "compiler: nested too deeply": {"convex/signups.ts": f"export const x = {'!' * 200_000}1;"},
    "compiler: a string that doubles": {
        "convex/signups.ts": "export enum E { A0='xxxxxxxxxxxxxxxx',"
        + ",".join(f"A{n}=A{n - 1}+A{n - 1}" for n in range(1, 40))
        + "}"
    },
    "more functions than a project may have": {
        "convex/signups.ts": "import { query } from './_generated/server'; const q = query(async () => 1);"
        f"export {{ {','.join(f'q as a{n}' for n in range(20_000))} }};"
    },
}


@pytest.mark.slow
@pytest.mark.parametrize("files", REFUSED.values(), ids=REFUSED.keys())
async def test_crafted_exports_and_files_are_refused_and_the_last_good_code_stays(
    deployment: Deployment, files: dict[str, str]
) -> None:
    async with asyncio.timeout(20):
        result = await deployment.deploy(2, STARTER_FILES | files)
    assert not result.ok
    assert result.problems[0].message
    assert (deployment.revision, set(deployment.functions)) == (1, {f"signups:{n}" for n in NAMES})
    assert (await deployment.run_mutation("signups:create", AMINA)).ok


async def test_a_result_is_a_value_also_without_a_validator(deployment: Deployment) -> None:
    deep = 'import { query } from "./_generated/server";\nexport const deep = query(async () => {\n'
    deep += "  let value: any = 1;\n  for (let n = 0; n < 100; n++) value = [value];\n  return value;\n});\n"
    assert (await deployment.deploy(2, STARTER_FILES | {"convex/deep.ts": deep})).ok
    outcome = await deployment.run_query("deep:deep", {})
    assert outcome.error is not None
    assert "too nested" in outcome.error.message


async def test_a_read_that_stops_early_is_compared_with_the_same_stop(deployment: Deployment) -> None:
    await deployment.insert_rows("signups", [AMINA | {"name": f"Name {number}"} for number in range(5)])
    first = SIGNUPS.replace(".collect()", ".first()")
    assert (await deployment.deploy(2, STARTER_FILES | {"convex/signups.ts": first})).ok
    note = (await deployment.run_query("signups:listActive", {"ownerId": "alice"})).note
    (read,) = note.reads
    measured = await deployment.compare(read.table, read.index, read.range, read.order, read.limit)
    assert (read.limit, read.documents, measured.index_documents, measured.rows, measured.same) == (1, 1, 1, 1, True)


async def test_a_load_that_never_ends_is_shown_in_the_file_that_changed(deployment: Deployment) -> None:
    result = await deployment.deploy(2, STARTER_FILES | {"convex/signups.ts": SIGNUPS + "while (true) {}\n"})
    (problem,) = result.problems
    assert problem.file == "convex/signups.ts"
    assert deployment.revision == 1


async def test_a_deployment_with_a_full_disk_says_so_and_others_go_on(
    deployment: Deployment, tmp_path: Path, tools: Any
) -> None:
    other = await Deployment.open(tmp_path / "other", tools=tools)
    assert (await other.deploy(1, STARTER_FILES)).ok
    connection = deployment.store._connection
    connection.execute(f"PRAGMA max_page_count = {connection.execute('PRAGMA page_count').fetchone()[0]}")
    with pytest.raises(StoreUnavailable, match="no space left on the disk"):
        await deployment.run_mutation("signups:create", {**AMINA, "name": "A" * 100_000})
    many = "".join(f'  t{n}: defineTable({{ a: v.any() }}).index("by_a", ["a"]),\n' for n in range(200))
    result = await deployment.deploy(2, {**STARTER_FILES, "convex/schema.ts": SCHEMA.replace("({", "({\n" + many, 1)})
    (problem,) = result.problems
    assert (result.ok, problem.file, "no space left on the disk" in problem.message) == (
        False,
        "convex/schema.ts",
        True,
    )
    assert (await deployment.run_query("signups:listActive", {"ownerId": "alice"})).value == []
    assert (await other.run_mutation("signups:create", AMINA)).ok
    connection.execute("PRAGMA max_page_count = 1000000")
    assert (await deployment.run_mutation("signups:create", AMINA)).ok
    await other.close()


async def test_a_damaged_store_does_not_open_and_others_do(tmp_path: Path, tools: Any) -> None:
    (tmp_path / "damaged").mkdir()
    (tmp_path / "damaged" / "store.db").write_bytes(b"no database" * 1_000)
    with pytest.raises(StoreUnavailable, match="damaged or not a store at all"):
        await Deployment.open(tmp_path / "damaged", tools=tools)
    other = await Deployment.open(tmp_path / "other", tools=tools)
    assert (await other.deploy(1, STARTER_FILES)).ok
    await other.close()
    await close_pools()


async def test_a_deployment_takes_only_so_many_clients(deployment: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    async def nothing(*_: Any) -> None:
        pass

    monkeypatch.setattr("sandbox.engine.limits.SOCKETS_PER_DEPLOYMENT_MAX", 2)
    sessions = [deployment.connect(nothing, nothing) for _ in range(2)]
    assert not deployment.takes_clients
    await sessions[0].disconnect()
    assert deployment.takes_clients
    await sessions[1].disconnect()


@pytest.mark.slow
async def test_a_function_is_told_that_its_deployment_is_full(tmp_path: Path, tools: Any) -> None:
    deployment = await Deployment.open(tmp_path / "d", tools=tools, quota=Quota(document_bytes=0, file_bytes=0))
    assert (await deployment.deploy(1, STARTER_FILES)).ok
    outcome = await deployment.run_mutation("signups:create", AMINA)
    assert outcome.error is not None
    assert "This deployment keeps as much as it may (limit: 0 MiB" in outcome.error.message
    assert "handler (../convex/signups.ts:" in outcome.error.message
    assert (await deployment.run_query("signups:listActive", {"ownerId": "alice"})).value == []
    with pytest.raises(LimitExceeded, match="stores as many files as it may"):
        await deployment.store_file(b"x")
    await deployment.close()
    await close_pools()
