"""The checks of Errands: what reached the practice service, and what the store says afterwards.

The tasks fix `board:forecast`, `board:refresh` and `signups:book`, because panes call them, and the fields `status` and
`receipt`. Which functions make the errand and report of it is found out by what they do.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from lessons.fork import CallRefused, Fork, Row, Verdict
from lessons.results import holds, leaves

FORECAST, REFRESH, BOOK = "board:forecast", "board:refresh", "signups:book"
TABLE = "signups"
PRICE, SEATS = 20.0, 3
CITIES = ("Quito", "Nairobi", "Samarkand", "Oslo")
NAMES = ("Thandiwe Nkosi", "Mateo Quispe", "Leila Haddad", "Bjørn Aasen", "Farida Karimova")
BANK_IS_DOWN = 8
KNOCKS_MAX = 6
PATIENCE = ({"minutes": 1}, {"minutes": 10}, {"hours": 1}, {"hours": 6}, {"days": 1}, {"days": 7})
REFRESHES_MAX = 6


# ── task 1 ──────────────────────────────────────────────────────────────────


async def check_1(fork: Fork) -> Verdict:
    city, other = fork.random.sample(CITIES, 2)
    await expect_board(fork, city)
    await expect_silence(fork, city)
    live = await fork.alice.subscribe(FORECAST, {"city": city})
    first = await refresh(fork, city)
    await expect_shown(fork, city, first)
    shown = await live.wait_until(lambda value: shows(value, first))
    fork.expect(shown, "live-board-kept-it", look_at=FORECAST, city=city)
    await expect_apart(fork, city, first, other)
    newest = await refresh_until_it_differs(fork, city, first)
    answer = await fork.bob.query(FORECAST, {"city": city})
    values = {"city": city, "first": whole(first), "newest": whole(newest)}
    fork.expect(shows(answer, newest), "old-figure-shown", look_at=FORECAST, **values)
    return fork.passed("passed-1", **values)


async def expect_board(fork: Fork, city: str) -> None:
    """The kinds of the two functions; what happens when one of another kind is called stands in the evidence."""
    forecast, errand = fork.functions.get(FORECAST), fork.functions.get(REFRESH)
    if forecast is not None and forecast.kind != "query":
        await fork.alice.try_call(FORECAST, {"city": city})
        fork.fail("forecast-is-no-query", look_at=FORECAST, kind=forecast.kind)
    fork.expect_function(FORECAST, "query")
    if errand is not None and errand.kind != "action":
        await fork.alice.try_call(REFRESH, {"city": city})
        fork.fail("refresh-is-no-action", look_at=REFRESH, kind=errand.kind)
    fork.expect_function(REFRESH, "action", look_at=FORECAST)


async def expect_silence(fork: Fork, city: str) -> None:
    """Before anybody asked: no figure, no error, and nobody was called."""
    answer = await fork.alice.try_query(FORECAST, {"city": city})
    if answer.refused is not None:
        finding = "forecast-fetches" if "fetch" in answer.refused.message else "forecast-throws-at-first"
        fork.fail(finding, look_at=answer.refused, city=city, problem=answer.refused.first_line)
    fork.expect(not numbers(answer.value), "figure-from-nowhere", look_at=FORECAST, city=city)


async def refresh(fork: Fork, city: str) -> float:
    """Calls the action; the figure that the service answered with. One request, for that city."""
    before = fork.practice.call_count
    try:
        await fork.alice.act(REFRESH, {"city": city})
    except CallRefused as refused:
        fork.fail("refresh-refused", look_at=refused, city=city, problem=refused.first_line)
    await fork.finish_scheduled()
    calls = [call for call in fork.practice.calls if call.id > before]
    fork.expect(calls, "nobody-asked", look_at=REFRESH, city=city)
    fork.expect(len(calls) == 1, "asked-more-than-once", look_at=REFRESH, city=city, count=len(calls))
    report = answered(calls[0].answered)
    is_for_it = str(report.get("city", "")).casefold() == city.casefold()
    fork.expect(is_for_it, "asked-for-another", look_at=REFRESH, city=city, request=calls[0].path)
    return float(report["celsius"])


async def refresh_until_it_differs(fork: Fork, city: str, known: float) -> float:
    """The weather moves on; two figures in a row may be the same."""
    for _ in range(REFRESHES_MAX):
        figure = await refresh(fork, city)
        if figure != known:
            return figure
    raise AssertionError("the weather of the practice service stands still")


async def expect_shown(fork: Fork, city: str, figure: float) -> None:
    await fork.finish_scheduled()
    answer = await fork.bob.query(FORECAST, {"city": city})
    if shows(answer, figure):
        return
    finding = "forecast-lacks-it" if await fork.rows("weather") else "not-stored"
    fork.fail(finding, look_at=FORECAST if finding == "forecast-lacks-it" else REFRESH, city=city, figure=whole(figure))


async def expect_apart(fork: Fork, city: str, figure: float, other: str) -> None:
    """Another city's weather is another city's."""
    answer = await fork.bob.query(FORECAST, {"city": other})
    fork.expect(not numbers(answer), "other-city-shown", look_at=FORECAST, city=city, other=other)
    await refresh_until_it_differs(fork, other, figure)
    answer = await fork.bob.query(FORECAST, {"city": city})
    fork.expect(shows(answer, figure), "other-city-shown", look_at=FORECAST, city=city, other=other)


# ── task 2 ──────────────────────────────────────────────────────────────────


async def check_2(fork: Fork) -> Verdict:
    await expect_book(fork)
    before = await fork.rows(TABLE)
    first, second = fork.random.sample(NAMES, 2)
    fork.practice.latency(80)
    seat = await book(fork, first, 2, before)
    fork.expect(seat.get("status") != "paid", "paid-too-early", look_at=BOOK, name=first)
    other = await book(fork, second, 3, before)
    await fork.finish_scheduled()
    fork.practice.latency(0)
    expect_errand(fork, first)
    await expect_receipts(fork, before, {seat["_id"], other["_id"]})
    await expect_no_seat_no_money(fork, before)
    await expect_no_is_no(fork, before)
    return fork.passed("passed-2", name=first)


async def expect_book(fork: Fork) -> None:
    function = fork.functions.get(BOOK)
    if function is not None and function.kind == "action":
        await fork.alice.try_call(BOOK, {"name": NAMES[0], "bus": 2.0})
        fork.fail("book-is-an-action", look_at=BOOK)
    fork.expect_function(BOOK, "mutation")


async def book(fork: Fork, name: str, bus: int, known: dict[str, Row]) -> Row:
    """Books a seat; its row as it is at once."""
    before = await fork.rows(TABLE)
    try:
        await fork.alice.mutate(BOOK, {"name": name, "bus": float(bus)})
    except CallRefused as refused:
        finding = "fetch-in-book" if "fetch" in refused.message else "book-refused"
        fork.fail(finding, look_at=refused, name=name, problem=refused.first_line)
    added = [row for id_, row in (await fork.rows(TABLE)).items() if id_ not in before]
    fork.expect(len(added) == 1, "no-seat", look_at=BOOK, name=name, count=len(added))
    return added[0]


def expect_errand(fork: Fork, name: str) -> None:
    """Two seats were booked: two orders of 20, made by functions that no browser can call."""
    orders = [call for call in fork.practice.calls if call.method == "POST"]
    fork.expect(orders, "nobody-pays", look_at=BOOK, name=name)
    payer = orders[0].function
    charges = fork.practice.charges
    values = {"count": len(charges), "function": payer}
    fork.expect(len(charges) >= 2, "seat-not-charged", look_at=payer, **values)
    fork.expect(len(charges) <= 2, "charged-more-than-once", look_at=payer, **values)
    wrong = [charge.amount for charge in charges if charge.amount != PRICE]
    fork.expect(not wrong, "wrong-amount", look_at=payer, amount=whole(wrong[0]) if wrong else "", function=payer)
    function = fork.functions.get(payer)
    is_closed = function is None or function.visibility == "internal"
    fork.expect(is_closed, "errand-is-public", look_at=payer, function=payer)


async def expect_receipts(fork: Fork, before: dict[str, Row], seats: set[str]) -> None:
    rows = await fork.rows(TABLE)
    receipts = {f"receipt-{charge.id}" for charge in fork.practice.charges}
    payer = fork.practice.calls[0].function
    for id_ in seats:
        row = rows.get(id_, {})
        values = {"name": row.get("name", "the passenger"), "status": row.get("status", "gone")}
        fork.expect(row.get("status") == "paid", "nobody-told-the-store", look_at=payer, **values)
        kept = row.get("receipt")
        fork.expect(kept in receipts, "receipt-not-kept", look_at=payer, kept=kept or "nothing", **values)
    kept = {rows[id_].get("receipt") for id_ in seats}
    fork.expect(len(kept) == len(seats), "receipt-of-another", look_at=payer)
    touched = [row for id_, row in before.items() if rows.get(id_) != row]
    names = ", ".join(str(row["name"]) for row in touched)
    fork.expect(not touched, "others-touched", look_at=payer, names=names)


async def expect_no_seat_no_money(fork: Fork, before: dict[str, Row]) -> None:
    """Bus 1 has one passenger already: the third booking finds it full."""
    charged = len(fork.practice.charges)
    for number in range(SEATS):
        # The last one finds no seat: whether that throws or returns is the learner's choice.
        await fork.bob.try_mutate(BOOK, {"name": f"{NAMES[number]} {number}", "bus": 1.0})
    await fork.finish_scheduled()
    rows = await fork.rows(TABLE)
    seats = sum(row["bus"] == 1 for row in rows.values())
    fork.expect(seats <= SEATS, "bus-overfull", look_at=BOOK, seats=SEATS, count=seats)
    fork.expect(seats == SEATS, "seat-refused", look_at=BOOK, seats=SEATS, count=seats)
    paid = len(fork.practice.charges) - charged
    fork.expect(paid <= SEATS - 1, "charged-without-a-seat", look_at=BOOK, count=paid, seats=SEATS - 1)


async def expect_no_is_no(fork: Fork, before: dict[str, Row]) -> None:
    charged = len(fork.practice.charges)
    fork.practice.fail_next(1)
    seat = await book(fork, NAMES[4], 3, before)
    await fork.finish_scheduled()
    row = (await fork.rows(TABLE)).get(seat["_id"], {})
    payer = fork.practice.calls[-1].function
    values = {"name": NAMES[4], "status": row.get("status", "gone")}
    is_false = row.get("status") == "paid" and len(fork.practice.charges) == charged
    fork.expect(not is_false, "paid-without-money", look_at=payer, **values)
    if row.get("status") not in ("failed", "paid"):
        # An errand that tries again has not heard the last word yet.
        await fork.forward(minutes=15)
        row = (await fork.rows(TABLE)).get(seat["_id"], {})
    fork.expect(row.get("status") in ("failed", "paid"), "no-is-not-written", look_at=payer, **values)


# ── task 3 ──────────────────────────────────────────────────────────────────


async def check_3(fork: Fork) -> Verdict:
    await expect_book(fork)
    await expect_one_after_a_lost_answer(fork)
    await expect_one_after_a_refusal(fork)
    await expect_patience(fork)
    await expect_a_key_for_each(fork)
    count = await expect_one_in_bad_days(fork)
    return fork.passed("passed-3", count=count)


async def expect_one_after_a_lost_answer(fork: Fork) -> None:
    name = NAMES[0]
    fork.practice.lose_next(1)
    seat = await book(fork, name, 1, {})
    await fork.finish_scheduled()
    fork.expect(fork.practice.charges, "nobody-pays", look_at=BOOK, name=name)
    payer = fork.practice.calls[0].function
    calls = fork.practice.call_count
    row = (await fork.rows(TABLE)).get(seat["_id"], {})
    has_heard = calls > 1 and row.get("receipt") == f"receipt-{fork.practice.charges[0].id}"
    is_false = row.get("status") == "paid" and not has_heard
    fork.expect(not is_false, "paid-without-a-receipt", look_at=payer, name=name)
    row = await until_paid(fork, seat)
    expect_one_receipt(fork, payer)
    fork.expect(fork.practice.call_count > 1, "lost-answer-not-retried", look_at=payer, name=name)
    values = {"name": name, "status": row.get("status", "gone")}
    fork.expect(row.get("status") == "paid", "retry-not-written", look_at=payer, **values)
    expect_kept(fork, row, payer)


def expect_one_receipt(fork: Fork, payer: str) -> None:
    charges = fork.practice.charges
    keys = [call.key for call in fork.practice.calls if call.method == "POST"]
    if len(charges) > 1:
        made = {key for key in keys if key is not None}
        finding = "key-per-attempt" if len(made) > 1 else "charged-twice"
        fork.fail(finding, look_at=payer, count=len(charges), attempts=len(keys))


async def expect_one_after_a_refusal(fork: Fork) -> None:
    name = NAMES[1]
    charged = len(fork.practice.charges)
    fork.practice.fail_next(1)
    seat = await book(fork, name, 2, {})
    row = await until_paid(fork, seat)
    payer = fork.practice.calls[-1].function
    values = {"name": name, "status": row.get("status", "gone")}
    fork.expect(row.get("status") == "paid", "no-not-retried", look_at=payer, **values)
    receipts = len(fork.practice.charges) - charged
    fork.expect(receipts > 0, "key-of-another", look_at=payer, name=name, other=NAMES[0])
    fork.expect(receipts == 1, "charged-after-a-no", look_at=payer, name=name, count=receipts)
    expect_kept(fork, row, payer)


async def expect_patience(fork: Fork) -> None:
    """The bank is down for long: the errand comes again, and it does not hammer at the door."""
    name = NAMES[2]
    fork.practice.fail_next(BANK_IS_DOWN)
    seat = await book(fork, name, 3, {})
    row = await until_paid(fork, seat)
    payer = fork.practice.calls[-1].function
    knocks = max(Counter(call.run_id for call in fork.practice.calls).values())
    fork.expect(knocks <= KNOCKS_MAX, "knocks-without-a-pause", look_at=payer, count=knocks)
    values = {"name": name, "count": BANK_IS_DOWN, "status": row.get("status", "gone")}
    fork.expect(row.get("status") == "paid", "gave-up", look_at=payer, **values)
    fork.practice.fail_next(0)


async def expect_a_key_for_each(fork: Fork) -> None:
    """Two passengers of one name, on one bus."""
    name = NAMES[3]
    charged = len(fork.practice.charges)
    seats = [await book(fork, name, 3, {}), await book(fork, name, 3, {})]
    await fork.finish_scheduled()
    for seat in seats:
        await until_paid(fork, seat)
    receipts = len(fork.practice.charges) - charged
    payer = fork.practice.calls[-1].function
    fork.expect(receipts == 2, "key-shared", look_at=payer, name=name, count=receipts)


async def expect_one_in_bad_days(fork: Fork) -> int:
    """30 % of the calls fail, half of them after the work is done; which ones follows from the check's seed."""
    fork.practice.fail_rate(0.3, seed=fork.seed % 2**31)
    for number, bus in enumerate((1, 2)):
        await book(fork, f"{NAMES[4]} {number + 1}", bus, {})
    await fork.finish_scheduled()
    booked = [row for row in (await fork.rows(TABLE)).values() if row.get("receipt") != "paid in cash"]
    for seat in booked:
        await until_paid(fork, seat)
    rows = await fork.rows(TABLE)
    paid = [rows[row["_id"]] for row in booked]
    payer = fork.practice.calls[-1].function
    open_seats = [row["name"] for row in paid if row.get("status") != "paid"]
    fork.expect(not open_seats, "seat-left-open", look_at=payer, names=", ".join(open_seats))
    receipts = len(fork.practice.charges)
    values = {"count": receipts, "seats": len(booked)}
    fork.expect(receipts == len(booked), "receipts-and-seats-differ", look_at=payer, **values)
    for row in paid:
        expect_kept(fork, row, payer)
    return len(booked)


