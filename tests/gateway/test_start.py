"""`manage.py start` as a person runs it: what it says when it cannot, and that nothing outlives it."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.core.management import CommandError
from websockets.sync.client import connect

from sandbox.engine import HardeningReport
from sandbox.gateway import front_end, processes, tokens
from sandbox.management import serving
from sandbox.management.commands.start import Command
from tests.conftest import ROOT, free_port, wait_until_ready

PROJECT = {
    "convex/schema.ts": """
        import { defineSchema, defineTable } from "convex/server";
        import { v } from "convex/values";
        export default defineSchema({ notes: defineTable({ text: v.string() }) });
    """,
    "convex/notes.ts": """
        import { query } from "./_generated/server";
        export const list = query({ args: {}, handler: async (ctx) => await ctx.db.query("notes").collect() });
    """,
}


def start(*options: str, **popen) -> subprocess.Popen:
    return subprocess.Popen([sys.executable, "manage.py", "start", *options], cwd=ROOT, **popen)


def refusal(*options: str) -> str:
    """What a start that must fail says. It is one sentence, with exit code 1 and without a trace."""
    process = start(*options, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "Traceback" not in said
    assert len(said.strip().splitlines()) == 1
    return said


@pytest.mark.slow
def test_a_used_port_is_named(tmp_path):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        said = refusal("--port", str(port), "--data", str(tmp_path))
    assert f"Port {port} on 127.0.0.1 is used by another program" in said


@pytest.mark.slow
def test_an_address_of_another_machine_is_named(tmp_path):
    assert "cannot listen on 192.0.2.1" in refusal("--host", "192.0.2.1", "--data", str(tmp_path))


@pytest.mark.slow
@pytest.mark.parametrize("port", ["70000", "-1"])
def test_a_port_that_is_none_is_named(tmp_path, port):
    assert f"{port} is not a port" in refusal(f"--port={port}", "--data", str(tmp_path))


def test_a_data_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    folder = tmp_path / "file" / "var"
    said = refusal("--port", str(free_port()), "--data", str(folder))
    assert str(folder) in said
    assert "--data" in said


def test_a_missing_deno_is_named(monkeypatch):
    def missing():
        raise FileNotFoundError

    monkeypatch.setattr("deno.find_deno_bin", missing)
    with pytest.raises(CommandError, match=r"Deno is missing .* run `uv sync`"):
        Command()._build_front_end()


def test_a_build_that_fails_is_told_with_its_last_lines(monkeypatch):
    monkeypatch.setattr(front_end, "is_stale", lambda: True)
    monkeypatch.setattr(front_end, "_hash_of_packages", lambda: "other")
    monkeypatch.setattr(front_end, "find_deno", lambda: Path("/bin/sh"))
    with pytest.raises(CommandError, match="could not be built"):
        Command()._build_front_end()


# ── the walls around learner code ───────────────────────────────────────────


def test_start_says_which_walls_stand(live_server_url, live_server_log):
    (line,) = [
        line for line in live_server_log.read_text().splitlines() if line.startswith("learner code runs behind: ")
    ]
    held = line.removeprefix("learner code runs behind: ").partition(" | ")[0].split(", ")
    assert {"rlimits", "parent_death", "no_new_privileges", "seccomp"} <= set(held)
    assert {"landlock", "uid"} & set(held)


class Told(Command):
    """Keeps what it says."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def _say(self, line: str) -> None:
        self.lines.append(line)


def walls(monkeypatch, *, runs_as_root: bool = False, **layers: bool) -> Told:
    """The command after it looked at such layers. Raises CommandError."""
    described = tuple((name, holds, f"about {name}") for name, holds in layers.items())
    report = HardeningReport(described, runs_as_root, Path("/deno"), Path("/runner.js"), 0)

    async def probed(_):
        return report

    monkeypatch.setattr(serving, "probe", probed)
    command = Told()
    command._require_walls()
    return command


def test_missing_walls_are_named_with_the_reason(tools, monkeypatch):
    told = walls(monkeypatch, rlimits=True, landlock=True, seccomp=False).lines
    assert told == ["learner code runs behind: rlimits, landlock | missing: seccomp (about seccomp)"]


