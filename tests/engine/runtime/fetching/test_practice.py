"""`https://practice.test` remembers: receipts by key, mails, its log, and how it was told to fail."""

from __future__ import annotations

import json
from contextlib import suppress
from itertools import pairwise

import pytest

from sandbox.engine.errors import LearnerError
from sandbox.engine.runtime.fetching import Asker, Fetcher, FetchRequest, PracticeService
from sandbox.engine.runtime.fetching.practice import ledger

ORIGIN = "https://practice.test"
BY = Asker("errands:pay", "run-1")


@pytest.fixture
def practice(tmp_path):
    service = PracticeService(tmp_path, now_ms=lambda: 1_000.0)
    yield service
    service.close()


@pytest.fixture
def fetcher(practice):
    fetcher = Fetcher(practice=practice)
    yield fetcher
    fetcher.close()


async def ask(fetcher, method, path, document=None, key=None):
    headers = () if key is None else (("Idempotency-Key", key),)
    body = b"" if document is None else json.dumps(document).encode()
    return await fetcher.fetch(FetchRequest(method, ORIGIN + path, headers, body), BY)


async def charge(fetcher, key=None, amount=20):
    response = await ask(fetcher, "POST", "/charges", {"amount": amount, "description": "Seat 7"}, key)
    return response.status, json.loads(response.body)


async def test_the_same_key_gives_the_same_receipt(fetcher, practice):
    first, again = await charge(fetcher, "seat-7"), await charge(fetcher, "seat-7")
    assert (first[0], again[0]) == (201, 200)
    assert (
        first[1]
        == again[1]
        == {
            "id": "receipt-1",
            "amount": 20,
            "description": "Seat 7",
            "key": "seat-7",
            "at": 1_000.0,
        }
    )
    assert len(practice.charges) == 1
    assert [call.outcome for call in practice.calls] == ["done", "replayed"]


async def test_without_a_key_every_request_charges(fetcher, practice):
    first, again = await charge(fetcher), await charge(fetcher)
    assert first[1]["id"] != again[1]["id"]
    assert len(practice.charges) == 2


async def test_a_key_belongs_to_its_amount(fetcher, practice):
    await charge(fetcher, "seat-7")
    status, document = await charge(fetcher, "seat-7", amount=21)
    assert (status, len(practice.charges)) == (422, 1)
    assert "another amount" in document["error"]


async def test_receipts_are_listed_and_found(fetcher):
    await charge(fetcher, "one")
    await charge(fetcher, "two", 5)
    listed = json.loads((await ask(fetcher, "GET", "/charges")).body)
    assert [receipt["key"] for receipt in listed] == ["one", "two"]
    assert json.loads((await ask(fetcher, "GET", "/charges?key=two")).body) == listed[1:]
    assert json.loads((await ask(fetcher, "GET", "/charges/receipt-1")).body) == listed[0]
    assert (await ask(fetcher, "GET", "/charges/receipt-9")).status == 404


@pytest.mark.parametrize("amount", [0, -1, "20", None, True, 10**400, float("nan"), float("inf"), [1]])
async def test_an_amount_is_a_number_above_zero(fetcher, practice, amount):
    assert (await charge(fetcher, amount=amount))[0] == 400
    assert practice.charges == []
    assert practice.calls[0].outcome == "refused"


@pytest.mark.parametrize("body", [b"", b"no", b"[1]", b"\xff", b'{"amount":' + b"[" * 10_000])
async def test_a_body_that_is_no_object_is_refused(fetcher, practice, body):
    response = await fetcher.fetch(FetchRequest("POST", ORIGIN + "/charges", (), body), BY)
    assert response.status == 400
    assert practice.charges == []


async def test_half_characters_reach_no_file(fetcher, practice):
    await ask(fetcher, "POST", "/charges", {"amount": 1, "description": "\ud800"}, "\ud800")
    await ask(fetcher, "POST", "/mails", {"to": "a\udc00", "subject": "", "body": ""})
    assert practice.charges[0].description == "?"
    assert practice.mails[0].recipient == "a?"


async def test_a_mail_lies_in_the_outbox(fetcher, practice):
    mail = {"to": "mai@example.org", "subject": "Your seat", "body": "Bus 2."}
    first = await ask(fetcher, "POST", "/mails", mail, "mail-7")
    assert first.status == 202
    assert (await ask(fetcher, "POST", "/mails", mail, "mail-7")).status == 200
    assert [(sent.recipient, sent.subject, sent.body) for sent in practice.mails] == [
        ("mai@example.org", "Your seat", "Bus 2.")
    ]
    assert (await ask(fetcher, "POST", "/mails", {"subject": "Nobody"})).status == 400


async def test_the_weather_moves_on_with_every_question(fetcher):
    answers = [json.loads((await ask(fetcher, "GET", "/weather?city=Lima")).body) for _ in range(6)]
    assert all(first != second for first, second in pairwise(answers))
    assert (await ask(fetcher, "GET", "/weather")).status == 400


