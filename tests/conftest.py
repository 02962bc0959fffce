"""What all tests share: a data folder of their own, the built tools, a running server, a browser.

A test that needs what this machine lacks is skipped with the line that installs it; with CI set it fails instead.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import hypothesis
import pytest

ROOT = Path(__file__).resolve().parent.parent
START_S = 120
LABORATORY_SIZES = "10,100,1000,40000"
"""Of the live server: small, and the last one beyond what one function may read."""

# No test is timed: a busy machine finds no bugs.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")


def pytest_configure(config: pytest.Config) -> None:
    from django.conf import settings

    config.sandbox_data = Path(tempfile.mkdtemp(prefix="sandbox-tests-"))
    settings.DATA_DIR = config.sandbox_data


def pytest_unconfigure(config: pytest.Config) -> None:
    shutil.rmtree(config.sandbox_data, ignore_errors=True)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Browser tests come last: Playwright's loop stays in this thread until the end, and no other may run beside it."""
    items.sort(key=lambda item: ROOT / "tests" / "browser" in item.path.parents)


def unavailable(reason: str) -> NoReturn:
    """Ends the test: skipped on a developer's machine, failed where everything has to run."""
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def tools():
    """The toolchain of the built front end; builds it when its sources changed."""
    from sandbox.gateway import front_end

    try:
        if front_end.is_stale():
            front_end.build(print)
        return front_end.toolchain()
    except front_end.FrontEndUnavailable as error:
        unavailable(f"{error}\nInstall: uv sync && uv run manage.py start (once, with network)")


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of a Chromium for Playwright's `executable_path`."""
    for name in ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"):
        if found := shutil.which(name):
            return found
    unavailable("No Chromium found. Install: apt-get install chromium")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="session")
def live_server_log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the live server printed."""
    return tmp_path_factory.mktemp("live-server") / "log"


@pytest.fixture(scope="session")
def live_server_url(tools, live_server_log: Path) -> Iterator[str]:
    """The address of the real server: `manage.py start` in a process of its own, on an empty data folder."""
    port, data = free_port(), live_server_log.parent / "var"
    command = [sys.executable, "manage.py", "start", "--port", str(port), "--data", str(data)]
    environment = os.environ | {"SANDBOX_LABORATORY_SIZES": LABORATORY_SIZES}
    with live_server_log.open("wb") as output:
        process = subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=subprocess.STDOUT, env=environment)
    try:
        wait_until_ready(process, live_server_log)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            process.kill()
            raise


def wait_until_ready(process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_S
    while "is ready" not in log.read_text():
        if process.poll() is not None or time.monotonic() > deadline:
            pytest.fail(f"The server did not start:\n{log.read_text()}")
        time.sleep(0.05)