def expect_kept(fork: Fork, row: Row, payer: str) -> None:
    receipts = {f"receipt-{charge.id}" for charge in fork.practice.charges}
    kept = row.get("receipt")
    values = {"name": row.get("name", ""), "status": row.get("status", ""), "kept": kept or "nothing"}
    fork.expect(kept in receipts, "receipt-not-kept", look_at=payer, **values)


async def until_paid(fork: Fork, seat: Row) -> Row:
    """The seat's row, after as much time as it takes to be paid, and at most a week."""
    await fork.finish_scheduled()
    for step in PATIENCE:
        row = (await fork.rows(TABLE)).get(seat["_id"], {})
        if row.get("status") == "paid":
            return row
        await fork.forward(**step)
    return (await fork.rows(TABLE)).get(seat["_id"], {})


# ── what a result tells ─────────────────────────────────────────────────────


def shows(result: Any, figure: float) -> bool:
    """Whether the figure stands anywhere in a result, as a number or inside a text."""
    text = whole(figure)
    return holds(result, figure) or any(
        isinstance(leaf, str) and text in leaf.replace(".", " ").split() for leaf in leaves(result)
    )


def numbers(result: Any) -> list[float]:
    """The numbers of a result; a time or a creation time is no temperature."""
    return [
        leaf
        for leaf in leaves(result)
        if isinstance(leaf, int | float) and not isinstance(leaf, bool) and abs(leaf) < 1_000
    ]


def answered(text: str) -> dict[str, Any]:
    try:
        parsed = json.loads(text)
    except ValueError:
        return {}
    return parsed if isinstance(parsed, dict) else {}


def whole(number: float) -> str:
    return str(int(number)) if float(number).is_integer() else str(number)