def test_without_landlock_and_another_user_nothing_is_served(tools, monkeypatch):
    with pytest.raises(CommandError, match="offers neither Landlock nor a change of user"):
        walls(monkeypatch, rlimits=True, landlock=False, uid=False)


def test_who_asks_for_it_is_served_without_walls_and_warned(tools, monkeypatch, settings):
    settings.UNSAFE_RUNNER = True
    told = walls(monkeypatch, rlimits=True, landlock=False, uid=False).lines
    assert told[-1].startswith("WARNING: --unsafe-runner: learner code can read every file")


def test_learner_code_is_not_served_as_root_whatever_was_asked_for(tools, monkeypatch, settings):
    settings.UNSAFE_RUNNER = True
    with pytest.raises(CommandError, match="would run as root"):
        walls(monkeypatch, runs_as_root=True, landlock=True, uid=False)


@pytest.fixture
def folder(tmp_path, tools, settings) -> Path:
    """A data folder with a deployment `k3h4` that has code."""
    store = tmp_path / "var" / "stores" / "k3h4"
    store.mkdir(parents=True)
    (store / "project.json").write_text(json.dumps({"revision": 1, "files": PROJECT}))
    return tmp_path / "var"


def query_once(port: int, folder: Path, settings) -> dict:
    """One query of a client; afterwards the deployment is open and its JavaScript process runs."""
    settings.SECRET_KEY = (folder / "secret" / "django.key").read_text()
    add = {"type": "Add", "queryId": 0, "udfPath": "notes:list", "args": [{}]}
    with connect(f"ws://127.0.0.1:{port}/s/{tokens.issue('k3h4').text}/api/1.48.0/sync") as client:
        client.send(json.dumps({"type": "Connect", "sessionId": "s", "connectionCount": 0, "lastCloseReason": None}))
        client.send(json.dumps({"type": "ModifyQuerySet", "baseVersion": 0, "newVersion": 1, "modifications": [add]}))
        while not (message := json.loads(client.recv(timeout=30))).get("modifications"):
            pass
        return message["modifications"][0]


@pytest.mark.slow
@pytest.mark.parametrize("is_ignored", [False, True], ids=["usual", "inherited-as-ignored"])
@pytest.mark.parametrize("number", ["SIGTERM", "SIGINT"])
def test_a_signal_ends_the_site_and_all_its_processes(folder, settings, tmp_path, number, is_ignored):
    sent = getattr(signal, number)
    port, log = free_port(), tmp_path / "log"
    ignore = (lambda: signal.signal(sent, signal.SIG_IGN)) if is_ignored else None
    with log.open("wb") as output:
        process = start(
            "--port", str(port), "--data", str(folder), stdout=output, stderr=subprocess.STDOUT, preexec_fn=ignore
        )
    wait_until_ready(process, log)
    assert query_once(port, folder, settings)["value"] == []
    children = processes.descendants(process.pid)
    assert children
    sent_at = time.monotonic()
    process.send_signal(sent)
    assert process.wait(timeout=10) == 0
    assert time.monotonic() - sent_at < 3
    assert not [child for child in children if Path(f"/proc/{child}/status").exists()]
    assert "Traceback" not in log.read_text()


@pytest.mark.slow
def test_a_second_start_is_quick(folder, tmp_path):
    """The aim is 5 s on a quiet machine; the bound here leaves room for a busy one."""
    for _ in range(2):
        started_at, log = time.monotonic(), tmp_path / "log"
        with log.open("wb") as output:
            process = start("--port", str(free_port()), "--data", str(folder), stdout=output, stderr=subprocess.STDOUT)
        wait_until_ready(process, log)
        took_s = time.monotonic() - started_at
        process.terminate()
        process.wait(timeout=5)
    assert took_s < 15


def test_tokens_do_not_reach_the_log(live_server_url, live_server_log):
    import urllib.error
    import urllib.request

    with pytest.raises(urllib.error.HTTPError):
        urllib.request.urlopen(f"{live_server_url}/s/secret-token-of-mine/frame/alice")
    deadline = time.monotonic() + 10
    while "/s/…/frame/alice" not in live_server_log.read_text():
        assert time.monotonic() < deadline
    assert "secret-token" not in live_server_log.read_text()
