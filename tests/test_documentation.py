from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.test import Client

from sandbox import documentation


@pytest.mark.parametrize("slug", list(documentation.pages()))
def test_every_page_of_the_docs_is_served_and_its_links_lead_somewhere(client: Client, slug: str) -> None:
    response = client.get(f"/docs/{slug}/")
    assert response.status_code == 200
    for href in re.findall(r'<a [^>]*href="(/docs/[^"#]*)', response.content.decode()):
        assert client.get(href).status_code == 200, href


def test_the_tests_that_the_page_on_hardening_names_are_there() -> None:
    named = re.findall(r"[\w/]+/(?:test_|realm_)\w+\.py", (documentation.DOCS / "hardening.md").read_text())
    tests = Path(__file__).parent
    assert len(named) > 40
    assert [name for name in named if not any((root / name).is_file() for root in (tests, tests / "engine"))] == []


def test_a_page_that_does_not_exist_is_404(client: Client) -> None:
    assert client.get("/docs/nothing/").status_code == 404
    assert client.get("/docs/../settings/").status_code == 404
