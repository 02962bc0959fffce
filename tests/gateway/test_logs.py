from __future__ import annotations

import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.gateway import hosts, tokens
from sandbox.gateway.logs import TokenScrubber, log_access, without_tokens


@given(st.from_regex(r"[a-z0-9]{1,16}", fullmatch=True))
def test_no_token_survives_in_a_line(deployment_id):
    token = tokens.issue(deployment_id).text
    line = without_tokens(f'"GET /s/{token}/api/1.48.0/sync" and http://h/s/{token}?x=1')
    assert token.rpartition(".")[2] not in line
    assert line == '"GET /s/…/api/1.48.0/sync" and http://h/s/…?x=1'


def test_a_trace_is_scrubbed_too():
    try:
        raise ValueError("at /s/secret.1.sig/frame")
    except ValueError as error:
        record = logging.LogRecord(
            "x", logging.ERROR, "f", 1, "Failed: %s", ("/s/secret.1.sig",), (ValueError, error, error.__traceback__)
        )
    text = TokenScrubber().format(record)
    assert "secret" not in text.replace('raise ValueError("at /s/secret.1.sig/frame")', "")
    assert "Traceback" in text


@pytest.mark.parametrize(
    ("path", "status", "is_logged"),
    [("/", 200, True), ("/static/dist/a.js", 200, False), ("/static/dist/a.js", 304, False), ("/static/b", 404, True)],
)
def test_a_static_file_that_went_well_is_not_logged(monkeypatch, path, status, is_logged):
    lines = []
    monkeypatch.setattr("sandbox.gateway.logs.access_logger.info", lambda *line: lines.append(line))
    details = {"client": "c", "method": "GET", "path": path, "status": status, "time_taken": 0.01}
    log_access("http", "complete", details)
    assert bool(lines) is is_logged


EVERY_ADDRESS = "0.0.0.0"  # noqa: S104 - compared with, not bound


def test_an_address_is_a_host_name_of_the_site():
    assert hosts.names_of("127.0.0.1") == ["127.0.0.1"]
    assert hosts.names_of("::1") == ["[::1]"]


def test_all_addresses_mean_the_names_of_this_machine():
    import socket

    assert socket.gethostname() in hosts.names_of(EVERY_ADDRESS)
    assert EVERY_ADDRESS not in hosts.names_of(EVERY_ADDRESS)
    assert hosts.shown_name(EVERY_ADDRESS) != EVERY_ADDRESS
    assert hosts.shown_name("::1") == "[::1]"


def test_an_unknown_host_is_one_line(client, caplog):
    from sandbox.gateway.logs import WithoutTrace

    logger = logging.getLogger("django.security.DisallowedHost")
    assert any(isinstance(known, WithoutTrace) for known in logger.filters)
    assert client.get("/healthz", headers={"host": "evil.example"}).status_code == 400
    assert [record.exc_info for record in caplog.records if record.name == logger.name] == [None]
