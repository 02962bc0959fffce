"""`manage.py host` as a person runs it: a folder with functions becomes a deployment that real clients reach."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from convex import ConvexClient
from convex.http_client import ConvexHttpClient

from sandbox.gateway import processes
from sandbox.gateway.host_project import ProjectFolder
from tests.conftest import ROOT, free_port, wait_until_ready
from tests.gateway.test_host_providers import custom, token

PROJECT = {
    "convex/schema.ts": """
        import { defineSchema, defineTable } from "convex/server";
        import { v } from "convex/values";
        export default defineSchema({ notes: defineTable({ text: v.string() }) });
    """,
    "convex/notes.ts": """
        import { mutation, query } from "./_generated/server";
        import { v } from "convex/values";
        export const list = query({ args: {}, handler: async (ctx) =>
            (await ctx.db.query("notes").collect()).map((note) => note.text) });
        export const add = mutation({ args: { text: v.string() }, handler: async (ctx, note) => {
            await ctx.db.insert("notes", note);
        } });
    """,
}


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def command(folder: Path, *options: str) -> list[str]:
    return [sys.executable, "manage.py", "host", str(folder), *options]


@dataclass
class Hosted:
    """A running `host`."""

    process: subprocess.Popen[bytes]
    log: Path
    port: int
    site_port: int
    data: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def site_url(self) -> str:
        return f"http://127.0.0.1:{self.site_port}"

    @property
    def client(self) -> ConvexClient:
        return ConvexClient(self.url)


@contextmanager
def host(folder: Path, *options: str, env: dict[str, str] | None = None) -> Iterator[Hosted]:
    data = folder.parent / f"{folder.name}-data"
    port, site_port, log = free_port(), free_port(), folder.parent / f"{folder.name}.log"
    ports = ["--port", str(port), "--site-port", str(site_port)]
    with log.open("wb") as output:
        process = subprocess.Popen(
            command(folder, *ports, "--data", str(data), *options),
            cwd=ROOT,
            env=env,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        wait_until_ready(process, log)
        yield Hosted(process, log, port, site_port, data)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            raise


def refusal(folder: Path, *options: str) -> str:
    """What a `host` that must fail says; it ends with exit code 1 and without a trace."""
    ports = ["--port", str(free_port()), "--site-port", str(free_port())]
    process = subprocess.run(
        command(folder, *ports, "--data", str(folder.parent / f"{folder.name}-data"), *options),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert process.returncode == 1
    assert "Traceback" not in process.stderr
    return process.stderr


def answer_of(url: str | urllib.request.Request) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(url) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


@pytest.mark.slow
def test_a_folder_is_served_to_the_real_client_until_sigterm(tools, tmp_path):
    with host(write(tmp_path / "app", PROJECT)) as hosted:
        assert answer_of(f"{hosted.url}/version")[0] == 200
        assert "learner code runs behind: rlimits, " in hosted.log.read_text()
        client = hosted.client
        client.mutation("notes:add", {"text": "hello"})
        assert client.query("notes:list") == ["hello"]
        children = processes.descendants(hosted.process.pid)
        assert children
    assert hosted.process.returncode == 0
    assert not [child for child in children if Path(f"/proc/{child}/status").exists()]
    assert "Traceback" not in hosted.log.read_text()


@pytest.mark.slow
def test_rows_and_the_admin_key_outlive_the_process(tools, tmp_path):
    folder = write(tmp_path / "app", PROJECT)
    with host(folder) as first:
        first.client.mutation("notes:add", {"text": "kept"})
        printed = [line for line in first.log.read_text().splitlines() if line.startswith("admin key")]
        key = (first.data / "secret" / "admin.key").read_text()
        assert printed
        assert key in printed[0]
    with host(folder) as second:
        assert second.client.query("notes:list") == ["kept"]
        assert "admin key" not in second.log.read_text()


@pytest.mark.slow
def test_the_http_api_is_at_the_root_and_the_admin_key_opens_internal_functions(tools, tmp_path):
    internal = {
        "convex/inner.ts": 'import { internalQuery } from "./_generated/server";\n'
        'export const hidden = internalQuery({ args: {}, handler: async () => "seen" });\n'
    }
    with host(write(tmp_path / "app", {**PROJECT, **internal}), "--admin-key", "app|secret") as hosted:
        assert "admin key" not in hosted.log.read_text()
        client = ConvexHttpClient(hosted.url)
        client.mutation("notes:add", {"text": "by HTTP"})
        assert client.query("notes:list") == ["by HTTP"]
        with pytest.raises(Exception, match="Could not find public function"):
            client.query("inner:hidden")
        client.set_admin_auth("app|secret")
        assert client.query("inner:hidden") == "seen"
        client.set_admin_auth("app|other")
        with pytest.raises(Exception, match=r"401|403"):
            client.query("inner:hidden")


@pytest.mark.slow
def test_the_port_of_http_actions_says_that_there_are_none(tools, tmp_path):
    with host(write(tmp_path / "app", PROJECT)) as hosted:
        assert answer_of(f"{hosted.site_url}/hello") == (
            404,
            "This Convex deployment does not have HTTP actions enabled.",
        )


@pytest.mark.slow
def test_convex_json_names_the_folder_of_the_functions(tools, tmp_path):
    moved = {f"src/backend/{name.removeprefix('convex/')}": text for name, text in PROJECT.items()}
    config = {"convex.json": json.dumps({"functions": "src/backend/"})}
    with host(write(tmp_path / "app", {**moved, **config})) as hosted:
        assert hosted.client.query("notes:list") == []


@pytest.mark.parametrize(
    ("files", "functions"),
    [
        ({"convex/a.ts": ""}, "convex"),
        ({"src/convex/a.ts": "", "package.json": '{"dependencies": {"react-scripts": "5"}}'}, "src/convex"),
        ({"src/convex/a.ts": "", "package.json": "[]", "convex.json": '{"functions": "src/convex/"}'}, "src/convex"),
        (
            {"convex/a.ts": "", "package.json": '{"dependencies": {"react-scripts": "5"}}', "convex.json": "{}"},
            "convex",
        ),
    ],
    ids=["plain", "create-react-app", "named", "not named"],
)
def test_the_functions_are_where_convex_looks_for_them(tmp_path, files, functions):
    project = ProjectFolder.find(write(tmp_path, files))
    assert project.functions == tmp_path.resolve() / functions


@pytest.mark.slow
def test_the_folder_of_the_functions_can_be_named_at_the_start(tools, tmp_path):
    moved = {f"packages/backend/{name}": text for name, text in PROJECT.items()}
    shared = {"node_modules/words/index.js": 'export const hello = "hello from above";\n'}
    code = {
        "packages/backend/convex/words.ts": """import { hello } from "words";
