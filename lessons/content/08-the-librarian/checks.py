"""The checks of The librarian: the same answers, and the number of documents that were read for them.

Rows that do not belong to an answer are added, kind by kind; what a query reads for the same answer must not grow.
Never how long it takes. Results count by the rows that they mention, whatever their shape.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

from lessons.arguments import arguments
from lessons.fork import Call, Fork, Row, Verdict

TABLE = "signups"
LIST_MINE, ARCHIVED_SINCE, HISTORY = "signups:listMine", "signups:archivedSince", "signups:history"

OTHER_OWNERS = ("aaron", "bea", "bob", "class-6a", "class-7c", "zoe")
SINCE = 1_760_000_250_000.0
HOUR = 3_600_000.0
ADDED_EACH = 20
PAGE_SIZE = 7.0
PAGES_MAX = 20
# A page may look one row ahead, and a function may read a row or two that are no answer.
READ_BESIDE_PAGE_MAX = 5


# ── task 1: an index on the owner


async def check_1(fork: Fork) -> Verdict:
    fork.expect_function(LIST_MINE, "query")
    await fork.insert(TABLE, [signup("alice", number) for number in range(12)])
    before = await ask(fork, LIST_MINE)
    await expect_own_list(fork, before)
    added = await add_others(fork)
    after = await ask(fork, LIST_MINE)
    if after.documents > before.documents:
        await explain_growth(fork, LIST_MINE, before, after, added)
    await expect_own_list(fork, after)
    await comment_on_indexes(fork)
    return fork.passed("passed-1", added=added, documents=after.documents)


async def expect_own_list(fork: Fork, call: Call) -> None:
    rows = await fork.rows(TABLE)
    wanted = [row for row in rows.values() if row["ownerId"] == "alice" and "archivedAt" not in row]
    got = met_in_order(call.value, rows)
    expect_no_others(fork, LIST_MINE, got)
    archived = [row for row in got if "archivedAt" in row]
    fork.expect(not archived, "shows-archived", look_at=LIST_MINE, names=names(archived))
    expect_all(fork, LIST_MINE, got, wanted)
    expect_order(fork, LIST_MINE, "oldest-first", got, lambda row: row["_creationTime"])


async def add_others(fork: Fork) -> int:
    """Rows of other desks, before and behind Alice's in the order of owners, some of them archived."""
    rows = [signup(owner, number) for owner in OTHER_OWNERS for number in range(ADDED_EACH)]
    archived = [archived_signup(owner, number, SINCE + number) for owner in OTHER_OWNERS for number in range(5)]
    await fork.insert(TABLE, [*rows, *archived])
    return len(rows) + len(archived)


async def explain_growth(fork: Fork, path: str, before: Call, after: Call, added: int) -> None:
    """Which way of reading everybody's rows it is, by the indexes that there are and the one that was read."""
    indexes = fork.schema.tables[TABLE].indexes
    read = {each.index for each in after.reads if each.table == TABLE}
    numbers = {
        "function": path.partition(":")[2],
        "added": added,
        "before": before.documents,
        "after": after.documents,
    }
    led_by_owner = [name for name, fields in indexes.items() if fields[0] == "ownerId"]
    used = next((name for name in led_by_owner if name in read), None)
    if used is not None:
        reads_all = after.documents >= len(await fork.rows(TABLE))
        fork.fail("range-missing" if reads_all else "range-open-ended", look_at=path, index=used, **numbers)
    other = next((name for name in indexes if name in read), None)
    if other is not None and "ownerId" in indexes[other]:
        first = code_list(indexes[other][: indexes[other].index("ownerId")])
        fork.fail("owner-not-first", look_at=path, index=other, first=first, **numbers)
    if other is not None:
        fork.fail("index-on-other-field", look_at=path, index=other, fields=code_list(indexes[other]), **numbers)
    fork.expect(not led_by_owner, "index-not-used", look_at=path, index=next(iter(led_by_owner), ""), **numbers)
    gave_up = path == LIST_MINE and after.documents < len(await fork.rows(TABLE))
    fork.expect(not gave_up, "taken-not-read", look_at=path, **numbers)
    fork.fail("everybody-read", look_at=path, **numbers)


# ── task 2: two fields, the range last


