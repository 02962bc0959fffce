"""The index laboratory as its page asks it, on small tables: real functions, real workers."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import AsyncClient

from lessons import catalogue, laboratory, laboratory_filter, laboratory_office
from lessons.laboratory_views import parse_ask, parse_prediction
from lessons.models import Event, Workspace
from lessons.seeding import laboratory_rows
from sandbox.engine.laboratory import Question

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("tools")]

PREDICTION = {"scan": [[300, 4.0]], "index": [[300, 0.3]]}
SCAN = """import { query } from "./_generated/server";
export const everybody = query({
  args: {},
  handler: (ctx) => ctx.db.query("signups").filter((q) => q.eq(q.field("ownerId"), "alice")).take(3),
});
export const nothing = query({ args: {}, handler: () => 1 });
export const broken = query({ args: {}, handler: () => { throw new Error("no such luck"); } });
"""


@pytest.fixture(autouse=True)
def small_tables(settings: Any) -> None:
    settings.LABORATORY_SIZES = (10, 100, 300)


@pytest.fixture
async def workspace(browser: AsyncClient) -> Workspace:
    await browser.get("/learn/trash-can/laboratory/")
    return await Workspace.objects.select_related("person").aget()


async def ask(browser: AsyncClient, workspace: Workspace, what: str, **body: Any) -> list[dict[str, Any]]:
    response = await browser.post(
        f"/w/{workspace.id}/laboratory/{what}", json.dumps(body), content_type="application/json"
    )
    assert response.status_code == 200, response.content
    text = b"".join([part async for part in response.streaming_content])
    return [json.loads(line) for line in text.splitlines()]


async def save(browser: AsyncClient, workspace: Workspace, text: str) -> None:
    """Saves more functions beside the starter's, and brings them live."""
    starter = catalogue.lesson("trash-can").files["convex/signups.ts"]
    more = text.replace('import { query } from "./_generated/server";\n', "")
    body = {
        "base_revision": 1,
        "files": {"convex/signups.ts": starter + more},
        "compiled": {"src/App.js": "export default 1"},
    }
    answer = await browser.post(f"/w/{workspace.id}/files", json.dumps(body), content_type="application/json")
    assert answer.json()["deployed"], answer.json()


def last(messages: list[dict[str, Any]], kind: str) -> dict[str, Any]:
    return next(message for message in reversed(messages) if message["type"] == kind)


async def test_the_page_names_its_tables_and_their_sizes(browser: AsyncClient) -> None:
    page = await browser.get("/learn/trash-can/laboratory/")
    config = page.context["config"]
    assert (config["sizes"], config["prediction"], config["figures"]) == ([10, 100, 300], None, [])
    assert "One owner among a million rows" in page.content.decode()


async def test_without_a_pseudonym_the_page_leads_to_the_first_one() -> None:
    answer = await AsyncClient().get("/learn/trash-can/laboratory/")
    assert (answer.status_code, answer.url) == (302, "/")


async def test_the_learners_function_runs_once_and_its_plan_is_told(browser: AsyncClient, workspace: Workspace) -> None:
    messages = await ask(browser, workspace, "plan")
    assert [one["function"] for one in last(messages, "functions")["functions"]] == ["signups:listActive"]
    plan = last(messages, "plan")
    assert (plan["name"], plan["args"], plan["line"]) == ("listActive", {"ownerId": "alice"}, 5)
    assert (plan["question"]["index"], plan["question"]["fields"]) == ("by_owner", ["ownerId"])
    assert [line["key"] for line in plan["lines"]] == ["own", "scan", "wrong", "prefix"]


async def test_nothing_is_measured_before_a_prediction(browser: AsyncClient, workspace: Workspace) -> None:
    refused = await browser.post(f"/w/{workspace.id}/laboratory/measure", "{}", content_type="application/json")
    assert refused.status_code == 409
    assert refused.json()["message"].startswith("First say what you expect")


async def test_every_line_is_measured_at_every_size_and_kept(browser: AsyncClient, workspace: Workspace) -> None:
    await predict(browser, workspace)
    lines = ["scan", "wrong", "prefix", "javascript"]
    messages = await ask(browser, workspace, "measure", lines=lines, largest=300, runs=3)
    points = {(one["line"], one["size"]): one for one in messages if one["type"] == "point"}
    assert {size for _, size in points} == {10, 100, 300}
    assert {line for line, _ in points} == {"own", "scan", "wrong", "prefix"}
    assert all((one["same"], one["rows"], one["runs"]) == (True, 10, 3) for one in points.values())
    assert (points["own", 300]["documents"], points["scan", 300]["documents"]) == (10, 300)
    totals = {(one["line"], one["size"]): one for one in messages if one["type"] == "total"}
    assert totals["own", 300]["documents"] == 10
    assert (totals["javascript", 300]["documents"], totals["javascript", 300]["same"]) == (300, True)
    assert [cost["indexes"] for cost in last(messages, "writes")["writes"]] == [0, 1, 5]
    config = (await browser.get("/learn/trash-can/laboratory/")).context["config"]
    assert config["prediction"] == PREDICTION
    assert [one for one in config["figures"] if one["type"] == "point"] == list(points.values())


