"""What is wrong with one workspace's store is said wherever it is asked for, and all others go on."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from tests.conftest import free_port
from tests.hostile.clients import Client, sync_address
from tests.visitor import Visitor
from tests.wire.test_two_servers import servers

pytestmark = pytest.mark.slow

NOT_AVAILABLE = "This deployment's store is not available: "
DAMAGED = f"{NOT_AVAILABLE}its file is damaged or not a store at all."
READ_ONLY = f"{NOT_AVAILABLE}its folder or file cannot be written."
FULL = f"{NOT_AVAILABLE}there is no space left on the disk, so that nothing can be written."
SIGNUPS = "convex/signups.ts"
SMALL_DISK = "2m"


class Site:
    """A site whose stores are broken while it is stopped. `visitors` by name have saved their project before."""

    def __init__(self, folder: Path, *names: str) -> None:
        self._folder = folder
        self._port = free_port()
        with self.running() as url:
            self.visitors = {name: Visitor(url, name) for name in names}
            for visitor in self.visitors.values():
                assert visitor.save()["deployed"]

    @contextmanager
    def running(self) -> Iterator[str]:
        arguments = ["start", "--port", str(self._port), "--data", str(self._folder / "var")]
        with servers((self._folder / "log", arguments)):
            yield f"http://127.0.0.1:{self._port}"

    def store_of(self, name: str) -> Path:
        return self._folder / "var" / "stores" / self.visitors[name].config["workspace"]


@contextmanager
def disk_of_its_own(store: Path, *options: str) -> Iterator[None]:
    """The store on a small disk, which may be read-only."""
    apart = store.with_name(f"{store.name}-apart")
    shutil.copytree(store, apart)
    mounted = run("mount", "-t", "tmpfs", "-o", f"size={SMALL_DISK}", "tmpfs", str(store))
    if mounted.returncode:
        pytest.skip(f"no disk can be mounted here: {mounted.stderr.strip()}")
    try:
        shutil.copytree(apart, store, dirs_exist_ok=True)
        if options:
            assert run("mount", "-o", ",".join(("remount", *options)), str(store)).returncode == 0
        yield
    finally:
        assert run("umount", str(store)).returncode == 0
        shutil.rmtree(apart)


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=False)


def fill_up(filler: Path) -> None:
    """Writes until there is no space left."""
    with filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while file.write(b"\0" * 4096):
            pass


def answer_of(ask: Callable[[], str]) -> tuple[int, str]:
    try:
        return 200, ask()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode().replace("&#x27;", "'")


def query(visitor: Visitor) -> str:
    body = json.dumps({"path": "signups:listActive", "args": {"ownerId": "alice"}}).encode()
    request = urllib.request.Request(f"{visitor.deployment_url}/api/query", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request) as response:
        return str(response.read().decode())


def mutate(visitor: Visitor, **args: Any) -> dict[str, Any]:
    client = Client(visitor)
    try:
        return client.mutate("signups:create", **{"ownerId": "alice", "name": "Amina", "bus": 1, **args})
    finally:
        client.close()


def said_everywhere(visitor: Visitor, reason: str) -> None:
    """By the page, the HTTP API, the socket, and to whoever saves; and nothing but that."""
    status, page = answer_of(lambda: visitor.get(f"/learn/{visitor.config['lesson']}/"))
    assert (status, reason in page, "Traceback" in page, "sqlite" in page.lower()) == (503, True, False, False)
    status, answer = answer_of(lambda: query(visitor))
    assert (status, json.loads(answer)["message"]) == (503, reason)
    with connect(sync_address(visitor), origin="null") as socket, pytest.raises(ConnectionClosed) as closed:
        socket.recv(timeout=30)
    assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (1013, f"InternalServerError: {reason}"[:123])
    saved = visitor.save({SIGNUPS: f"{visitor.config['files'][SIGNUPS]}// changed\n"})
    assert (saved["deployed"], [problem["message"] for problem in saved["problems"]]) == (False, [reason])


def goes_on(visitor: Visitor) -> None:
    assert answer_of(lambda: visitor.get(f"/learn/{visitor.config['lesson']}/"))[0] == 200
    assert mutate(visitor)["success"]
    assert "Amina" in query(visitor)


def test_a_damaged_store_is_said_by_its_own_workspace_alone(tools: Any, tmp_path: Path) -> None:
    site = Site(tmp_path, "damaged", "whole")
    with (site.store_of("damaged") / "store.db").open("r+b") as file:
        file.write(b"\xa5" * 4096)
    with site.running():
        said_everywhere(site.visitors["damaged"], DAMAGED)
        goes_on(site.visitors["whole"])


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a disk")
def test_a_read_only_and_a_full_disk_are_said_by_their_own_workspaces_alone(tools: Any, tmp_path: Path) -> None:
    site = Site(tmp_path, "read only", "full", "whole")
    with ExitStack() as disks:
        disks.enter_context(disk_of_its_own(site.store_of("read only"), "ro"))
        disks.enter_context(disk_of_its_own(site.store_of("full")))
        with site.running():
            said_everywhere(site.visitors["read only"], READ_ONLY)
            _fills_and_empties(site.visitors["full"], site.store_of("full"))
            goes_on(site.visitors["whole"])


def _fills_and_empties(visitor: Visitor, store: Path) -> None:
    goes_on(visitor)
    filler = store / "filler"
    fill_up(filler)
    refused = mutate(visitor, name="x" * 100_000)
    assert (refused["success"], FULL in refused["result"]) == (False, True)
    assert "Amina" in query(visitor)
    large = "\n".join(f"// {n} {'x' * 90}" for n in range(2_000))
    saved = visitor.save({SIGNUPS: f"{visitor.config['files'][SIGNUPS]}\n{large}\n"})
    assert (saved["deployed"], [problem["message"] for problem in saved["problems"]]) == (False, [FULL])
    filler.unlink()
    goes_on(visitor)