async def check_2(fork: Fork) -> Verdict:
    fork.expect_function(ARCHIVED_SINCE, "query")
    await fork.insert(TABLE, list(archived_by_alice()))
    before = await ask_since(fork)
    await expect_archived_since(fork, before)
    added = await add_rows_of_no_answer(fork, before)
    after = await ask_since(fork)
    await expect_archived_since(fork, after)
    await expect_edge(fork)
    await comment_on_indexes(fork)
    answers = len(met_in_order(after.value, await fork.rows(TABLE)))
    return fork.passed("passed-2", added=added, documents=after.documents, answers=answers)


def archived_by_alice() -> Iterator[Row]:
    """Created in another order than archived; the last six before SINCE."""
    for number in range(30):
        yield archived_signup("alice", number, SINCE + (number * 7 % 30) * HOUR + 1_000.0)
    for number in range(30, 36):
        yield archived_signup("alice", number, SINCE - (number - 29) * HOUR)


async def add_rows_of_no_answer(fork: Fork, before: Call) -> int:
    """Kind by kind, and after each kind the same number of documents. Returns how many rows were added."""
    added = await add_others(fork)
    after = await ask_since(fork)
    if after.documents > before.documents:
        explain_everybodys_growth(fork, before, after, added)
    count = 4 * ADDED_EACH
    numbers = {"added": count, "before": before.documents}
    await fork.insert(TABLE, [signup("alice", 100 + number) for number in range(count)])
    after = await ask_since(fork)
    grew = after.documents > before.documents
    fork.expect(not grew, "prefix-only", look_at=ARCHIVED_SINCE, after=after.documents, **numbers)
    old = [archived_signup("alice", 200 + number, SINCE - 100 * HOUR - number) for number in range(count)]
    await fork.insert(TABLE, old)
    after = await ask_since(fork)
    grew = after.documents > before.documents
    fork.expect(not grew, "bin-read-whole", look_at=ARCHIVED_SINCE, after=after.documents, **numbers)
    return added + 2 * count


def explain_everybodys_growth(fork: Fork, before: Call, after: Call, added: int) -> None:
    indexes = fork.schema.tables[TABLE].indexes
    used = next((each.index for each in after.reads if each.index in indexes), None)
    numbers = {"added": added, "before": before.documents, "after": after.documents}
    if used is not None:
        fields = code_list(indexes[used])
        fork.fail("everybodys-bin", look_at=ARCHIVED_SINCE, index=used, fields=fields, **numbers)
    fork.fail("everybody-read-in-time", look_at=ARCHIVED_SINCE, **numbers)


async def expect_archived_since(fork: Fork, call: Call) -> None:
    rows = await fork.rows(TABLE)
    wanted = [row for row in rows.values() if row["ownerId"] == "alice" and row.get("archivedAt", 0.0) >= SINCE]
    got = met_in_order(call.value, rows)
    expect_no_others(fork, ARCHIVED_SINCE, got)
    earlier = [row for row in got if row.get("archivedAt", 0.0) < SINCE]
    fork.expect(not earlier, "shows-earlier", look_at=ARCHIVED_SINCE, names=names(earlier))
    expect_all(fork, ARCHIVED_SINCE, got, wanted)
    expect_order(fork, ARCHIVED_SINCE, "not-last-archived-first", got, lambda row: row["archivedAt"])


async def expect_edge(fork: Fork) -> None:
    """The row that was archived at the very moment `since`."""
    rows = await fork.rows(TABLE)
    edge = max((row for row in rows.values() if row["ownerId"] == "alice"), key=lambda row: row.get("archivedAt", 0.0))
    call = await ask_since(fork, edge["archivedAt"])
    fork.expect(mentions(call.value, edge), "edge-left-out", look_at=ARCHIVED_SINCE, name=edge["name"])


async def ask_since(fork: Fork, since: float = SINCE) -> Call:
    args = arguments(fork.functions[ARCHIVED_SINCE], TABLE, {"_id": "", "since": since}, wants_id=False)
    # Whatever the argument is called: the one number that the function wants is the time.
    args = {name: since if value == 1.0 and isinstance(value, float) else value for name, value in args.items()}
    return await fork.alice.measure(ARCHIVED_SINCE, args)


# ── task 3: a page


async def check_3(fork: Fork) -> Verdict:
    fork.expect_function(HISTORY, "query")
    declared = fork.functions[HISTORY].args
    takes_options = declared is None or declared["type"] == "any" or "paginationOpts" in declared.get("value", {})
    fork.expect(takes_options, "takes-no-page", look_at=HISTORY)
    await fill_history(fork)
    rows = await fork.rows(TABLE)
    own = [row for row in rows.values() if row["ownerId"] == "alice"]
    pages, documents = await read_pages(fork, rows, own)
    got = [row for page in pages for row in page]
    expect_each_once(fork, got, own)
    size = int(PAGE_SIZE)
    expect_order(fork, HISTORY, "history-out-of-order", got, lambda row: row["_creationTime"], size=size)
    await comment_on_indexes(fork)
    return fork.passed("passed-3", own=len(own), all=len(rows), size=size, pages=len(pages), documents=documents)


