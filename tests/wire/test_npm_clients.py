"""The unmodified npm package `convex`, run with Deno, against the real server."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.visitor import Visitor

ROOT = Path(__file__).parents[2]
SCRIPT = Path(__file__).with_name("npm_clients.mjs")
STEPS = [
    "subscribe",
    "read your writes",
    "pushed update",
    "optimistic update without a flicker",
    "a write outside the range wakes nobody",
    "errors carry Convex's texts",
    "reconnect",
    "replay after a lost answer writes once",
]


@pytest.mark.slow
def test_two_npm_clients_see_each_others_changes(tools: Any, live_server_url: str) -> None:
    visitor = Visitor(live_server_url, "Wire")
    assert visitor.save()["deployed"]
    command = [str(tools.deno), "run", "--allow-all", str(SCRIPT), str(ROOT / "static" / "src"), visitor.deployment_url]
    run = subprocess.run(command, capture_output=True, text=True, timeout=90, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    assert run.stdout.splitlines() == [*(f"passed: {step}" for step in STEPS), "all steps passed"]