import { query } from "./_generated/server";
export const say = query({ args: {}, handler: async () => hello });
"""
    }
    folder = write(tmp_path / "repo", {**moved, **shared, **code})
    assert "say --functions packages/backend/convex." in refusal(folder)
    with host(folder, "--functions", "packages/backend/convex") as hosted:
        assert hosted.client.query("words:say") == "hello from above"


@pytest.mark.slow
def test_actions_see_the_environment_and_reach_the_allowed_hosts_alone(tools, tmp_path):
    actions = """import { action } from "./_generated/server";
import { v } from "convex/values";
export const variables = action({ args: {}, handler: async () =>
  [process.env.KEY, process.env.FROM_OUTSIDE, process.env.CONVEX_CLOUD_URL, process.env.CONVEX_SITE_URL] });
export const get = action({ args: { url: v.string() }, handler: async (ctx, { url }) => (await fetch(url)).status });
"""
    folder = write(tmp_path / "app", {"convex/a.ts": actions})
    environment = {**os.environ, "FROM_OUTSIDE": "2"}
    with host(
        folder, "--env", "KEY=a=1", "--env", "FROM_OUTSIDE", "--allow-fetch", "127.0.0.1", env=environment
    ) as hosted:
        assert hosted.client.action("a:variables") == ["a=1", "2", hosted.url, hosted.site_url]
        assert hosted.client.action("a:get", {"url": f"{hosted.url}/version"}) == 200
        with pytest.raises(Exception, match="not allowed in this sandbox"):
            hosted.client.action("a:get", {"url": "http://10.0.0.1/"})


@pytest.mark.slow
def test_what_convex_config_asks_for_and_is_not_there_is_said(tools, tmp_path):
    files = {
        "convex/convex.config.ts": """import { defineApp } from "convex/server";
import { v } from "convex/values";
import counter from "counter/convex.config";
const stage = v.optional(v.union(v.literal("dev"), v.literal("prod")));
const app = defineApp({ env: { KEY: v.string(), STAGE: stage, NAME: v.optional(v.string()) } });
app.use(counter);
app.use(counter, { name: "second" });
export default app;
""",
        "node_modules/counter/convex.config.js": """import { defineComponent } from "convex/server";
export default defineComponent("counter");
""",
        "convex/a.ts": """import { components } from "./_generated/api";
