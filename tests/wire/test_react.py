"""Real React and the real convex/react against `host`: hooks, paginated queries, admins."""

from __future__ import annotations

from typing import Any

import pytest

from tests.gateway.test_host import Hosted
from tests.wire.conftest import ADMIN_KEY, run_script

STEPS = [
    "hooks",
    "an empty list is exhausted",
    "the last page grows with what is added",
    "pages are loaded on demand",
    "pages grow and shrink between their ends",
    "a page that has grown is split, and the rest follows",
    "a cursor that no longer fits starts the list again",
    "an error of a paginated query is thrown",
    "an admin acts as somebody and watches tables",
]


@pytest.mark.slow
def test_a_react_app(tools: Any, hosted: Hosted) -> None:
    printed = run_script(tools, "react_client.mjs", hosted.url, ADMIN_KEY)
    assert printed == [*(f"passed: {step}" for step in STEPS), "all steps passed"]
