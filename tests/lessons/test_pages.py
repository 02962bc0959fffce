"""The course's pages and answers, over a deployment that is only remembered, not run."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import AsyncClient

from lessons import catalogue, checking, live
from lessons.models import Event, Person, Workspace
from lessons.verdict import Place, Step, Verdict
from sandbox.gateway import keys, tokens

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("tools")]

COMPILED = {"src/App.js": "export default 1"}
APP = "src/App.tsx"


class RememberedDeployment:
    """Takes every project but those with the word `broken`."""

    def __init__(self) -> None:
        self.revision: int | None = None
        self.rows: dict[str, list[Any]] = {}
        self.store = self

    async def follow(self) -> None:
        pass

    async def deploy(self, revision: int, files: Mapping[str, str], *, unless_newer: bool = False) -> Any:
        problem = SimpleNamespace(file="convex/signups.ts", line=3, column=7, message="broken")
        if any("broken" in text for text in files.values()):
            return SimpleNamespace(ok=False, problems=(problem,), total_ms=1.0)
        self.revision = revision
        return SimpleNamespace(ok=True, problems=(), total_ms=1.0)

    async def tables(self) -> list[Any]:
        return [SimpleNamespace(name=name, count=len(rows)) for name, rows in self.rows.items()]

    async def insert_rows(self, table: str, rows: Any, **_: Any) -> int:
        self.rows.setdefault(table, []).extend(rows)
        return len(rows)


@pytest.fixture
def deployment(monkeypatch: pytest.MonkeyPatch) -> RememberedDeployment:
    remembered = RememberedDeployment()

    @asynccontextmanager
    async def use(deployment_id: str) -> Any:
        yield remembered

    async def get(deployment_id: str) -> Any:
        return remembered

    monkeypatch.setattr(live, "registry", SimpleNamespace(use=use, get=get))
    return remembered


@pytest.fixture
async def browser(deployment: RememberedDeployment) -> AsyncClient:
    """Somebody who entered a pseudonym."""
    client = AsyncClient()
    await client.post("/start/", {"pseudonym": "Kittiwake"})
    return client


async def open_lesson(browser: AsyncClient) -> tuple[Workspace, dict[str, Any]]:
    page = await browser.get("/learn/trash-can/")
    assert page.status_code == 200
    return page.context["workspace"], page.context["config"]


async def save(browser: AsyncClient, workspace: Workspace, base: int, **files: str) -> Any:
    body = {"base_revision": base, "files": {f"src/{name}.tsx": text for name, text in files.items()}}
    return await post(browser, workspace, {**body, "compiled": COMPILED})


async def post(browser: AsyncClient, workspace: Workspace, body: Any) -> Any:
    text = body if isinstance(body, bytes) else json.dumps(body)
    return await browser.post(f"/w/{workspace.id}/files", text, content_type="application/json")


async def test_the_first_page_says_which_lessons_are_open() -> None:
    page = await AsyncClient().get("/")
    assert page.status_code == 200
    assert page.context["person"] is None
    assert "trash-can" in [lesson.slug for lesson in page.context["lessons"] if lesson.available]


async def test_a_pseudonym_opens_the_course(deployment: RememberedDeployment) -> None:
    client = AsyncClient()
    answer = await client.post("/start/", {"pseudonym": "  Kittiwake "})
    first = next(listing for listing in catalogue.course() if listing.available)
    assert (answer.status_code, answer.url) == (302, f"/learn/{first.slug}/")
    page = await client.get(answer.url)
    assert page.context["person"].pseudonym == "Kittiwake"
    assert first.title in page.content.decode()


@pytest.mark.parametrize("pseudonym", ["", "   ", "x" * 41, "a\u202eb", "\x00"])
async def test_a_pseudonym_that_cannot_be_shown_is_refused_with_a_sentence(pseudonym: str) -> None:
    page = await AsyncClient().post("/start/", {"pseudonym": pseudonym})
    assert page.status_code == 400
    assert page.context["problem"].endswith((".", "characters."))
    assert await Person.objects.acount() == 0


async def test_starting_twice_keeps_the_same_person(browser: AsyncClient) -> None:
    await browser.post("/start/", {"pseudonym": "Somebody else"})
    assert await Person.objects.acount() == 1


@pytest.mark.parametrize("address", ["/learn/nothing/", "/learn/nothing/?step=1"])
async def test_a_lesson_that_is_not_open_is_not_found(browser: AsyncClient, address: str) -> None:
    assert (await browser.get(address)).status_code == 404


async def test_without_a_pseudonym_a_lesson_leads_to_the_first_page() -> None:
    answer = await AsyncClient().get("/learn/trash-can/")
    assert (answer.status_code, answer.url) == (302, "/")


async def test_the_page_carries_what_its_script_needs(browser: AsyncClient) -> None:
    workspace, config = await open_lesson(browser)
    assert (config["revision"], config["goodRevision"], config["locked"]) == (1, None, [])
    assert set(config["files"]) == {"convex/schema.ts", "convex/signups.ts", APP}
    assert tokens.read(config["token"]).deployment_id == workspace.id
    assert keys.verify_identity(workspace.id, config["identities"]["bob"])["subject"] == "bob"
    assert config["urls"]["files"] == f"/w/{workspace.id}/files"


async def test_the_first_save_brings_the_starter_live_with_its_rows(
    browser: AsyncClient, deployment: RememberedDeployment
) -> None:
    workspace, config = await open_lesson(browser)
    answer = await post(browser, workspace, {"base_revision": 1, "files": config["files"], "compiled": COMPILED})
    saved = answer.json()
    assert (saved["revision"], saved["deployed"], saved["good_revision"], saved["problems"]) == (1, True, 1, [])
    assert len(deployment.rows["signups"]) == 6
    await save(browser, workspace, 1, App="// mine")
    assert len(deployment.rows["signups"]) == 6


async def test_a_broken_project_is_saved_and_the_last_good_revision_stays_live(browser: AsyncClient) -> None:
    workspace, _ = await open_lesson(browser)
    await save(browser, workspace, 1, App="// good")
    saved = (await save(browser, workspace, 2, App="// broken")).json()
    assert (saved["revision"], saved["deployed"], saved["good_revision"]) == (3, False, 2)
    assert saved["problems"] == [{"file": "convex/signups.ts", "line": 3, "column": 7, "message": "broken"}]
    assert (await open_lesson(browser))[1]["files"][APP] == "// broken"


async def test_pane_code_that_did_not_compile_does_not_go_live(browser: AsyncClient) -> None:
    workspace, _ = await open_lesson(browser)
    await save(browser, workspace, 1, App="// good")
    answer = await post(browser, workspace, {"base_revision": 2, "files": {APP: "<"}, "compiled": {}})
    assert answer.json() | {"server_ms": 0} == {
        "revision": 3, "deployed": False, "good_revision": 2, "problems": [], "server_ms": 0
    }  # fmt: skip


async def test_a_stale_edit_is_answered_with_the_other_version(browser: AsyncClient) -> None:
    workspace, _ = await open_lesson(browser)
    await save(browser, workspace, 1, App="// theirs")
    answer = await save(browser, workspace, 1, App="// mine")
    assert answer.status_code == 409
    assert answer.json()["error"] == "stale"
    assert answer.json()["theirs"]["revision"] == 2
    assert answer.json()["theirs"]["files"][APP] == "// theirs"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 400),
        (b"[]", 400),
        ({"base_revision": 1, "files": {"x": ""}, "compiled": {}}, 400),
        (b" " * 9_000_000, 413),
    ],
    ids=["no JSON", "no object", "unknown file", "too large"],
)
async def test_what_cannot_be_saved_is_refused_and_nothing_changes(
    browser: AsyncClient, body: Any, status: int
) -> None:
    workspace, _ = await open_lesson(browser)
    answer = await post(browser, workspace, body)
    assert answer.status_code == status
    assert answer.json()["message"]
    assert (await open_lesson(browser))[1]["revision"] == 1


async def test_a_fresh_token_is_for_this_workspace(browser: AsyncClient) -> None:
    workspace, _ = await open_lesson(browser)
    renewed = (await browser.post(f"/w/{workspace.id}/token")).json()
    token = tokens.read(renewed["token"])
    assert token.deployment_id == workspace.id
    assert renewed["expires_at"] == token.expires_at_ms
    assert set(renewed["identities"]) == {"alice", "bob"}


@pytest.mark.parametrize("action", ["files", "token", "tasks/1/check"])
async def test_nobody_reaches_another_persons_workspace(browser: AsyncClient, action: str) -> None:
    workspace, _ = await open_lesson(browser)
    stranger = AsyncClient()
    assert (await stranger.post(f"/w/{workspace.id}/{action}")).status_code == 404
    await stranger.post("/start/", {"pseudonym": "Tern"})
    assert (await stranger.post(f"/w/{workspace.id}/{action}")).status_code == 404


@pytest.mark.parametrize("action", ["files", "token", "tasks/1/check"])
async def test_a_form_of_another_site_is_refused(deployment: RememberedDeployment, action: str) -> None:
    client = AsyncClient(enforce_csrf_checks=True)
    assert (await client.post(f"/w/whatever/{action}")).status_code == 403


async def test_a_check_shows_its_verdict_and_counts_the_attempt(
    browser: AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = Verdict(False, "Called `archive`.", "<b>No</b>", "Yes.", Place("convex/signups.ts", 24, 1), (Step("one"),))

    async def run(*_: Any, **__: Any) -> Verdict:
        return found

    monkeypatch.setattr(checking, "run", run)
    workspace, _ = await open_lesson(browser)
    await browser.post(f"/w/{workspace.id}/tasks/1/check")
    page = await browser.post(f"/w/{workspace.id}/tasks/1/check")
    shown = page.context["result"]
    assert (shown.passed, shown.attempts, shown.revision) == (False, 2, 1)
    assert "<code>archive</code>" in page.content.decode()
    assert "<b>No</b>" not in page.content.decode()
    assert await Event.objects.filter(kind="checked", payload__task=1).acount() == 2
    assert "Not yet · try 2" in (await browser.get("/learn/trash-can/")).content.decode()


async def test_a_task_that_the_lesson_lacks_is_not_found(browser: AsyncClient) -> None:
    workspace, _ = await open_lesson(browser)
    assert (await browser.post(f"/w/{workspace.id}/tasks/7/check")).status_code == 404


async def test_one_person_has_one_check_at_a_time(browser: AsyncClient) -> None:
    workspace, _ = await open_lesson(browser)
    async with checking.turn_of(workspace.person_id):
        assert (await browser.post(f"/w/{workspace.id}/tasks/1/check")).status_code == 429


async def test_the_newest_revision_is_told_to_its_owner_alone(browser: AsyncClient) -> None:
    _, config = await open_lesson(browser)
    newest = (await browser.get(config["urls"]["files"])).json()
    assert newest == {"revision": config["revision"], "files": config["files"]}
    assert (await AsyncClient().get(config["urls"]["files"])).status_code == 404


async def test_who_saves_in_a_loop_is_asked_to_wait(browser: AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    workspace, _ = await open_lesson(browser)
    monkeypatch.setattr("lessons.pace.SAVES_PER_SECOND", 0.0001)
    statuses = []
    for base in range(1, 100):
        answer = await save(browser, workspace, base, App=f"export default {base}")
        statuses.append(answer.status_code)
        if answer.status_code != 200:
            break
    assert len(statuses) > 50
    assert statuses[-1] == 429
    assert answer.json()["message"].startswith("You have saved very often just now.")
    assert await Workspace.objects.filter(pk=workspace.pk).aget()
    assert (await browser.get(f"/w/{workspace.id}/files")).json()["revision"] == len(statuses)