import { mutation, query } from "./_generated/server";
export const plain = query({ args: {}, handler: async () => "runs" });
export const count = mutation({ args: {}, handler: async (ctx) => {
  await ctx.runMutation((components as any).counter.lib.add, { n: 1 });
} });
""",
    }
    with host(write(tmp_path / "app", files), "--env", "STAGE=test") as hosted:
        said = hosted.log.read_text()
        assert "convex.config: components are not available here, so calls of counter, second will fail" in said
        assert "convex.config: the environment variable KEY is not set: start with --env KEY=VALUE" in said
        assert "convex.config: the environment variable STAGE must be dev or prod, not test" in said
        assert "NAME" not in said
        assert hosted.client.query("a:plain") == "runs"
        with pytest.raises(Exception, match=r"components\.counter\.lib\.add cannot be called"):
            hosted.client.mutation("a:count")


@pytest.mark.slow
def test_variables_are_set_while_it_runs_and_kept_for_the_next_start(tools, tmp_path):
    code = """import { env, query } from "./_generated/server";
export const greeting = query({ args: {}, handler: async () => [env.GREETING ?? null, process.env.NAME ?? null] });
"""
    folder = write(tmp_path / "app", {"convex/a.ts": code})
    with host(folder, "--env", "NAME=ann", "--admin-key", "k") as hosted:
        told = hosted.client.subscribe("a:greeting")
        assert next(told) == [None, "ann"]
        assert change_variables(hosted, "k", GREETING="hello") == (200, "")
        assert next(told) == ["hello", "ann"]
        assert change_variables(hosted, "k", NAME=None) == (200, "")
        assert next(told) == ["hello", None]
        assert change_variables(hosted, "other", NAME="eve")[0] == 401
        assert "must begin with a letter" in change_variables(hosted, "k", **{"1A": "x"})[1]
        admin = ConvexHttpClient(hosted.url)
        admin.set_admin_auth("k")
        listed = [{"name": "GREETING", "value": "hello"}]
        assert admin.query("_system/cli/queryEnvironmentVariables") == listed
        assert admin.query("_system/cli/queryEnvironmentVariables:get", {"name": "NAME"}) is None
    with host(folder, "--env", "NAME=bob") as again:
        assert again.client.query("a:greeting") == ["hello", "bob"]


def change_variables(hosted: Hosted, key: str, **variables: str | None) -> tuple[int, str]:
    changes = [{"name": name, "value": value} for name, value in variables.items()]
    return answer_of(
        urllib.request.Request(
            f"{hosted.url}/api/update_environment_variables",
            data=json.dumps({"changes": changes}).encode(),
            headers={"Authorization": f"Convex {key}", "Content-Type": "application/json"},
        )
    )


@pytest.mark.slow
def test_actions_reach_their_own_deployment_and_with_a_star_this_machine(tools, tmp_path):
    code = """import { action } from "./_generated/server";
export const stored = action(async (ctx) => {
  const url = await ctx.storage.getUrl(await ctx.storage.store(new Blob(["kept"])));
  return await (await fetch(url)).text();
});
export const answered = action(async () => await (await fetch(`${process.env.CONVEX_SITE_URL}/hello`)).text());
export const get = action(async (ctx, { url }) => (await fetch(url)).status);
"""
    routes = """import { httpRouter } from "convex/server";
import { httpAction } from "./_generated/server";
const http = httpRouter();
http.route({ path: "/hello", method: "GET", handler: httpAction(async () => new Response("hello")) });
export default http;
"""
    folder = write(tmp_path / "app", {"convex/a.ts": code, "convex/http.ts": routes})
    with host(folder) as first:
        assert first.client.action("a:stored") == "kept"
        assert first.client.action("a:answered") == "hello"
        elsewhere = f"http://127.0.0.1:{free_port()}/"
        with pytest.raises(Exception, match="not allowed in this sandbox"):
            first.client.action("a:get", {"url": elsewhere})
        with host(write(tmp_path / "other", {"convex/a.ts": code}), "--allow-fetch", "*") as second:
            assert second.client.action("a:get", {"url": f"{first.url}/version"}) == 200
            with pytest.raises(Exception, match="private address"):
                second.client.action("a:get", {"url": "http://169.254.169.254/"})


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (("--env", "NAME"), "write NAME=VALUE"),
        (("--env", "1A=x"), "is invalid"),
        (("--env", "CONVEX_CLOUD_URL=x"), "is built-in"),
        (("--allow-fetch", "example.com:x"), "--allow-fetch"),
        (("--port", "3211"), "differ"),
    ],
)
def test_options_that_cannot_be_are_named(tools, tmp_path, options, reason):
    said = refusal(write(tmp_path / "app", PROJECT), "--site-port", "3211", *options)
    assert reason in said
    assert len(said.strip().splitlines()) == 1


@pytest.mark.slow
def test_people_sign_in_with_the_providers_of_auth_config(tools, tmp_path):
    config = f"export default {{ providers: [{json.dumps(custom())}] }};\n"
    who = """import { query } from "./_generated/server";