async def fill_history(fork: Fork) -> None:
    """Alice's rows lie between those of others, in the order of creation and of owners; some are archived."""
    rows: list[Row] = []
    for number in range(34):
        rows += [signup(owner, number) for owner in ("aaron", "zoe", "bob", "class-6a")]
        is_archived = number % 4 == 1
        rows.append(archived_signup("alice", number, SINCE - number) if is_archived else signup("alice", number))
    await fork.insert(TABLE, rows)


async def read_pages(fork: Fork, rows: Mapping[str, Row], own: Sequence[Row]) -> tuple[list[list[Row]], int]:
    """Page after page until `isDone`. Returns the pages, and the most documents that one of them read."""
    pages: list[list[Row]] = []
    cursor: str | None = None
    most = 0
    while len(pages) < PAGES_MAX:
        call = await ask_page(fork, cursor)
        expect_page_shape(fork, call.value)
        page, is_done, cursor = call.value["page"], call.value["isDone"], call.value["continueCursor"]
        found = met_in_order(page, rows)
        expect_no_others(fork, HISTORY, found)
        expect_new_page(fork, pages, found)
        expect_size(fork, len(found), is_done)
        expect_few_reads(fork, call, len(rows), len(own))
        pages.append(found)
        most = max(most, call.documents)
        if is_done:
            break
    return pages, most


async def ask_page(fork: Fork, cursor: str | None) -> Call:
    options = {"numItems": PAGE_SIZE, "cursor": cursor}
    sample = {"_id": "", "paginationOpts": options}
    args = arguments(fork.functions[HISTORY], TABLE, sample, wants_id=False)
    answer = await fork.alice.try_query(HISTORY, {**args, "paginationOpts": options})
    if answer.refused is not None:
        problem = answer.refused.first_line.removeprefix("Uncaught ")
        fork.fail("history-refused", look_at=answer.refused, size=int(PAGE_SIZE), problem=problem)
    return await fork.alice.measure(HISTORY, {**args, "paginationOpts": options})


def expect_page_shape(fork: Fork, value: Any) -> None:
    result = value if isinstance(value, dict) else {}
    kinds = {"page": list, "isDone": bool, "continueCursor": str}
    lacking = [f"`{name}`" for name, kind in kinds.items() if not isinstance(result.get(name), kind)]
    fork.expect(not lacking, "not-a-page", look_at=HISTORY, size=int(PAGE_SIZE), lacking=" and no ".join(lacking))


def expect_new_page(fork: Fork, pages: Sequence[Sequence[Row]], found: Sequence[Row]) -> None:
    same = bool(pages) and bool(found) and list(found) == list(pages[-1])
    fork.expect(not same, "same-page-again", look_at=HISTORY)


def expect_size(fork: Fork, found: int, is_done: bool) -> None:
    size = int(PAGE_SIZE)
    fork.expect(found <= size, "page-of-other-size", look_at=HISTORY, size=size, found=found)
    fork.expect(found == size or is_done, "holes-in-the-page", look_at=HISTORY, size=size, found=found)


def expect_few_reads(fork: Fork, call: Call, all_rows: int, own: int) -> None:
    if call.documents <= PAGE_SIZE + READ_BESIDE_PAGE_MAX:
        return
    indexes = fork.schema.tables[TABLE].indexes
    large = [each for each in call.reads if each.documents > PAGE_SIZE]
    by_owner = all(each.index in indexes and indexes[each.index or ""][0] == "ownerId" for each in large)
    values = {"size": int(PAGE_SIZE), "own": own, "documents": call.documents}
    if by_owner:
        fork.fail("page-reads-all", look_at=HISTORY, **values)
    fork.fail("pages-of-everybody", look_at=HISTORY, all=all_rows, **values)


