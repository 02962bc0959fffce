"""The project that a learner takes along: complete, right for TypeScript, and alive under `manage.py host`."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from convex import ConvexClient
from django.test import AsyncClient

from lessons import catalogue, take_away, workspaces
from lessons.catalogue import Lesson
from lessons.models import Person, Workspace
from sandbox.engine import Toolchain, check_types
from tests.gateway.test_host import host

AVAILABLE = [listing.slug for listing in catalogue.course() if listing.available]


@pytest.mark.parametrize("slug", AVAILABLE)
async def test_every_lessons_project_passes_the_type_checker(slug: str, tools: Toolchain) -> None:
    lesson = catalogue.lesson(slug)
    assert lesson is not None
    files = await take_away.project_files(lesson, lesson.files, tools)
    own = await check_types(tools, files)
    # A start may be broken on purpose; what is put around it adds nothing to that.
    broken_on_purpose = set(await check_types(tools, lesson.files | await _declared(lesson, tools)))
    assert set(own) <= broken_on_purpose


async def _declared(lesson: Lesson, tools: Toolchain) -> dict[str, str]:
    from lessons.project_types import declarations

    return await declarations(lesson.files, tools)


async def test_a_project_has_what_people_expect(lesson: Lesson, tools: Toolchain) -> None:
    files = await take_away.project_files(lesson, lesson.files, tools)
    assert await check_types(tools, files) == ()
    assert {"package.json", "tsconfig.json", "index.html", "vite.config.ts", "README.md", ".gitignore"} <= files.keys()
    assert {f"convex/_generated/{name}" for name in ("api.js", "api.d.ts", "server.js", "server.d.ts")} <= files.keys()
    assert files["convex/signups.ts"] == lesson.files["convex/signups.ts"]
    package = json.loads(files["package.json"])
    for name, version in {**package["dependencies"], **package["devDependencies"]}.items():
        assert version[0].isdigit(), f"{name} has no exact version: {version}"
    assert f"manage.py host ../{take_away.folder_name(lesson)}" in files["README.md"]
    assert "npx convex deploy" in files["README.md"]


async def test_the_readme_speaks_of_what_the_code_uses(lesson: Lesson, tools: Toolchain) -> None:
    code = {"convex/a.ts": 'export const a = "https://practice.test"; // ctx.auth.getUserIdentity()\n'}
    for files, says in ((lesson.files, False), ({**lesson.files, **code}, True)):
        readme = (await take_away.project_files(lesson, files, tools))["README.md"]
        assert ("https://practice.test" in readme) == says
        assert ("auth.config.ts" in readme) == (says or "getUserIdentity" in "".join(lesson.files.values()))


async def test_a_file_of_the_learner_wins(lesson: Lesson, tools: Toolchain) -> None:
    files = await take_away.project_files(lesson, {**lesson.files, "src/main.tsx": "// mine\n"}, tools)
    assert files["src/main.tsx"] == "// mine\n"


async def test_the_download_runs_under_host(lesson: Lesson, tools: Toolchain, tmp_path: Path) -> None:
    files = await take_away.project_files(lesson, lesson.files, tools)
    packed = take_away.pack(take_away.folder_name(lesson), files, datetime(2026, 11, 23, tzinfo=UTC))
    zipfile.ZipFile(io.BytesIO(packed)).extractall(tmp_path)
    folder = tmp_path / take_away.folder_name(lesson)
    with host(folder) as hosted:
        client: ConvexClient = hosted.client
        client.mutation("signups:create", {"ownerId": "alice", "name": "Amina Diallo", "bus": 1.0})
        assert [row["name"] for row in client.query("signups:listActive", {"ownerId": "alice"})] == ["Amina Diallo"]


def test_the_same_files_make_the_same_zip() -> None:
    at = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
    assert take_away.pack("x", {"a": "1", "b": "2"}, at) == take_away.pack("x", {"b": "2", "a": "1"}, at)
    assert zipfile.ZipFile(io.BytesIO(take_away.pack("x", {"a/b": "1"}, at))).namelist() == ["x/a/b"]


# ── who gets it


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("tools")
async def test_only_the_own_latest_work_is_downloaded(person: Person, workspace: Workspace) -> None:
    from asgiref.sync import sync_to_async

    mine = "// the latest of mine\n"
    await sync_to_async(workspaces.save_revision)(workspace, 1, {"convex/signups.ts": mine}, {})
    address = f"/course/{workspace.lesson}.zip"
    browser = AsyncClient()
    await browser.aforce_login(person)
    answer = await browser.get(address)
    archive = zipfile.ZipFile(io.BytesIO(answer.content))
    assert archive.read(f"reactive-sandbox-{workspace.lesson}/convex/signups.ts").decode() == mine
    assert answer["Content-Disposition"].endswith(f'filename="reactive-sandbox-{workspace.lesson}.zip"')
    other = AsyncClient()
    await other.aforce_login(await Person.objects.acreate(pseudonym="Tern"))
    for stranger in (AsyncClient(), other):
        assert (await stranger.get(address)).status_code == 404
    assert (await browser.get("/course/no-such-lesson.zip")).status_code == 404


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("tools")
async def test_downloads_in_a_loop_have_to_wait(
    person: Person, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lessons.pace.SAVES_AT_ONCE", 1.0)
    browser = AsyncClient()
    await browser.aforce_login(person)
    answers = [await browser.get(f"/course/{workspace.lesson}.zip") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 429]
    assert "The next one works in" in answers[1].content.decode()