async def predict(browser: AsyncClient, workspace: Workspace) -> None:
    url = f"/w/{workspace.id}/laboratory/predict"
    answer = await browser.post(url, json.dumps(PREDICTION), content_type="application/json")
    assert answer.status_code == 200
    assert await Event.objects.filter(kind="predicted", workspace=workspace).acount() == 1


async def test_a_scan_with_a_filter_and_a_limit_is_recorded_whole(browser: AsyncClient, workspace: Workspace) -> None:
    await save(browser, workspace, SCAN)
    plan = last(await ask(browser, workspace, "plan", function="signups:everybody"), "plan")
    assert plan["question"]["index"] is None
    assert plan["question"]["operators"] == [
        {"filter": {"$eq": [{"$field": "ownerId"}, {"$literal": "alice"}]}},
        {"limit": 3},
    ]
    assert [line["key"] for line in plan["lines"]] == ["own", "index", "wrong", "prefix"]


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({"function": "signups:nothing"}, "did not query the table `signups`"),
        ({"function": "signups:broken"}, "no such luck"),
        ({"function": "signups:nobody"}, "no query `signups:nobody`"),
        ({"args": {"ownerId": 7}}, "ArgumentValidationError"),
    ],
)
async def test_what_cannot_be_measured_is_said(
    browser: AsyncClient, workspace: Workspace, body: dict[str, Any], text: str
) -> None:
    await save(browser, workspace, SCAN)
    assert text in last(await ask(browser, workspace, "plan", **body), "error")["message"]


async def test_a_schema_that_refuses_the_rows_is_said_with_its_place(
    browser: AsyncClient, workspace: Workspace
) -> None:
    schema = catalogue.lesson("trash-can").files["convex/schema.ts"].replace("bus: v.number()", "bus: v.string()")
    body = {"base_revision": 1, "files": {"convex/schema.ts": schema}, "compiled": {"src/App.js": ""}}
    await browser.post(f"/w/{workspace.id}/files", json.dumps(body), content_type="application/json")
    assert "does not go live over these rows" in last(await ask(browser, workspace, "plan"), "error")["message"]


async def test_a_small_table_is_filled_and_then_the_refusal_is_real(browser: AsyncClient, workspace: Workspace) -> None:
    await save(browser, workspace, SCAN)
    ran = last(await ask(browser, workspace, "refuse"), "ran")
    assert (ran["count"], ran["documents"], ran["error"], ran["limit"]) == (6, 3, None, 32_000)
    assert last(await ask(browser, workspace, "seed"), "seeded")["count"] == 32_500
    scanned = last(await ask(browser, workspace, "refuse"), "scanned")
    assert scanned["error"] == (
        "Uncaught Error: Too many documents read in a single function execution (limit: 32000). Consider using smaller "
        "limits in your queries, paginating your queries, or using indexed queries with a selective index range "
        "expressions."
    )
    assert scanned["documents"] >= 32_000


async def test_the_work_ends_with_its_page(browser: AsyncClient, workspace: Workspace) -> None:
    await predict(browser, workspace)
    body = json.dumps({"lines": ["scan"], "runs": 15})
    response = await browser.post(f"/w/{workspace.id}/laboratory/measure", body, content_type="application/json")
    lines = response.streaming_content
    async for line in lines:
        if b'"measuring"' in line:
            break
    await lines.aclose()
    async with laboratory_office.office().places.take(lambda place: None):
        pass  # nobody holds it any more
    assert await Event.objects.filter(kind="measured").acount() == 0


@pytest.mark.parametrize(
    "body",
    [
        {"function": 1},
        {"args": "alice"},
        {"lines": ["own", "x"]},
        {"lines": [["scan"]]},
        {"largest": 50},
        {"runs": 4_000},
        {"cache": "hot"},
    ],
)
def test_what_is_not_understood_is_refused_in_a_sentence(body: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"\.$"):
        parse_ask(body)


@pytest.mark.parametrize(
    "points", [[], None, [[300]], [[300, 0]], [[300, "4"]], [[10, 4]], [[300, 1e12]], [[7, 1], [300, 1]]]
)
def test_a_prediction_must_reach_the_largest_table(points: Any) -> None:
    with pytest.raises(ValueError, match=r"\.$"):
        parse_prediction({"scan": points, "index": [[300, 1]]})


@pytest.mark.parametrize("count", [10, 100, 1_000, 12_345])
def test_ten_rows_are_alices_at_every_size(count: int) -> None:
    rows = list(laboratory_rows("signups", count))
    assert len(rows) == count
    assert sum(row["ownerId"] == "alice" for row in rows) == 10
    assert rows == list(laboratory_rows("signups", count))


def test_a_condition_without_a_twin_in_javascript_is_known() -> None:
    bounded = {"type": "Gt", "fieldPath": "bus", "value": 1.0}
    with pytest.raises(laboratory_filter.NoTwin):
        laboratory_filter.source(Question("signups", "by_bus", ("bus",), [bounded], "asc", []))
    text = {"type": "Eq", "fieldPath": "a.b", "value": '"; throw 1; "'}
    assert '=== "\\"; throw 1; \\""' in laboratory_filter.source(Question("t", "i", ("a.b",), [text], "asc", []))


def test_machine_is_said_in_words() -> None:
    assert laboratory.machine().endswith(("core", "cores"))
