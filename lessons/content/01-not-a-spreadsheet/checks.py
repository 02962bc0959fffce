"""The checks of Not a spreadsheet: a shape that the store enforces, a rule kept under a rush, a search by an index.

Rows are put into the table as a file import does it, past every function. Bookings are made by both desks at the same
moment. What a search costs is counted in documents, before and after rows are added that it has nothing to do with.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lessons.arguments import arguments
from lessons.fork import CallRefused, Client, Fork
from lessons.results import ids_in, leaves, names_of
from lessons.verdict import Place, Verdict
from sandbox.engine import LearnerError

TABLE, SCHEMA = "signups", "convex/schema.ts"
BOOK, CANCEL, FIND = "signups:book", "signups:cancel", "signups:find"
SEATS = 20
RUSH = 4
BEFORE, BEHIND, MORE = 30, 130, 60

Row = dict[str, Any]

GOOD: tuple[Row, ...] = (
    {"ownerId": "alice", "name": "Mei Chen", "bus": 1.0, "phone": 5550161.0},
    {"ownerId": "bob", "name": "Rashid Khan", "bus": 2.0, "phone": 5550162.0},
    {"ownerId": "alice", "name": "Freja Nielsen", "bus": 3.0, "phone": 5550163.0},
)
GIVEN = ("Anaïs", "Bongani", "Freja", "Dmytro", "Elif", "Farah", "Inés", "Iker", "Jun", "Kwame", "Linh", "Malia")
FAMILY = ("Abebe", "Byrne", "Castillo", "Demir", "Eze", "Fuentes", "Haddad", "Iyer", "Kaya", "Lindqvist")
WANTED = "Omar Rahman"


# ── 1: a schema that refuses the bad row


async def check_1(fork: Fork) -> Verdict:
    await expect_good_rows(fork)
    await expect_phone_is_refused(fork)
    await expect_rest_is_refused(fork)
    await expect_booking_still_works(fork)
    return fork.passed("passed-1")


async def expect_good_rows(fork: Fork) -> None:
    for row in GOOD:
        why = await objection(fork, row)
        fork.expect(why is None, "good-row-refused", look_at=schema_place(fork), name=row["name"], why=why)


async def expect_phone_is_refused(fork: Fork) -> None:
    if await objection(fork, {**GOOD[0], "phone": "tomorrow"}) is not None:
        return
    if await objection(fork, {"wheels": "four"}) is None:
        table = fork.schema.tables.get(TABLE)
        says_a_shape = table is not None and "phone" in (table.fields or {})
        fork.fail("schema-not-enforced" if says_a_shape else "import-goes-around", look_at=schema_place(fork))
    takes_anything = await objection(fork, {**GOOD[0], "phone": True}) is None
    fork.fail("phone-takes-anything" if takes_anything else "phone-takes-text", look_at=schema_place(fork))


async def expect_rest_is_refused(fork: Fork) -> None:
    place = schema_place(fork)
    for field in GOOD[0]:
        without = {name: value for name, value in GOOD[0].items() if name != field}
        fork.expect(await objection(fork, without) is not None, "field-may-be-missing", look_at=place, field=field)
    fork.expect(await objection(fork, {**GOOD[0], "bus": "two"}) is not None, "bus-takes-text", look_at=place)
    for field in ("name", "ownerId"):
        takes_numbers = await objection(fork, {**GOOD[0], field: 7.0}) is None
        fork.expect(not takes_numbers, "text-takes-numbers", look_at=place, field=field)


async def expect_booking_still_works(fork: Fork) -> None:
    expect_bookable(fork)
    before = await fork.rows(TABLE)
    answer = await fork.alice.try_call(BOOK, booking(fork, {**GOOD[1], "name": WANTED}))
    why = "it was refused: " + answer.refused.first_line if answer.refused else "no row was stored"
    added = (await fork.rows(TABLE)).keys() - before.keys()
    fork.expect(answer.ok and len(added) == 1, "book-broke", look_at=BOOK, why=why)


async def objection(fork: Fork, row: Row) -> str | None:
    """Why the schema refuses the row, put into the table as an import does; None when it stands there now."""
    try:
        await fork.insert(TABLE, [row])
    except LearnerError as error:
        return error.message.partition("\n")[0]
    return None


def schema_place(fork: Fork) -> Place:
    """Where the table is defined, as far as its name tells."""
    lines = fork.files.get(SCHEMA, "").splitlines()
    return Place(SCHEMA, next((number for number, line in enumerate(lines, 1) if f"{TABLE}:" in line), 1), 1)


# ── 2: never the twenty-first seat


async def check_2(fork: Fork) -> Verdict:
    expect_bookable(fork)
    await expect_a_booking(fork)
    await expect_rush_is_held(fork)
    full = await expect_seat_comes_back(fork)
    await expect_one_after_another(fork, full)
    return fork.passed("passed-2", seats=SEATS)


def expect_bookable(fork: Fork) -> None:
    """An action is let pass: its bookings show whether it keeps the rule."""
    function = fork.functions.get(BOOK)
    if function is None or function.kind != "action":
        fork.expect_function(BOOK, "mutation")


async def expect_a_booking(fork: Fork) -> None:
    """One seat of two: there is one row more, with what was given."""
    before = await fork.rows(TABLE)
    row = {"name": WANTED, "bus": 2.0, "phone": 5550171.0}
    answer = await fork.bob.try_call(BOOK, booking(fork, row))
    why = answer.refused.first_line if answer.refused else "no refusal"
    after = await fork.rows(TABLE)
    added = [after[id_] for id_ in after.keys() - before.keys()]
    fork.expect(answer.ok and len(added) > 0, "last-seats-unsold", look_at=BOOK, sold=len(before), why=why)
    fork.expect(len(added) == 1, "one-booking-many-rows", look_at=BOOK, rows=len(added))
    stored = {field: added[0].get(field) for field in row}
    fork.expect(stored == row, "booking-stored-wrong", look_at=BOOK, wrong=differing(row, stored))


async def expect_rush_is_held(fork: Fork) -> None:
    """Both desks at the same moment, for the one seat that is left."""
    before = await fork.rows(TABLE)
    calls = [
        desk(fork, number).call(BOOK, booking(fork, {"name": name, "bus": 1.0, "phone": 5550180.0 + number}))
        for number, name in enumerate(pupils(fork, RUSH))
    ]
    answers = await fork.together(calls)
    rows = await fork.rows(TABLE)
    lost, sold = names_of(before.keys() - rows.keys(), before), len(rows)
    fork.expect(before.keys() <= rows.keys(), "seat-taken-away", look_at=BOOK, names=lost)
    if sold < SEATS:
        why = next((answer.refused.first_line for answer in answers if answer.refused), "no refusal")
        fork.fail("last-seat-unsold", look_at=BOOK, sold=sold, why=why)
    if sold > SEATS:
        await explain_oversold(fork, sold)


async def explain_oversold(fork: Fork, sold: int) -> None:
    """Too many rows: which idea of the count was it?"""
    place = BOOK
    if fork.functions[BOOK].kind == "action":
        fork.fail("counts-then-writes", look_at=place, sold=sold, rush=RUSH)
    if await believes_numbers(fork):
        fork.fail("believes-the-desk", look_at=place, sold=sold)
    reads = await documents_of_a_booking(fork)
    if reads == 0:
        fork.fail("book-looks-at-nothing", look_at=place, sold=sold)
    if sold == SEATS + 1 and await is_held_now(fork):
        fork.fail("one-seat-too-many", look_at=place, sold=sold)
    if await one_desk_alone_is_held(fork):
        other = await sells(fork.bob, fork)
        fork.fail("counts-one-desk" if other else "counts-something-else", look_at=place, sold=sold)
    fork.fail("rule-never-holds", look_at=place, sold=sold)


async def believes_numbers(fork: Fork) -> bool:
    """Whether a number that the desk sends, beside bus and phone, decides: refused at one value, sold at another."""
    outcomes = set()
    for number in (0.0, 1.0, 1000.0):
        args = booking(fork, {"name": WANTED, "bus": 1.0, "phone": 5550190.0})
        loose = [name for name, value in args.items() if isinstance(value, float) and name not in ("bus", "phone")]
        if not loose:
            return False
        before = len(await fork.rows(TABLE))
        await fork.alice.try_call(BOOK, {**args, **dict.fromkeys(loose, number)})
        outcomes.add(len(await fork.rows(TABLE)) > before)
    return len(outcomes) == 2


async def documents_of_a_booking(fork: Fork) -> int:
    args = booking(fork, {"name": WANTED, "bus": 1.0, "phone": 5550191.0})
    try:
        return (await fork.alice.measure(BOOK, args)).documents
    except CallRefused:
        return 1


async def is_held_now(fork: Fork) -> bool:
    """Whether neither desk can sell one more."""
    return not await sells(fork.alice, fork) and not await sells(fork.bob, fork)


async def one_desk_alone_is_held(fork: Fork) -> bool:
    """Whether bookings of one desk end at some point, though the trip was full before."""
    for _ in range(SEATS):
        if not await sells(fork.alice, fork):
            return True
    return False


async def sells(client: Client, fork: Fork) -> bool:
    """Whether one more booking of this desk is stored."""
    before = len(await fork.rows(TABLE))
    await client.try_call(BOOK, booking(fork, {"name": WANTED, "bus": 1.0, "phone": 5550192.0}))
    return len(await fork.rows(TABLE)) > before


async def expect_seat_comes_back(fork: Fork) -> int:
    """A cancelled seat can be sold again. How many rows a full trip has now: those marked as cancelled may stay."""
    if CANCEL not in fork.functions:
        return SEATS
    rows = await fork.rows(TABLE)
    row = next(iter(rows.values()))
    await fork.alice.mutate(CANCEL, arguments(fork.functions[CANCEL], TABLE, row, wants_id=True))
    kept = row["_id"] in await fork.rows(TABLE)  # a mark is as good as a delete, when `book` knows it
    await fork.bob.try_call(BOOK, booking(fork, {"name": "Wanjiru Kamau", "bus": 3.0, "phone": 5550193.0}))
    sold = len(await fork.rows(TABLE)) - kept
    fork.expect(sold == SEATS, "seat-not-given-back", look_at=BOOK, name=row["name"], sold=sold)
    return SEATS + kept


async def expect_one_after_another(fork: Fork, full: int) -> None:
    """A full trip stays full, whoever asks and for whichever bus."""
    for number, bus in enumerate((1.0, 3.0)):
        await desk(fork, number).try_call(BOOK, booking(fork, {"name": WANTED, "bus": bus, "phone": 5550194.0}))
    sold = len(await fork.rows(TABLE))
    fork.expect(sold == full, "rule-never-holds", look_at=BOOK, sold=sold)


def desk(fork: Fork, number: int) -> Any:
    return fork.bob if number % 2 else fork.alice


def booking(fork: Fork, row: Mapping[str, Any]) -> dict[str, Any]:
    return arguments(fork.functions[BOOK], TABLE, row, wants_id=False)


# ── 3: one pupil among many


async def check_3(fork: Fork) -> Verdict:
    fork.expect_function(FIND, "query")
    wanted = await open_crowd(fork)
    documents = await expect_found(fork, wanted)
    await expect_no_growth(fork, wanted, documents)
    return fork.passed("passed-3", documents=documents, rows=len(await fork.rows(TABLE)))


async def open_crowd(fork: Fork) -> set[str]:
    """Others, two pupils of one name among them, and names that begin with that name or lie behind it."""
    await fork.insert(TABLE, crowd(fork, BEFORE))
    before = await fork.rows(TABLE)
    await fork.insert(TABLE, [pupil(fork, WANTED, 0), pupil(fork, WANTED, 2)])
    wanted = (await fork.rows(TABLE)).keys() - before.keys()
    await fork.insert(TABLE, [pupil(fork, f"{WANTED}i", 1), pupil(fork, "Zeynep Kaya", 0)])
    await fork.insert(TABLE, crowd(fork, BEHIND))
    return set(wanted)


async def expect_found(fork: Fork, wanted: set[str]) -> int:
    answer = await fork.alice.try_query(FIND, finding(fork, WANTED))
    if answer.refused:
        is_unique = "unique()" in answer.refused.message
        fork.expect(
            False,
            "namesake-refused" if is_unique else "find-refused",
            look_at=answer.refused,
            name=WANTED,
            why=answer.refused.first_line,
        )
    rows = await fork.rows(TABLE)
    found = told_of(answer.value, rows)
    place = FIND
    others = names_of(found - wanted, rows)
    fork.expect(found <= wanted, "others-found", look_at=place, name=WANTED, others=others)
    if not found:
        seen = told_of(await fork.alice.query(FIND, finding(fork, newest(rows))), rows)
        fork.fail("looks-at-the-first-rows" if seen else "nobody-found", look_at=place, name=WANTED, rows=len(rows))
    fork.expect(found == wanted, "namesake-missing", look_at=place, name=WANTED, found=len(found))
    nobody = told_of(await fork.alice.query(FIND, finding(fork, "Nobody Here")), rows)
    fork.expect(not nobody, "others-found", look_at=place, name="Nobody Here", others=names_of(nobody, rows))
    return (await fork.alice.measure(FIND, finding(fork, WANTED))).documents


async def expect_no_growth(fork: Fork, wanted: set[str], documents: int) -> None:
    await fork.insert(TABLE, crowd(fork, MORE))
    call = await fork.alice.measure(FIND, finding(fork, WANTED))
    if call.documents <= documents:
        return
    indexes = {read.index for read in call.reads if read.documents > len(wanted)}
    fork.fail(
        why_it_grew(fork, indexes, {read.index for read in call.reads}),
        look_at=FIND,
        more=MORE,
        before=documents,
        after=call.documents,
        index=", ".join(sorted(index or "no index" for index in indexes)),
    )


def why_it_grew(fork: Fork, used: set[str | None], named: set[str | None]) -> str:
    """`used` are the indexes of reads that returned more than was wanted, `named` those of all reads."""
    table = fork.schema.tables.get(TABLE)
    indexes = {} if table is None else table.indexes
    by_name = {index for index, fields in indexes.items() if tuple(fields)[:1] == ("name",)}
    if used & by_name:
        return "whole-index-read"
    if named & by_name:
        return "reads-beside-the-index"
    if any(used & set(indexes)):
        return "another-index"
    return "index-not-used" if by_name else "reads-everyone"


def newest(rows: Mapping[str, Row]) -> str:
    return str(max(rows.values(), key=lambda row: row["_creationTime"])["name"])


def finding(fork: Fork, name: str) -> dict[str, Any]:
    row = {"ownerId": name, "name": name}  # however the argument is called, a text means the name
    return arguments(fork.functions[FIND], TABLE, row, wants_id=False)


# ── people


def pupil(fork: Fork, name: str, number: int) -> Row:
    """A row whose phone number nobody else has, so that it is known by that too."""
    phone = float(fork.random.randrange(10_000_000, 99_999_999))
    return {"ownerId": "alice", "name": name, "bus": float(number % 3 + 1), "phone": phone}


def crowd(fork: Fork, count: int) -> list[Row]:
    return [pupil(fork, name, number) for number, name in enumerate(pupils(fork, count))]


def pupils(fork: Fork, count: int) -> list[str]:
    """Names that nobody of the lesson's rows has, each once as long as they reach."""
    names = [f"{given} {family}" for given in GIVEN for family in FAMILY]
    return [name for _ in range(count // len(names) + 1) for name in fork.random.sample(names, len(names))][:count]


def differing(wanted: Mapping[str, Any], stored: Mapping[str, Any]) -> str:
    return ", ".join(f"`{field}` is {stored[field]}" for field in wanted if stored[field] != wanted[field])


def told_of(result: Any, rows: Mapping[str, Row]) -> set[str]:
    """The rows that a result tells of: by id or phone number, or else by name, as often as it stands."""
    found = list(leaves(result))
    by_phone = {row["phone"]: id_ for id_, row in rows.items() if "phone" in row}
    known = ids_in(result, rows) | {
        by_phone[leaf] for leaf in found if isinstance(leaf, float | int) and leaf in by_phone
    }
    if known:
        return known
    named: dict[Any, list[str]] = {}
    for id_, row in rows.items():
        named.setdefault(row["name"], []).append(id_)
    return {id_ for name, ids in named.items() for id_ in ids[: found.count(name)]}
