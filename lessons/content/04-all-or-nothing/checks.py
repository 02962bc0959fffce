"""The checks of All or nothing: a booking is a seat, a payment and a name on the list, together or not at all.

They look at the three tables alone: after a call, after a crash before every step, after a refusal, and after two calls
that meet in many orders. Whether a function is a mutation or an action that calls one, what it takes and what it
returns is the learner's choice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from lessons.arguments import arguments
from lessons.clients import Planned
from lessons.fitting import members
from lessons.fork import Answer, Fork, Row, Verdict
from lessons.results import listed, own_fields

BOOK, GROUP, ONLINE = "bookings:book", "bookings:bookGroup", "online:bookOnline"
STEPS_MAX = 60
SEATS_DEFAULT = 5.0
PRICE = 17.0
ORDERS = 4
ORDERS_OF_A_MUTATION = 1


@dataclass(frozen=True, slots=True)
class State:
    """The three tables, as far as bookings are concerned."""

    seats: dict[str, float]
    payments: dict[str, Row]
    signups: dict[str, Row]

    def names(self, bus: str) -> list[str]:
        return sorted(str(row["name"]) for row in self.signups.values() if row["bus"] == bus)

    def paid(self, bus: str) -> list[str]:
        return sorted(str(row["name"]) for row in self.payments.values() if row["bus"] == bus)


@dataclass(frozen=True, slots=True)
class Change:
    """What became of one bus. `elsewhere`: another bus, or rows of another bus, are not as they were."""

    seats: float
    names: list[str]
    paid: list[str]
    elsewhere: bool

    @property
    def is_none(self) -> bool:
        return not (self.seats or self.names or self.paid or self.elsewhere)

    def is_booking_of(self, names: Sequence[str]) -> bool:
        wanted = sorted(names)
        return (self.seats, self.names, self.paid, self.elsewhere) == (-len(wanted), wanted, wanted, False)

    @property
    def in_words(self) -> str:
        """`1 seat fewer, 1 payment and no name`."""
        seats = (
            "no seat fewer"
            if not self.seats
            else _count(abs(self.seats), "seat") + (" fewer" if self.seats < 0 else " more")
        )
        return listed([seats, _count(len(self.paid), "payment"), _count(len(self.names), "name")])


@dataclass(frozen=True, slots=True)
class Bus:
    """A bus of the fork and the state before something happens to it."""

    fork: Fork
    row: Row
    before: State

    @property
    def id(self) -> str:
        return str(self.row["_id"])

    def args(self, path: str, name: str) -> dict[str, Any]:
        """Arguments that mean this bus, as it was read, and this person."""
        function = self.fork.functions[path]
        row = {**self.row, "name": name, "ownerId": name}
        args = arguments(function, "buses", row, wants_id=True, ids={"buses": self.id})
        # Who declares nothing most likely takes what the functions beside it are called with.
        declares = any(member["type"] == "object" for member in members(function.args or {"type": "any"}))
        return args if declares else {"bus": self.id, **args}

    def group_args(self, path: str, names: Sequence[str]) -> dict[str, Any]:
        args = self.args(path, names[0])
        declared = self.fork.functions[path].args
        fields = next((one["value"] for one in members(declared or {"type": "any"}) if one["type"] == "object"), None)
        if fields is None:
            return {**args, "names": list(names)}
        return args | {
            name: _filled(field["fieldType"], names)
            for name, field in fields.items()
            if _takes_list(field["fieldType"])
        }

    async def change(self) -> Change:
        after = await state_of(self.fork)
        before = self.before
        elsewhere = any(
            (after.seats.get(bus), after.names(bus), after.paid(bus)) != (seats, before.names(bus), before.paid(bus))
            for bus, seats in before.seats.items()
            if bus != self.id
        )
        return Change(
            after.seats.get(self.id, 0.0) - before.seats[self.id],
            _added(before.names(self.id), after.names(self.id)),
            _added(before.paid(self.id), after.paid(self.id)),
            elsewhere,
        )


# ── task 1: one booking ─────────────────────────────────────────────────────


async def check_1(fork: Fork) -> Verdict:
    _expect_there(fork, BOOK)
    first = await bus_with(fork, 2.0)
    await _expect_books(first, BOOK, "Lindiwe Nkosi", "book")
    await _expect_counts_anew(first)
    await _expect_full_bus_is_left_alone(fork, BOOK)
    await _expect_whole_after_crashes(fork, BOOK, "half-booked")
    return fork.passed("passed-1")


async def _expect_books(bus: Bus, path: str, name: str, prefix: str) -> None:
    fork = bus.fork
    answer = await fork.alice.try_call(path, bus.args(path, name))
    if answer.refused is not None:
        fork.fail(f"{prefix}-refused", look_at=answer.refused, name=name, problem=answer.refused.first_line)
    change = await bus.change()
    if change.is_booking_of([name]):
        await _expect_amount(bus, path, name)
        return
    await fork.finish_scheduled()
    later = await bus.change()
    fork.expect(not later.is_booking_of([name]), f"{prefix}-later", look_at=path, name=name, found=change.in_words)
    fork.expect(not change.elsewhere, f"{prefix}-elsewhere", look_at=path, name=name)
    fork.fail(f"{prefix}-incomplete", look_at=path, name=name, found=change.in_words)


async def _expect_amount(bus: Bus, path: str, name: str) -> None:
    after = await state_of(bus.fork)
    paid = next(row for row in after.payments.values() if row["bus"] == bus.id and row["name"] == name)
    bus.fork.expect(
        paid["amount"] == bus.row["price"],
        "amount-differs",
        look_at=path,
        name=name,
        amount=f"{paid['amount']:g}",
        price=f"{bus.row['price']:g}",
    )


async def _expect_counts_anew(bus: Bus) -> None:
    """The last seat, asked for by somebody whose screen still shows the bus as it was before the first booking."""
    answer = await bus.fork.bob.try_call(BOOK, bus.args(BOOK, "Mateo Quispe"))
    change = await bus.change()
    if change.is_booking_of(["Lindiwe Nkosi", "Mateo Quispe"]):
        return
    if answer.refused is not None:
        bus.fork.fail("last-seat-refused", look_at=answer.refused, problem=answer.refused.first_line)
    bus.fork.fail("seat-lost", look_at=BOOK, found=change.in_words)


async def _expect_whole_after_crashes(fork: Fork, path: str, finding: str, lock_finding: str | None = None) -> None:
    """Kills the run before its steps: nothing of the booking is there, or all of it."""
    for step in _steps_to_crash(fork, path):
        bus = await bus_with(fork, SEATS_DEFAULT)
        name = f"Passenger {step}"
        crashed = await fork.alice.crash(path, bus.args(path, name), at=step)
        change = await bus.change()
        whole = change.is_none or change.is_booking_of([name])
        fork.expect(whole, finding, look_at=path, step=step, found=change.in_words)
        if not crashed:
            return
        if lock_finding is not None and change.is_none:
            answer = await fork.bob.try_call(path, bus.args(path, "Aroha Ngata"))
            problem = answer.refused.first_line if answer.refused else "nothing was booked"
            booked = (await bus.change()).is_booking_of(["Aroha Ngata"])
            fork.expect(booked, lock_finding, look_at=path, step=step, problem=problem)


async def _expect_full_bus_is_left_alone(fork: Fork, path: str) -> None:
    bus = await bus_with(fork, 0.0)
    answer = await fork.alice.try_call(path, bus.args(path, "Yusuf Demir"))
    await fork.finish_scheduled()
    change = await bus.change()
    if change.is_none:
        fork.expect(answer.refused is not None or path != BOOK, "full-bus-silent", look_at=path)
        return
    finding = "full-bus-sold" if change.names and change.seats else "full-bus-changed"
    said = "was refused" if answer.refused else "ended without an error"
    fork.fail(finding, look_at=path, found=change.in_words, said=said)


# ── task 2: a group ─────────────────────────────────────────────────────────


async def check_2(fork: Fork) -> Verdict:
    _expect_there(fork, GROUP)
    await _expect_books_group(fork)
    for scene in (_with_a_name_twice, _with_an_empty_name, _with_too_few_seats):
        await scene(fork)
    await _expect_group_whole_after_crashes(fork)
    return fork.passed("passed-2")


async def _expect_books_group(fork: Fork) -> None:
    names = ["Amina Diallo", "Kofi Mensah", "Hana Suzuki"]
    bus = await bus_with(fork, float(len(names)))
    answer = await fork.alice.try_call(GROUP, bus.group_args(GROUP, names))
    if answer.refused is not None:
        fork.fail("group-refused", look_at=answer.refused, problem=answer.refused.first_line)
    change = await bus.change()
    if change.is_booking_of(names):
        return
    rows_are_there = change.names == change.paid == sorted(names)
    fork.expect(not rows_are_there, "group-seats", look_at=GROUP, found=_count(-change.seats, "seat"))
    fork.fail("group-incomplete", look_at=GROUP, found=change.in_words)


async def _expect_group_whole_after_crashes(fork: Fork) -> None:
    for step in _steps_to_crash(fork, GROUP):
        names = [f"Child {step}", f"Parent {step}"]
        bus = await bus_with(fork, SEATS_DEFAULT)
        crashed = await fork.alice.crash(GROUP, bus.group_args(GROUP, names), at=step)
        change = await bus.change()
        whole = change.is_none or change.is_booking_of(names)
        fork.expect(whole, "group-in-turn", look_at=GROUP, step=step, found=change.in_words)
        if not crashed:
            return


async def _with_a_name_twice(fork: Fork) -> None:
    bus = await bus_with(fork, SEATS_DEFAULT, names=["Minh Anh Nguyễn"])
    await _expect_nobody(bus, ["Amina Diallo", "Minh Anh Nguyễn", "Kofi Mensah"], "one name is on the bus already")


async def _with_an_empty_name(fork: Fork) -> None:
    bus = await bus_with(fork, SEATS_DEFAULT)
    await _expect_nobody(bus, ["Amina Diallo", "", "Kofi Mensah"], "the second name is empty")


async def _with_too_few_seats(fork: Fork) -> None:
    bus = await bus_with(fork, 2.0)
    await _expect_nobody(bus, ["Amina Diallo", "Hana Suzuki", "Kofi Mensah"], "two seats for three names")


async def _expect_nobody(bus: Bus, names: Sequence[str], why: str) -> None:
    """The second or third name cannot be booked: then nobody is."""
    fork = bus.fork
    answer = await fork.alice.try_call(GROUP, bus.group_args(GROUP, names))
    await fork.finish_scheduled()
    change = await bus.change()
    if change.is_none:
        return
    values = {"why": why, "found": change.in_words}
    fork.expect(len(change.names) != len(names), "group-all-booked", look_at=GROUP, **values)
    fork.expect(change.names, "undone-in-part", look_at=GROUP, **values)
    fork.expect(answer.refused is None, "group-first-stay", look_at=GROUP, **values)
    fork.expect(names[-1] not in change.names, "group-skips", look_at=GROUP, **values)
    fork.fail("group-returns-early", look_at=GROUP, **values)


# ── task 3: two at the last seat ────────────────────────────────────────────


async def check_3(fork: Fork) -> Verdict:
    _expect_there(fork, ONLINE)
    await _expect_books(await bus_with(fork, SEATS_DEFAULT), ONLINE, "Lindiwe Nkosi", "online")
    await _expect_full_bus_is_left_alone(fork, ONLINE)
    await _expect_whole_after_crashes(fork, ONLINE, "online-half", "stays-locked")
    await _expect_one_gets_the_last_seat(fork)
    return fork.passed("passed-3")


async def _expect_one_gets_the_last_seat(fork: Fork) -> None:
    scene: list[Bus] = []
    left: list[Change] = []

    async def prepare() -> Sequence[Planned]:
        scene[:] = [await bus_with(fork, 1.0)]
        return [
            fork.alice.call(ONLINE, scene[0].args(ONLINE, "Zainab Okonkwo")),
            fork.bob.call(ONLINE, scene[0].args(ONLINE, "João Pereira")),
        ]

    async def holds(_answers: Sequence[Answer]) -> bool:
        change = await scene[0].change()
        is_kept = (change.seats, len(change.names), len(change.paid)) == (-1, 1, 1)
        if not is_kept:
            left.append(change)
        return is_kept

    is_mutation = fork.functions[ONLINE].kind == "mutation"
    broken = await fork.interleave(prepare, holds, rounds=ORDERS_OF_A_MUTATION if is_mutation else ORDERS)
    if broken is None:
        return
    change = left[-1]  # that of the smallest order: only one that breaks the promise takes its place
    values = {"schedule": broken.schedule, "found": change.in_words}
    fork.expect(change.names or change.paid, "nobody-got-it", look_at=ONLINE, **values)
    fork.expect(change.seats == -1 or len(change.names) < 2, "below-zero", look_at=ONLINE, **values)
    fork.fail("sold-twice", look_at=ONLINE, **values)


def _steps_to_crash(fork: Fork, path: str) -> range:
    """Every step of an action. A mutation is whole by what the engine promises: there one crash shows it."""
    return range(2, 3) if fork.functions[path].kind == "mutation" else range(1, STEPS_MAX)


# ── shared ──────────────────────────────────────────────────────────────────


def _expect_there(fork: Fork, path: str) -> None:
    """It may be a mutation or an action: what it leaves behind is what counts."""
    function = fork.functions.get(path)
    fork.expect_function(path, "mutation" if function is None or function.kind == "query" else function.kind)


async def bus_with(fork: Fork, seats: float, names: Sequence[str] = ()) -> Bus:
    """A new bus, with people who are booked already."""
    known = await fork.rows("buses")
    await fork.insert(
        "buses", [{**_further(known), "name": f"Bus {len(known) + 1}", "seatsLeft": seats, "price": PRICE}]
    )
    row = next(row for id_, row in (await fork.rows("buses")).items() if id_ not in known)
    for name in names:
        await fork.insert("payments", [{"bus": row["_id"], "name": name, "amount": PRICE}])
        await fork.insert("signups", [{"bus": row["_id"], "name": name}])
    return Bus(fork, row, await state_of(fork))


def _further(known: dict[str, Row]) -> dict[str, Any]:
    """Fields that the learner's buses have besides: a new one has them, too."""
    return own_fields(next(iter(known.values()))) if known else {}


async def state_of(fork: Fork) -> State:
    buses = await fork.rows("buses")
    seats = {id_: float(row["seatsLeft"]) for id_, row in buses.items()}
    return State(seats, await fork.rows("payments"), await fork.rows("signups"))


def _added(before: Sequence[str], after: Sequence[str]) -> list[str]:
    return sorted((Counter(after) - Counter(before)).elements())


def _takes_list(validator: dict[str, Any]) -> bool:
    return any(member["type"] == "array" for member in members(validator))


def _filled(validator: dict[str, Any], names: Sequence[str]) -> list[Any]:
    """The names as the elements that the list wants: texts, or objects with a text in them."""
    element = next(member["value"] for member in members(validator) if member["type"] == "array")
    shape = next((member["value"] for member in members(element) if member["type"] == "object"), None)
    if shape is None:
        return list(names)
    return [
        {key: name for key, field in shape.items() if any(m["type"] == "string" for m in members(field["fieldType"]))}
        for name in names
    ]


def _count(number: float, word: str) -> str:
    return f"{number:g} {word}{'' if number == 1 else 's'}" if number else f"no {word}"
