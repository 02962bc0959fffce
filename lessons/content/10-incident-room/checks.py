"""The checks of the Incident room: the incident does not happen any more, and everything else is as it was.

Each report has a function whose name the report gives. How it is mended is the learner's choice; a change that
hides the symptom is told by what the store and the subscriptions show.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lessons.arguments import arguments
from lessons.fork import Answer, Fork, Row
from lessons.results import holds, ids_in, leaves, names_of, own_fields
from lessons.verdict import Place, Verdict
from sandbox.engine import LearnerError

STARTER = Path(__file__).parent / "starter"
SCHEMA = Place("convex/schema.ts", 1, 1)
LINES_MAX = 3


async def check_1(fork: Fork) -> Verdict:
    path = "buses:moveAll"
    expect_kept(fork, path, "mutation")
    place = fork.place(path)
    before = await fork.rows("signups")
    going = {id_: row for id_, row in before.items() if row["bus"] == 2.0}
    returned = await fork.alice.mutate(path, {"from": 2.0, "to": 3.0})
    after = await fork.rows("signups")
    others = {id_ for id_ in before if id_ not in going and after.get(id_) != before[id_]}
    fork.expect(not others, "moved-others", look_at=place, names=names_of(others, before))
    kept = [id_ for id_ in going if id_ in after]
    fork.expect(len(after) <= len(before), "moved-copies", look_at=place, more=len(after) - len(before))
    fork.expect(len(kept) == len(going), "moved-new-rows", look_at=place)
    left = [id_ for id_ in kept if after[id_]["bus"] != 3.0]
    if left:
        finding = "moved-none" if len(left) == len(going) else "moved-some"
        fork.fail(finding, look_at=place, count=len(going), left=len(left))
    for id_, row in going.items():
        fork.expect(after[id_] == {**row, "bus": 3.0}, "moved-fields-lost", look_at=place, name=row["name"])
    said = json.dumps(returned, ensure_ascii=False)
    fork.expect(not _tells(returned, 0), "says-nobody-moved", look_at=place, count=len(going), returned=said)
    fork.expect(_tells(returned, len(going)), "moved-without-count", look_at=place, count=len(going), returned=said)
    # Nobody is in bus 7. A refusal is an answer, too; nothing may move.
    await fork.alice.try_mutate(path, {"from": 7.0, "to": 3.0})
    now = await fork.rows("signups")
    strays = {id_ for id_ in after if now.get(id_) != after[id_]}
    fork.expect(not strays, "moved-other-buses", look_at=place, given="bus 7 to bus 3", names=names_of(strays, after))
    await fork.alice.mutate(path, {"from": 3.0, "to": 4.0})
    buses = {row["bus"] for row in (await fork.rows("signups")).values()}
    fork.expect(3.0 not in buses and 4.0 in buses, "moved-fixed-buses", look_at=place)
    advise_small_change(fork, "convex/buses.ts")
    return fork.passed("passed-1", count=len(going))


OWN_TRIPS = 120
MORE_TRIPS = 300


async def check_2(fork: Fork) -> Verdict:
    path = "archive:ofSchool"
    expect_kept(fork, path, "query")
    place, given = fork.place(path), {"school": "Lakeside"}
    await fork.insert("pastTrips", [_trip("Lakeside", 1976.0 + at % 50, at) for at in range(OWN_TRIPS)])
    before = await fork.alice.measure(path, given)
    await fork.insert(
        "pastTrips", [_trip(f"School {at % 40:02}", 2000.0 + at % 26, OWN_TRIPS + at) for at in range(MORE_TRIPS)]
    )
    near = ["Zorro", "Lake", "Lakeside Park", "lakeside"]
    await fork.insert("pastTrips", [_trip(school, 2026.0, -1 - at) for at, school in enumerate(near)])
    rows = await fork.rows("pastTrips")
    wanted = {id_ for id_, row in rows.items() if row["school"] == "Lakeside"}
    after = await fork.alice.measure(path, given)
    shown = _trips_in(after.value, rows)
    other = sorted({str(rows[id_]["school"]) for id_ in shown - wanted})
    fork.expect(not other, "other-schools", look_at=place, other=", ".join(other[:3]))
    fork.expect(
        wanted <= shown, "loses-trips", look_at=place, count=len(wanted), rows=len(rows), shown=len(shown & wanted)
    )
    if after.documents > before.documents + 3:
        finding, index = _why_it_reads_more(fork)
        fork.fail(
            finding,
            look_at=place,
            more=len(rows) - len(wanted),
            before=before.documents,
            after=after.documents,
            index=index,
        )
    advise_small_change(fork, "convex/archive.ts")
    return fork.passed(
        "passed-2", rows=len(rows), more=len(rows) - len(wanted), count=len(wanted), documents=after.documents
    )


def _trip(school: str, year: float, number: int) -> Row:
    return {"school": school, "year": year, "pupil": f"Linh Nguyễn ({number})"}


def _trips_in(value: Any, rows: Mapping[str, Row]) -> set[str]:
    """The trips in a result, by their ids or else by their pupils, each of whom has one trip."""
    texts = {leaf for leaf in leaves(value) if isinstance(leaf, str)}
    return ids_in(value, rows) or {id_ for id_, row in rows.items() if row["pupil"] in texts}


def _why_it_reads_more(fork: Fork) -> tuple[str, str]:
    indexes = fork.schema.tables["pastTrips"].indexes if "pastTrips" in fork.schema.tables else {}
    for name, fields in indexes.items():
        if fields[0] == "school":
            return "index-without-range", name
    for name, fields in indexes.items():
        if "school" in fields:
            return "index-begins-elsewhere", name
    return "reads-everything", ""


async def check_3(fork: Fork) -> Verdict:
    for path, kind in (("desk:going", "query"), ("desk:withdraw", "mutation"), ("desk:comeBack", "mutation")):
        expect_kept(fork, path, kind)
    place, list_place = fork.place("desk:withdraw"), fork.place("desk:going")
    before = await fork.rows("signups")
    row = next(row for row in before.values() if str(row["name"]).startswith("Chiara"))
    id_, others = str(row["_id"]), {other for other in before if other != row["_id"]}
    live = await fork.alice.subscribe("desk:going", {})
    await fork.bob.mutate("desk:withdraw", {"id": id_})
    after = await fork.rows("signups")
    fork.expect(id_ in after, "withdrawn-is-deleted", look_at=place)
    touched = ", ".join(sorted(str(before[other]["name"]) for other in others if after.get(other) != before[other]))
    fork.expect(not touched, "withdrew-others", look_at=place, names=touched)
    shown = ids_in(await fork.alice.query("desk:going", {}), after)
    missing = ", ".join(sorted(str(before[other]["name"]) for other in others - shown))
    fork.expect(not missing, "going-are-missing", look_at=list_place, names=missing)
    if id_ in shown:
        unmarked = after[id_] == row
        fork.fail(
            "withdrawn-unmarked" if unmarked else "withdrawn-still-listed", look_at=place if unmarked else list_place
        )
    fork.expect(
        await live.wait_until(lambda value: id_ not in ids_in(value, after)),
        "withdrawn-still-listed",
        look_at=list_place,
    )
    await _expect_back(fork, row, before)
    advise_small_change(fork, "convex/desk.ts")
    return fork.passed("passed-3")


async def _expect_back(fork: Fork, row: Row, before: Mapping[str, Row]) -> None:
    place, id_ = fork.place("desk:comeBack"), str(row["_id"])
    answer = await fork.bob.try_mutate("desk:comeBack", {"id": id_})
    if answer.refused is not None:
        fork.fail("not-back", look_at=place, what=f"It was refused: {answer.refused.first_line}")
    after = await fork.rows("signups")
    fork.expect(set(after) == set(before), "came-back-as-another", look_at=place)
    now, then = after[id_], row
    fork.expect(
        now.get("bus") == then["bus"],
        "bus-lost",
        look_at=place,
        now=f"{now.get('bus', 0):.0f}",
        before=f"{then['bus']:.0f}",
    )
    lost = ", ".join(f"`{name}`" for name in ("name", "ownerId") if now.get(name) != then[name])
    fork.expect(not lost, "came-back-changed", look_at=place, fields=lost)
    shown = ids_in(await fork.alice.query("desk:going", {}), after)
    fork.expect(id_ in shown, "not-back", look_at=place, what="She is not on the list.")


async def check_4(fork: Fork) -> Verdict:
    path = "letters:write"
    function = fork.functions.get(path)
    if function is None or function.kind == "query" or function.visibility != "public":
        expect_kept(fork, path, "mutation")
    await _expect_one_mail(fork, path)
    await _expect_honest_state(fork, path)
    await _expect_no_open_door(fork)
    advise_small_change(fork, "convex/letters.ts")
    return fork.passed("passed-4")


async def _write(fork: Fork, path: str, given: Mapping[str, Any]) -> Answer:
    call = fork.alice.try_act if fork.functions[path].kind == "action" else fork.alice.try_mutate
    return await call(path, given)


async def _expect_one_mail(fork: Fork, path: str) -> None:
    place, given = fork.place(path), {"to": "parents.haddad@example.org", "text": "Tariq is in bus 2."}
    before = await fork.rows("letters")
    answer = await _write(fork, path, given)
    if answer.refused is not None:
        fork.fail("fetch-refused", look_at=fork.place_of(answer.refused), error=answer.refused.first_line)
    added = {id_: row for id_, row in (await fork.rows("letters")).items() if id_ not in before}
    fork.expect(len(added) == 1, "letter-not-kept", look_at=place)
    id_, row = next(iter(added.items()))
    fork.expect(row["to"] == given["to"] and row["text"] == given["text"], "letter-changed", look_at=place)
    await fork.finish_scheduled()
    await fork.forward(minutes=2)
    await fork.finish_scheduled()
    mails = [mail for mail in fork.practice.mails if mail.recipient == given["to"]]
    state = (await fork.rows("letters"))[id_]["state"]
    fork.expect(bool(mails), "letter-never-sent", look_at=place, state=state)
    fork.expect(len(mails) == 1, "sent-twice", look_at=place, count=len(mails))
    fork.expect(given["text"] in mails[0].body, "mail-without-text", look_at=place)
    fork.expect(state == "sent", "stays-waiting", look_at=place)
    fork.expect(bool(ids_in(answer.value, added)), "id-not-returned", look_at=place)


async def _expect_honest_state(fork: Fork, path: str) -> None:
    """The service fails as often as anybody may ask: no mail goes out, so the letter must not say that one did."""
    before = await fork.rows("letters")
    fork.practice.fail_rate(1.0)
    await _write(fork, path, {"to": "parents.mensah@example.org", "text": "Kofi is in bus 3."})
    await fork.finish_scheduled()
    fork.practice.fail_rate(0.0)
    added = {id_: row for id_, row in (await fork.rows("letters")).items() if id_ not in before}
    fork.expect(bool(added), "letter-not-kept", look_at=fork.place(path))
    early = [row for row in added.values() if row["state"] == "sent"]
    fork.expect(not early, "says-sent-too-early", look_at=fork.place(path))


async def _expect_no_open_door(fork: Fork) -> None:
    """No public action sends a mail for whoever calls it, except `write` itself."""
    row = {"to": "stranger@example.org", "text": "Win a trip.", "state": "waiting"}
    await fork.insert("letters", [row])
    letter = next(reversed((await fork.rows("letters")).values()))
    for path, function in fork.functions.items():
        if function.kind != "action" or function.visibility != "public" or path == "letters:write":
            continue
        before = len(fork.practice.calls)
        for given in ({"id": letter["_id"], **own_fields(row)}, arguments(function, "letters", letter, wants_id=True)):
            await fork.nobody.try_act(path, given)
        fork.expect(
            len(fork.practice.calls) == before,
            "sending-is-public",
            look_at=fork.place(path),
            function=path.partition(":")[2],
        )


async def check_5(fork: Fork) -> Verdict:
    expect_kept(fork, "contacts:toCall", "query")
    expect_kept(fork, "contacts:add", "mutation")
    place = fork.place("contacts:add")
    schema = SCHEMA
    good = {"name": "Siobhán Byrne", "phone": "+353 1 555 0103"}
    refused = await _refusal(fork, good)
    fork.expect(refused is None, "seeds-refused", look_at=schema, error=refused)
    bad: list[tuple[str, dict[str, Any]]] = [
        ("number", {**good, "phone": 42.0}),
        ("missing", {"name": good["name"]}),
        ("name-number", {**good, "name": 7.0}),
        ("name-missing", {"phone": good["phone"]}),
        ("list", {**good, "phone": ["555", "0103"]}),
        ("null", {**good, "phone": None}),
    ]
    await _expect_refusals(fork, bad)
    await _expect_function_refuses(fork, place)
    answer = await fork.alice.try_query("contacts:toCall", {})
    rows = await fork.rows("contacts")
    shown = json.dumps(answer.value, ensure_ascii=False)
    lost = [str(row["name"]) for row in rows.values() if str(row["name"]) not in shown]
    what = answer.refused.first_line if answer.refused else f"{', '.join(lost)} is not on it."
    fork.expect(answer.refused is None and not lost, "to-call-broken", look_at=fork.place("contacts:toCall"), what=what)
    added = await fork.alice.try_mutate("contacts:add", {"name": "Omar Khan", "phone": "0170 555 0104"})
    what = added.refused.first_line if added.refused else "Nothing was added."
    fork.expect(
        added.refused is None and len(await fork.rows("contacts")) == len(rows) + 1,
        "to-call-broken",
        look_at=place,
        what=what,
    )
    advise_small_change(fork, "convex/schema.ts", "convex/contacts.ts")
    return fork.passed("passed-5", count=len(bad))


async def _refusal(fork: Fork, row: Row) -> str | None:
    try:
        await fork.insert("contacts", [row])
    except LearnerError as error:
        return error.message.partition("\n")[0]
    return None


async def _expect_refusals(fork: Fork, bad: list[tuple[str, dict[str, Any]]]) -> None:
    place = SCHEMA
    taken = {name for name, row in bad if await _refusal(fork, row) is None}
    if "number" in taken:
        declared = fork.schema.tables.get("contacts")
        phone = declared.fields.get("phone") if declared else None
        if phone is not None and not phone.is_loose and not fork.schema.validates:
            fork.fail("schema-not-enforced", look_at=place)
        if phone is not None and not phone.is_loose:
            fork.fail("number-accepted", look_at=place)
        answer = await fork.alice.try_query("contacts:toCall", {})
        through_add = await fork.alice.try_mutate("contacts:add", {"name": "Iker Navarro", "phone": 43.0})
        if through_add.refused is None and answer.refused is None:
            fork.fail("symptom-hidden", look_at=fork.place("contacts:toCall"))
        fork.fail("schema-still-takes-it", look_at=place)
    fork.expect("missing" not in taken and "null" not in taken, "phone-may-be-missing", look_at=place)
    fork.expect("name-number" not in taken, "name-still-anything", look_at=place, what="a number")
    fork.expect("name-missing" not in taken, "name-still-anything", look_at=place, what="missing")
    fork.expect("list" not in taken, "number-accepted", look_at=place)


async def _expect_function_refuses(fork: Fork, place: Any) -> None:
    for how, given in (
        ("with a number as the phone", {"name": "Iker Navarro", "phone": 42.0}),
        ("without a phone", {"name": "Iker Navarro"}),
        ("with a list as the name", {"name": [], "phone": "0170 555 0105"}),
    ):
        before = await fork.rows("contacts")
        await fork.alice.try_mutate("contacts:add", given)
        added = [row for id_, row in (await fork.rows("contacts")).items() if id_ not in before]
        if added:
            fork.fail("turned-into-text", look_at=place, how=how, phone=added[0].get("phone", "none"))


QUIET_MINUTES = 2
MORE_HOURS = 2


async def check_6(fork: Fork) -> Verdict:
    place = fork.place("board:refresh") or fork.place("board:lines")
    await fork.bob.try_call("board:lines", {})
    _expect_query(fork)
    expect_kept(fork, "board:announce", "mutation")
    live = await fork.bob.subscribe("board:lines", {})
    runs, rows = live.runs, await fork.rows("board")
    await _be_quiet(fork)
    woken = live.runs - runs
    if woken:
        few = woken <= QUIET_MINUTES * 5
        fork.fail("woken-less-often" if few else "still-woken", look_at=place, runs=woken)
    fork.expect(await fork.rows("board") == rows, "written-in-vain", look_at=place)
    await _expect_announced(fork, live, rows)
    runs = live.runs
    await _be_quiet(fork)
    fork.expect(live.runs == runs, "woken-by-itself", look_at=fork.place("board:announce"), runs=live.runs - runs)
    if "refresh" in fork.files.get("convex/crons.ts", ""):
        fork.advise("cron-left", look_at=fork.place("board:refresh"))
    advise_small_change(fork, "convex/board.ts", "convex/crons.ts")
    return fork.passed("passed-6")


def _expect_query(fork: Fork) -> None:
    function = fork.functions.get("board:lines")
    if function is not None and function.kind != "query":
        found = "an action" if function.kind == "action" else "a mutation"
        fork.fail("no-longer-live", look_at=fork.place("board:lines"), found=found)
    expect_kept(fork, "board:lines", "query")


async def _be_quiet(fork: Fork) -> None:
    """Two minutes, and if nothing has stirred, two hours: somebody may poll seldom. Far ahead, a clock is cheap."""
    before = await fork.rows("board")
    await fork.forward(minutes=QUIET_MINUTES)
    await fork.settle()
    every_few_seconds = "seconds" in fork.files.get("convex/crons.ts", "")
    if await fork.rows("board") == before and not every_few_seconds:
        await fork.forward(hours=MORE_HOURS)
        await fork.settle()


async def _expect_announced(fork: Fork, live: Any, rows: Mapping[str, Row]) -> None:
    place, line = fork.place("board:announce"), "Bus 2 has a flat tyre."
    answer = await fork.alice.try_mutate("board:announce", {"line": line})
    if answer.refused is not None:
        fork.fail("announce-refused", look_at=fork.place_of(answer.refused), error=answer.refused.first_line)
    after = await fork.rows("board")
    touched = [id_ for id_ in rows if after.get(id_) != rows[id_]]
    fork.expect(not touched, "touches-other-lines", look_at=place, count=len(touched))
    fork.expect(
        await live.wait_until(lambda value: line in json.dumps(value, ensure_ascii=False)),
        "announcement-not-shown",
        look_at=fork.place("board:lines"),
    )
    shown = json.dumps(live.value, ensure_ascii=False)
    found = sum(str(row["line"]) in shown for row in after.values())
    fork.expect(found == len(after), "lines-missing", look_at=fork.place("board:lines"), shown=found, count=len(after))


# ── parts


def expect_kept(fork: Fork, path: str, kind: str) -> None:
    """The function is there, public and of its kind: what calls it still can."""
    function, name = fork.functions.get(path), path.partition(":")[2]
    if function is None:
        file = Place(f"convex/{path.partition(':')[0]}.ts", 1, 1)
        fork.fail("function-gone", look_at=file, function=name, found="It is not there any more.")
    ok = function.kind == kind and function.visibility == "public"
    article = "an" if function.visibility == "internal" or function.kind == "action" else "a"
    words = f"{function.visibility} {function.kind}" if function.visibility == "internal" else function.kind
    fork.expect(ok, "function-gone", look_at=fork.place(path), function=name, found=f"It is {article} {words} now.")


def advise_small_change(fork: Fork, *files: str) -> None:
    """A remark beside a pass when more than three lines of a file are different from the report's."""
    for file in files:
        lines = changed_lines((STARTER / file).read_text(encoding="utf-8"), fork.files.get(file, ""))
        if lines > LINES_MAX:
            fork.advise("more-than-three-lines", lines=lines, file=file)
            return


def changed_lines(before: str, after: str) -> int:
    """How many lines were written anew or taken out, counted once where one replaces the other."""
    matcher = difflib.SequenceMatcher(None, before.splitlines(), after.splitlines(), autojunk=False)
    return sum(max(i2 - i1, j2 - j1) for tag, i1, i2, j1, j2 in matcher.get_opcodes() if tag != "equal")


def _tells(value: Any, number: int) -> bool:
    """Whether the number is somewhere in the result, as a number or an int64, or as the length of a list."""
    return holds(value, number) or (isinstance(value, list) and len(value) == number)