def expect_each_once(fork: Fork, got: Sequence[Row], own: Sequence[Row]) -> None:
    ids = [row["_id"] for row in got]
    size = int(PAGE_SIZE)
    twice = next((row for row in got if ids.count(row["_id"]) > 1), None)
    fork.expect(twice is None, "row-twice", look_at=HISTORY, size=size, name=twice and twice["name"])
    missing = [row for row in own if row["_id"] not in ids]
    if missing and all("archivedAt" in row for row in missing):
        verb = "is" if len(missing) == 1 else "are"
        fork.fail("history-without-archived", look_at=HISTORY, size=size, names=names(missing), **{"is": verb})
    fork.expect(not missing, "no-next-page", look_at=HISTORY, size=size, found=len(ids), own=len(own))


# ── comments beside a pass


async def comment_on_indexes(fork: Fork) -> None:
    """An index of the learner's that none of the three queries reads."""
    indexes = fork.schema.tables[TABLE].indexes
    read: set[str | None] = set()
    for path in (LIST_MINE, ARCHIVED_SINCE, HISTORY):
        read |= await indexes_read(fork, path)
    for name, fields in indexes.items():
        if name in read:
            continue
        longer = next((other for other, own in indexes.items() if other != name and own[: len(fields)] == fields), None)
        finding = "needless-index" if longer is None else "redundant-index"
        fork.advise(finding, index=name, fields=code_list(fields), longer=longer)
        return


async def indexes_read(fork: Fork, path: str) -> set[str | None]:
    function = fork.functions.get(path)
    if function is None or function.kind != "query":
        return set()
    sample = {"_id": "", "since": SINCE, "paginationOpts": {"numItems": PAGE_SIZE, "cursor": None}}
    args = arguments(function, TABLE, sample, wants_id=False)
    if not (await fork.alice.try_query(path, args)).ok:
        return set()
    return {each.index for each in (await fork.alice.measure(path, args)).reads}


# ── rows


def signup(owner: str, number: int) -> Row:
    return {"ownerId": owner, "name": f"Pupil {number} of {owner}", "bus": float(number % 3 + 1)}


def archived_signup(owner: str, number: int, at: float) -> Row:
    return {**signup(owner, number), "name": f"Archived {number} of {owner}", "archivedAt": at}


async def ask(fork: Fork, path: str) -> Call:
    return await fork.alice.measure(path, arguments(fork.functions[path], TABLE, {"_id": ""}, wants_id=False))


def met_in_order(value: Any, rows: Mapping[str, Row]) -> list[Row]:
    """The rows that a result mentions, each once, in the order of the result: by id, or else by name."""
    by_name = {row["name"]: row for row in rows.values()}
    found: dict[str, Row] = {}
    for text in texts(value):
        row = rows.get(text) or by_name.get(text) or next((by_name[name] for name in by_name if name in text), None)
        if row is not None:
            found.setdefault(row["_id"], row)
    return list(found.values())


def mentions(value: Any, row: Row) -> bool:
    return any(text in (row["_id"], row["name"]) for text in texts(value))


def texts(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield value
        case list():
            for entry in value:
                yield from texts(entry)
        case dict():
            for entry in value.values():
                yield from texts(entry)


def expect_no_others(fork: Fork, path: str, got: Sequence[Row]) -> None:
    others = [row for row in got if row["ownerId"] != "alice"]
    fork.expect(not others, "shows-others", look_at=path, function=path.partition(":")[2], names=names(others))


def expect_all(fork: Fork, path: str, got: Sequence[Row], wanted: Sequence[Row]) -> None:
    ids = {row["_id"] for row in got}
    missing = [row for row in wanted if row["_id"] not in ids]
    function = path.partition(":")[2]
    if ids and len(missing) > len(wanted) / 4:
        fork.fail("answer-cut-short", look_at=path, function=function, count=len(wanted), found=len(ids))
    verb = "is" if len(missing) == 1 else "are"
    values = {"function": function, "names": names(missing), "is": verb, "count": len(wanted)}
    fork.expect(not missing, "rows-missing", look_at=path, **values)


def expect_order(
    fork: Fork, path: str, finding: str, got: Sequence[Row], key: Callable[[Row], float], **values: Any
) -> None:
    """Descending; rows with the same key in any order."""
    for one, other in pairwise(got):
        right = key(one) >= key(other)
        known = {"function": path.partition(":")[2], "first": one["name"], "second": other["name"], **values}
        fork.expect(right, finding, look_at=path, **known)


def names(rows: Sequence[Row]) -> str:
    shown = [str(row["name"]) for row in rows[:3]]
    return ", ".join(shown) + (f" and {len(rows) - 3} more" if len(rows) > 3 else "") or "nobody"


def code_list(fields: Sequence[str]) -> str:
    return ", ".join(f"`{field}`" for field in fields)
