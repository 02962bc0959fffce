"""Two real servers on one data folder, started at the same moment: clients may be connected to either, and to both."""

from __future__ import annotations

import html
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from convex import ConvexClient

from tests.conftest import ROOT, free_port, wait_until_ready
from tests.gateway.test_host import write
from tests.hostile.clients import Client
from tests.visitor import Visitor
from tests.wire.test_npm_clients import SCRIPT, STEPS

pytestmark = pytest.mark.slow

PATIENCE_S = 60


class Server:
    """One `manage.py` command that serves."""

    def __init__(self, log: Path, *arguments: str) -> None:
        self.log = log
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", *arguments], cwd=ROOT, stdout=output, stderr=subprocess.STDOUT
            )

    def wait(self) -> None:
        wait_until_ready(self.process, self.log)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def end(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=20)


@contextmanager
def servers(*commands: tuple[Path, list[str]]) -> Iterator[list[Server]]:
    """Begun together, ready when the block begins."""
    with ExitStack() as stack:
        begun = [Server(log, *arguments) for log, arguments in commands]
        for server in begun:
            stack.callback(server.end)
        for server in begun:
            server.wait()
        yield begun


def until(holds: Callable[[], Any], seconds: float = PATIENCE_S) -> Any:
    deadline = time.monotonic() + seconds
    while not (found := holds()):
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)
    return found


@pytest.fixture(scope="module")
def sites(tools: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[str]]:
    """The addresses of two sites; the folder was empty when both began."""
    folder, ports = tmp_path_factory.mktemp("sites"), [free_port(), free_port()]
    options = [["start", "--port", str(port), "--data", str(folder / "var")] for port in ports]
    with servers(*((folder / f"{n}.log", arguments) for n, arguments in enumerate(options))):
        yield [f"http://127.0.0.1:{port}" for port in ports]


def test_npm_clients_are_served_by_both_in_turn(tools: Any, sites: list[str]) -> None:
    visitor = Visitor(sites[0], "Both")
    assert visitor.save()["deployed"]
    # Tokens and sessions of one are good at the other.
    urls = [visitor.deployment_url.replace(sites[0], site, 1) for site in sites]
    command = [str(tools.deno), "run", "--allow-all", str(SCRIPT), str(ROOT / "static" / "src"), *urls]
    run = subprocess.run(command, capture_output=True, text=True, timeout=90, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    assert run.stdout.splitlines() == [*(f"passed: {step}" for step in STEPS), "all steps passed"]


def test_what_is_saved_at_one_site_is_live_at_the_other(sites: list[str]) -> None:
    visitor = Visitor(sites[0], "Saves")
    assert visitor.save()["deployed"]
    here = Client(visitor)
    visitor.site = sites[1]
    there = Client(visitor)
    assert there.subscribe("signups:listActive", ownerId="nobody else")["value"] == []
    assert there.subscribe("signups:marked")["type"] == "QueryFailed"
    visitor.site = sites[0]
    marked = "\nexport const marked = query({ args: {}, handler: async () => 'new code' });\n"
    saved = visitor.save({"convex/signups.ts": visitor.config["files"]["convex/signups.ts"] + marked})
    assert (saved["deployed"], saved["good_revision"]) == (True, 2)
    assert there.next_result(1)["value"] == "new code"
    assert here.mutate("signups:create", ownerId="nobody else", name="Amina", bus=1)["success"]
    assert [row["name"] for row in there.next_result(0)["value"]] == ["Amina"]
    visitor.site = sites[1]
    assert '"goodRevision": 2' in html.unescape(visitor.get(f"/learn/{visitor.config['lesson']}/"))
    here.close()
    there.close()


# --- jobs, while the one that runs them is killed

JOBS = {
    "convex/m.ts": """
import { internalMutation, mutation, query } from "./_generated/server";
import { internal } from "./_generated/api";
import { v } from "convex/values";
export const chain = mutation({ args: { left: v.number() }, handler: async (ctx, { left }) => {
  await ctx.scheduler.runAfter(0, internal.m.link, { left });
} });
export const link = internalMutation({ args: { left: v.number() }, handler: async (ctx, { left }) => {
  await ctx.db.insert("links", { left });
  if (left > 0) await ctx.scheduler.runAfter(20, internal.m.link, { left: left - 1 });
} });
export const links = query(async (ctx) => (await ctx.db.query("links").collect()).map((row) => row.left));
export const tick = internalMutation({ args: {}, handler: async (ctx) => {
  await ctx.db.insert("ticks", { beat: Math.floor(Date.now() / 1000) });
} });
export const ticks = query(async (ctx) => (await ctx.db.query("ticks").collect()).map((row) => row.beat));
""",
    "convex/crons.ts": """
import { cronJobs } from "convex/server";
import { internal } from "./_generated/api";
const crons = cronJobs();
crons.interval("tick", { seconds: 1 }, internal.m.tick);
export default crons;
""",
}
LINKS = 100


def lease_holder(store: Path) -> int | None:
    """The process that runs the jobs now."""
    connection = sqlite3.connect(f"file:{store}?mode=ro", uri=True)
    row = connection.execute("SELECT owner FROM leases WHERE name = 'jobs'").fetchone()
    connection.close()
    return None if row is None else int(row[0].split()[2])


def test_jobs_run_once_and_go_on_when_their_process_is_killed(tools: Any, tmp_path: Path) -> None:
    folder, data = write(tmp_path / "app", JOBS), tmp_path / "data"

    def command(number: int) -> tuple[Path, list[str]]:
        ports = ["--port", str(free_port()), "--site-port", str(free_port())]
        return tmp_path / f"{number}.log", ["host", str(folder), *ports, "--data", str(data)]

    with servers(command(1), command(2)) as hosts:
        by_pid = {host.process.pid: host for host in hosts}
        clients = {host.process.pid: _client_of(host) for host in hosts}
        next(iter(clients.values())).mutation("m:chain", {"left": float(LINKS)})
        killed = until(lambda: _of(by_pid, lease_holder(data / "store.db")))
        client = next(client for pid, client in clients.items() if pid != killed)
        until(lambda: len(client.query("m:links")) > 10)
        ticks = len(client.query("m:ticks"))
        os.kill(killed, signal.SIGKILL)
        by_pid[killed].process.wait()
        until(lambda: len(client.query("m:links")) == LINKS + 1)
        until(lambda: len(client.query("m:ticks")) > ticks + 2)
        assert Counter(client.query("m:links")) == Counter(float(n) for n in range(LINKS + 1))
        beats = client.query("m:ticks")
        assert lease_holder(data / "store.db") != killed
        assert max(Counter(beats).values()) <= 2, "a beat that was late, and the next one in time"


def _of(by_pid: dict[int, Server], pid: int | None) -> int | None:
    return pid if pid in by_pid else None


def _client_of(host: Server) -> ConvexClient:
    (address,) = [
        line.split(" is ready: ")[1].split(" | ")[0] for line in host.log.read_text().splitlines() if "is ready" in line
    ]
    return ConvexClient(address)