export const who = query({ args: {}, handler: async (ctx) => (await ctx.auth.getUserIdentity())?.subject ?? null });
"""
    with host(write(tmp_path / "app", {"convex/auth.config.ts": config, "convex/me.ts": who})) as hosted:
        client = ConvexHttpClient(hosted.url)
        assert client.query("me:who") is None
        client.set_auth(token())
        assert client.query("me:who") == "ann"
        client.set_auth(token(iss="https://elsewhere.example.com"))
        with pytest.raises(Exception, match="401"):
            client.query("me:who")


@pytest.mark.slow
def test_what_keeps_people_from_signing_in_is_said_with_what_to_do(tools, tmp_path):
    config = """const domain = process.env.ISSUER;
export default { providers: [{ domain: "https://ids.example.com", applicationID: "convex" },
  ...(domain ? [{ domain, applicationID: process.env["APPLICATION"] }] : [])] };
"""
    files = {"convex/auth.config.ts": config, "convex/a.ts": "export {};\n"}
    with host(write(tmp_path / "app", files)) as hosted:
        said = hosted.log.read_text()
        assert "auth.config: the environment variable ISSUER is not set: start with --env ISSUER=VALUE" in said
        assert "auth.config: the environment variable APPLICATION is not set" in said
        assert "nobody can sign in with https://ids.example.com" in said
        assert "it may not be reached; start with --allow-fetch ids.example.com" in said


def wait_for(condition: Callable[[], object], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.slow
def test_watching_deploys_again_and_keeps_the_last_good_code(tools, tmp_path):
    shared = {"src/words.ts": 'export const greeting = "hello";\n'}
    hello = {
        "convex/hello.ts": """import { greeting } from "../src/words";
import { query } from "./_generated/server";
export const say = query({ args: {}, handler: async () => greeting });
"""
    }
    folder = write(tmp_path / "app", {**PROJECT, **shared, **hello})
    with host(folder, "--watch") as hosted:
        said = hosted.client.subscribe("hello:say", {})
        assert next(said) == "hello"
        write(folder, {"src/words.ts": 'export const greeting = "good day";\n'})
        assert next(said) == "good day"
        write(folder, {"src/words.ts": "export const greeting = ;\n"})
        wait_for(lambda: "src/words.ts:1:25: " in hosted.log.read_text())
        assert "the last good code stays live" in hosted.log.read_text()
        assert hosted.client.query("hello:say") == "good day"
        write(folder, {"src/words.ts": 'export { greeting } from "./other";\n'})
        wait_for(lambda: 'Could not resolve "./other"' in hosted.log.read_text())
        write(folder, {"src/other.ts": 'export const greeting = "from a new file";\n'})
        assert next(said) == "from a new file"
        write(folder, {"convex/fresh.ts": hello["convex/hello.ts"]})
        wait_for(lambda: hosted.log.read_text().count("deployed again") == 3)
        assert hosted.client.query("fresh:say") == "from a new file"


@pytest.mark.slow
def test_code_that_does_not_deploy_is_named_with_its_place(tools, tmp_path):
    broken = {"convex/notes.ts": 'import { query } from "./_generated/server";\nexport const list = query(;\n'}
    said = refusal(write(tmp_path / "app", {**PROJECT, **broken}))
    assert "convex/notes.ts:2:27: " in said


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({"package.json": "{}"}, "has no folder convex/"),
        ({"convex.json": '{"functions": "../elsewhere"}'}, "lies outside"),
        ({"convex.json": '{"functions": 3}'}, '"functions" is the path of a folder'),
        ({"convex.json": "{"}, "convex.json cannot be read"),
    ],
    ids=["no functions", "outside", "no path", "no JSON"],
)
def test_a_folder_without_a_project_is_named(tools, tmp_path, files, reason):
    said = refusal(write(tmp_path / "app", files))
    assert reason in said
    assert len(said.strip().splitlines()) == 1


def test_a_missing_folder_is_named(tools, tmp_path):
    assert "There is no folder" in refusal(tmp_path / "missing")