async def test_other_paths_are_those_of_the_service_without_a_memory(fetcher, practice):
    assert (await ask(fetcher, "GET", "/status/418")).status == 418
    assert (await ask(fetcher, "GET", "/nothing")).status == 404
    assert (await ask(fetcher, "DELETE", "/charges")).status == 405
    assert [call.path for call in practice.calls] == ["/status/418", "/nothing", "/charges"]


async def test_the_log_says_who_called_and_what(fetcher, practice):
    await charge(fetcher, "seat-7")
    call = practice.calls[0]
    assert (call.method, call.path, call.key, call.status) == ("POST", "/charges", "seat-7", 201)
    assert (call.function, call.run_id, call.at_ms) == ("errands:pay", "run-1", 1_000.0)
    assert json.loads(call.asked)["amount"] == 20
    assert json.loads(call.answered)["id"] == "receipt-1"


async def test_a_call_that_fails_before_has_charged_nothing(fetcher, practice):
    practice.fail_next(2)
    assert [(await charge(fetcher, "seat-7"))[0] for _ in range(3)] == [503, 503, 201]
    assert [call.outcome for call in practice.calls] == ["failed", "failed", "done"]
    assert len(practice.charges) == 1


async def test_a_lost_answer_has_charged(fetcher, practice):
    practice.lose_next(1)
    with pytest.raises(LearnerError) as caught:
        await charge(fetcher, "seat-7")
    assert caught.value.code == "FetchFailed"
    assert len(practice.charges) == 1
    assert practice.calls[0].status is None
    assert (await charge(fetcher, "seat-7"))[0] == 200
    assert len(practice.charges) == 1


async def test_a_share_of_calls_fails_and_follows_from_the_seed(fetcher, practice):
    async def outcomes():
        practice.fail_rate(0.3, seed=7)
        for _ in range(200):
            with suppress(LearnerError):
                await ask(fetcher, "GET", "/charges")
        return [call.outcome for call in practice.calls[-200:]]

    first = await outcomes()
    assert first == await outcomes()
    assert 40 <= first.count("failed") + first.count("lost") <= 80
    assert first.count("failed")
    assert first.count("lost")


async def test_a_service_that_always_fails_charges_half_of_the_time(fetcher, practice):
    practice.fail_rate(1.0, seed=1)
    lost = 0
    for number in range(40):
        try:
            assert (await charge(fetcher, f"seat-{number}"))[0] == 503
        except LearnerError:
            lost += 1
    assert len(practice.charges) == lost > 0


@pytest.mark.parametrize(
    "set_wrong",
    [
        lambda practice: practice.fail_rate(1.1),
        lambda practice: practice.fail_rate(float("nan")),
        lambda practice: practice.fail_next(-1),
        lambda practice: practice.lose_next(1_000),
        lambda practice: practice.latency(60_000),
    ],
)
def test_settings_have_bounds(practice, set_wrong):
    with pytest.raises(ValueError, match=r"\d"):
        set_wrong(practice)


async def test_it_remembers_after_a_restart_and_forgets_when_told(fetcher, practice, tmp_path):
    await charge(fetcher, "seat-7")
    practice.fail_rate(0.5)
    practice.latency(3)
    again = PracticeService(tmp_path)
    assert [receipt.key for receipt in again.charges] == ["seat-7"]
    assert (again.mood.fail_rate, again.mood.latency_ms, len(again.calls)) == (0.5, 3.0, 1)
    again.reset()
    assert (again.calls, again.charges, again.mood.fail_rate, again.call_count) == ([], [], 0.0, 0)
    again.close()


async def test_two_processes_share_it(fetcher, practice, tmp_path):
    told = []
    other = PracticeService(tmp_path, on_change=lambda: told.append(1))
    await charge(fetcher, "seat-7")
    other.notice_others()
    await charge(fetcher, "seat-8")
    other.notice_others()
    assert told
    second = Fetcher(practice=other)
    assert (await charge(second, "seat-7"))[0] == 200
    second.close()
    other.close()


def test_an_unused_one_makes_no_file(practice, tmp_path):
    assert practice.calls == practice.charges == practice.mails == []
    practice.notice_others()
    assert list(tmp_path.iterdir()) == []


async def test_a_damaged_file_is_begun_anew(tmp_path, caplog):
    (tmp_path / "practice.db").write_bytes(b"no database" * 1_000)
    service = PracticeService(tmp_path)
    assert service.calls == []
    assert "was damaged" in caplog.text
    service.fail_next(1)
    assert service.mood.fail_next == 1
    service.close()


async def test_it_is_bounded(fetcher, practice, monkeypatch):
    monkeypatch.setattr(ledger, "CALLS_KEPT", 3)
    monkeypatch.setattr(ledger, "RECORDS_MAX", 2)
    statuses = [(await charge(fetcher, f"seat-{number}"))[0] for number in range(4)]
    assert statuses == [201, 201, 507, 507]
    assert (await charge(fetcher, "seat-0"))[0] == 200
    assert (len(practice.calls), practice.call_count) == (3, 5)
    large = await fetcher.fetch(FetchRequest("POST", ORIGIN + "/mails", (), b"x" * 100_000), BY)
    assert large.status == 413
