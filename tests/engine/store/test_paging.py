from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.engine.clock import FixedClock
from sandbox.engine.errors import LearnerError, LimitExceeded
from sandbox.engine.store import Page, Store
from sandbox.engine.store import meter as meter_module

from .driver import Driver, by, collect, scan

EVEN = {"filter": {"$eq": [{"$mod": [{"$field": "n"}, {"$literal": 2}]}, {"$literal": 0}]}}


def ns(page: Page) -> list[float]:
    return [json.loads(text)["n"] for text in page.documents]


async def paginate(
    db: Driver, plan, *, items: int, cursor: str | None = None, end: str | None = None, journal=None, **limits
) -> tuple[Page, str | None]:
    async with db.begin() as tx:
        tx.journal_in = journal
        page = await tx.paginate(plan, cursor=cursor, end_cursor=end, page_size=float(items), **limits)
        return page, tx.journal_out


async def fill(db: Driver, count: int = 10) -> list[str]:
    await db.push({"t": {"by_n": ["n"]}})
    return await db.insert("t", *({"n": float(n)} for n in range(count)))


async def refusal(awaitable) -> LearnerError:
    with pytest.raises(LearnerError) as caught:
        await awaitable
    return caught.value


@pytest.mark.parametrize("order", ["asc", "desc"])
@pytest.mark.parametrize("items", [1, 3, 5, 20])
async def test_pages_follow_each_other(db: Driver, order, items):
    await fill(db)
    found, cursor, done = [], None, False
    while not done:
        page, _ = await paginate(db, by("t.by_n", ("Gte", "n", 2.0), order=order), items=items, cursor=cursor)
        found += ns(page)
        cursor, done = page.continue_cursor, page.is_done
    expected = [float(n) for n in range(2, 10)]
    assert found == (expected if order == "asc" else expected[::-1])
    after_end, _ = await paginate(db, by("t.by_n", ("Gte", "n", 2.0), order=order), items=items, cursor=cursor)
    assert (after_end.documents, after_end.is_done) == ([], True)


async def test_a_full_page_does_not_know_that_nothing_follows(db: Driver):
    await fill(db, 3)
    page, _ = await paginate(db, scan("t"), items=3)
    assert (ns(page), page.is_done) == ([0.0, 1.0, 2.0], False)
    rest, _ = await paginate(db, scan("t"), items=3, cursor=page.continue_cursor)
    assert (rest.documents, rest.is_done) == ([], True)


async def test_a_filter_is_applied_while_the_page_is_filled(db: Driver):
    await fill(db)
    page, _ = await paginate(db, scan("t", EVEN), items=2)
    assert (ns(page), page.is_done) == ([0.0, 2.0], False)
    rest, _ = await paginate(db, scan("t", EVEN), items=20, cursor=page.continue_cursor)
    assert (ns(rest), rest.is_done) == ([4.0, 6.0, 8.0], True)


async def test_a_limit_in_the_query_ends_its_page(db: Driver):
    await fill(db)
    page, _ = await paginate(db, scan("t", {"limit": 2}), items=5)
    assert (ns(page), page.is_done) == ([0.0, 1.0], False)


async def test_a_page_of_a_table_that_does_not_exist_is_empty_and_the_last(db: Driver):
    page, journal = await paginate(db, by("t.by_n"), items=5)
    assert (page.documents, page.is_done, page.page_status, page.split_cursor) == ([], True, None, None)
    await fill(db, 2)
    again, _ = await paginate(db, by("t.by_n"), items=1, journal=journal)
    assert (ns(again), again.is_done) == ([0.0, 1.0], True)


async def test_the_journal_pins_where_a_page_ends(db: Driver):
    ids = await fill(db)
    page, journal = await paginate(db, by("t.by_n"), items=3)
    await db.insert("t", {"n": 0.5}, {"n": 1.5}, {"n": 2.5})
    await db.delete(ids[2])
    again, journal_again = await paginate(db, by("t.by_n"), items=3, journal=journal)
    assert (ns(again), again.is_done) == ([0.0, 0.5, 1.0, 1.5], False)
    assert (again.continue_cursor, journal_again) == (page.continue_cursor, journal)
    rest, _ = await paginate(db, by("t.by_n"), items=3, cursor=page.continue_cursor)
    assert ns(rest) == [2.5, 3.0, 4.0]


async def test_an_end_cursor_pins_it_too_and_goes_before_the_journal(db: Driver):
    await fill(db)
    short, journal = await paginate(db, by("t.by_n"), items=2)
    long, _ = await paginate(db, by("t.by_n"), items=6)
    page, _ = await paginate(db, by("t.by_n"), items=1, end=long.continue_cursor, journal=journal)
    assert (len(page.documents), page.continue_cursor, page.is_done) == (6, long.continue_cursor, False)
    whole, _ = await paginate(db, by("t.by_n"), items=20)
    page, _ = await paginate(db, by("t.by_n"), items=1, cursor=short.continue_cursor, end=whole.continue_cursor)
    assert (len(page.documents), page.is_done) == (8, True)


async def test_the_split_cursor_lies_in_the_middle_of_what_was_read(db: Driver):
    await fill(db)
    page, _ = await paginate(db, by("t.by_n"), items=6)
    first, _ = await paginate(db, by("t.by_n"), items=6, end=page.split_cursor)
    second, _ = await paginate(db, by("t.by_n"), items=6, cursor=page.split_cursor, end=page.continue_cursor)
    assert (ns(first), ns(second)) == ([0.0, 1.0, 2.0, 3.0], [4.0, 5.0])
    assert (await paginate(db, by("t.by_n"), items=2))[0].split_cursor is None


async def test_a_page_stops_at_the_rows_it_may_read(db: Driver):
    await fill(db)
    page, _ = await paginate(db, scan("t", EVEN), items=5, maximum_rows_read=4)
    assert (ns(page), page.is_done, page.page_status) == ([0.0, 2.0], False, "SplitRequired")
    rest, _ = await paginate(db, scan("t", EVEN), items=5, cursor=page.continue_cursor, maximum_rows_read=100)
    assert (ns(rest), rest.is_done, rest.page_status) == ([4.0, 6.0, 8.0], True, None)
    pinned, _ = await paginate(db, scan("t", EVEN), items=1, end=rest.continue_cursor, maximum_rows_read=1)
    assert (len(pinned.documents), pinned.page_status) == (5, "SplitRecommended")


async def test_a_page_reads_at_least_one_document_whatever_its_bytes(db: Driver):
    await fill(db, 3)
    page, _ = await paginate(db, scan("t"), items=3, maximum_bytes_read=1)
    assert (ns(page), page.is_done, page.page_status) == ([0.0], False, "SplitRequired")


async def test_splitting_is_recommended_above_three_quarters_of_a_limit(db: Driver):
    await fill(db)
    page, _ = await paginate(db, scan("t"), items=7, maximum_rows_read=8)
    assert (len(page.documents), page.page_status) == (7, "SplitRecommended")
    page, _ = await paginate(db, scan("t"), items=6, maximum_rows_read=8)
    assert page.page_status is None


async def test_a_limit_of_the_transaction_ends_the_page(db: Driver, monkeypatch):
    monkeypatch.setattr(meter_module, "DOCUMENTS_READ_MAX", 4)
    await fill(db)
    page, _ = await paginate(db, scan("t"), items=9)
    assert (ns(page), page.page_status, page.is_done) == ([0.0, 1.0, 2.0, 3.0], "SplitRequired", False)
    async with db.begin() as tx:
        await collect(tx, scan("t", {"limit": 4}))
        with pytest.raises(LimitExceeded):
            await tx.paginate(scan("t"), cursor=None, end_cursor=None, page_size=1)


async def test_numbers_that_make_no_sense_are_refused(db: Driver):
    texts = [
        (0, {}, "Must request at least 1 document while paginating"),
        (32_001, {}, "Requested too many items: 32001"),
        (1, {"maximum_rows_read": 0}, "maximumRowsRead and maximumBytesRead must be greater than 0"),
        (1, {"maximum_bytes_read": 0.0}, "maximumRowsRead and maximumBytesRead must be greater than 0"),
        (1.5, {}, "Invalid argument for `paginate`: 1.5 is not a whole number"),
    ]
    async with db.begin() as tx:
        for items, limits, text in texts:
            error = await refusal(tx.paginate(scan("t"), cursor=None, end_cursor=None, page_size=items, **limits))
            assert error.message == text


async def test_a_function_reads_one_page(db: Driver):
    await fill(db)
    async with db.begin() as tx:
        await tx.paginate(scan("t"), cursor=None, end_cursor=None, page_size=1)
        error = await refusal(tx.paginate(scan("t"), cursor=None, end_cursor=None, page_size=1))
        assert error.message == (
            "This query or mutation function ran multiple paginated queries. "
            "Convex only supports a single paginated query in each function."
        )
        assert (await tx.stale_view().paginate(scan("t"), cursor=None, end_cursor=None, page_size=1)).documents


async def test_a_cursor_belongs_to_its_query_and_its_store(db: Driver, tmp_path, clock: FixedClock):
    await fill(db)
    page, journal = await paginate(db, by("t.by_n"), items=3)
    other = Driver(await Store.open(tmp_path / "other", clock=clock))
    await fill(other)
    cursor = page.continue_cursor
    flipped = ("A" if cursor[-9] != "A" else "B").join((cursor[:-9], cursor[-8:]))
    for store, plan, bad in (
        (db, by("t.by_n", order="desc"), cursor),
        (db, by("t.by_n", ("Gte", "n", 1.0)), cursor),
        (db, scan("t"), cursor),
        (db, by("t.by_n", operators=(EVEN,)), cursor),
        (other, by("t.by_n"), cursor),
        (db, by("t.by_n"), flipped),
        (db, by("t.by_n"), "nonsense"),
        (db, by("t.by_n"), "größer"),
        (db, by("t.by_n"), ""),
    ):
        error = await refusal(paginate(store, plan, items=3, cursor=bad))
        assert error.message.startswith("InvalidCursor: Tried to run a query starting from a cursor, but")
        assert error.data == {"isConvexSystemError": True, "paginationError": "InvalidCursor"}
    assert (await refusal(paginate(db, scan("t"), items=3, journal=journal))).code == "InvalidCursor"
    await db.push({"t": {"by_n": ["n", "m"]}})
    assert (await refusal(paginate(db, by("t.by_n"), items=3, cursor=cursor))).code == "InvalidCursor"
    await other.store.close()


async def test_a_page_looked_at_no_more_than_itself(db: Driver):
    await fill(db)
    async with db.begin() as tx:
        page = await tx.paginate(by("t.by_n"), cursor=None, end_cursor=None, page_size=3)
        (interval,) = tx.read_set.intervals
        index = tx.catalog.tables["t"].indexes["by_n"]
        inside = [
            n for n in range(10) if interval.contains(index.key({"n": float(n), "_creationTime": 0.0, "_id": ""}))
        ]
        assert inside == [0, 1, 2]
        assert (tx.documents_read, tx.reads[0].limit) == (3, 3)
        assert page.continue_cursor == tx.journal_out


async def test_a_page_shows_the_writes_of_its_transaction(db: Driver):
    ids = await fill(db, 4)
    async with db.begin() as tx:
        await tx.delete(ids[1])
        await tx.insert("t", {"n": 2.5})
        page = await tx.paginate(by("t.by_n"), cursor=None, end_cursor=None, page_size=3)
        assert ns(page) == [0.0, 2.0, 2.5]


# --- what a client with several pages sees while others write

numbers = st.sampled_from([float(n) for n in range(6)])
steps = st.lists(
    st.one_of(
        st.tuples(st.just("insert"), numbers),
        st.tuples(st.just("move"), st.integers(0, 99), numbers),
        st.tuples(st.just("delete"), st.integers(0, 99)),
        st.tuples(st.just("more"), st.integers(1, 3)),
        st.tuples(st.just("split"), st.integers(0, 99)),
    ),
    max_size=14,
)


class PagedView:
    """As `usePaginatedQuery`: each page is a query of its own, run again with its journal after every change."""

    def __init__(self, db: Driver, plan) -> None:
        self.db, self.plan = db, plan
        self.pages: list[tuple[str | None, str | None, str | None]] = []  # cursor, end cursor, journal

    async def show(self) -> list[dict]:
        rows: list[dict] = []
        async with await self.db.store.snapshot() as snapshot:
            for number, (cursor, end, journal) in enumerate(self.pages):
                tx = self.db.store.transaction(snapshot, seed=b"", writable=False)
                tx.journal_in = journal
                page = await tx.paginate(self.plan, cursor=cursor, end_cursor=end, page_size=2)
                self.pages[number] = (cursor, end, tx.journal_out)
                rows += map(json.loads, page.documents)
            self.last, self.is_done = page.continue_cursor, page.is_done
            whole = await collect(self.db.store.transaction(snapshot, seed=b"", writable=False), self.plan)
        assert rows == whole[: len(rows)], "pages have a gap, a repeat or another order"
        assert not self.is_done or len(rows) == len(whole)
        return rows

    async def more(self, items: int) -> None:
        if self.pages and self.is_done:
            return
        cursor = self.last if self.pages else None
        _, journal = await paginate(self.db, self.plan, items=items, cursor=cursor)
        self.pages.append((cursor, None, journal))

    async def split(self, number: int) -> None:
        cursor, end, journal = self.pages[number % len(self.pages)]
        page, _ = await paginate(self.db, self.plan, items=2, cursor=cursor, end=end, journal=journal)
        if page.split_cursor is not None:
            place = number % len(self.pages)
            halves = [(cursor, page.split_cursor, None), (page.split_cursor, page.continue_cursor, None)]
            self.pages[place : place + 1] = halves


@settings(max_examples=60, deadline=None)
@given(st.lists(numbers, max_size=6), st.sampled_from(["asc", "desc"]), st.booleans(), steps)
async def test_pages_have_no_gaps_and_no_repeats_whatever_is_written_meanwhile(
    tmp_path_factory, before, order, filters, steps
):
    store = await Store.open(tmp_path_factory.mktemp("store"), clock=FixedClock())
    db = Driver(store)
    await db.push({"t": {"by_n": ["n"]}})
    ids = await db.insert("t", *({"n": n} for n in before))
    view = PagedView(db, by("t.by_n", order=order, operators=(EVEN,) if filters else ()))
    await view.more(2)
    for step in steps:
        await view.show()
        match step:
            case "insert", n:
                ids += await db.insert("t", {"n": n})
            case ("move", which, n) if ids:
                await db.patch(ids[which % len(ids)], {"n": n})
            case ("delete", which) if ids:
                await db.delete(ids.pop(which % len(ids)))
            case "more", items:
                await view.more(items)
            case "split", number:
                await view.split(number)
    await view.show()
    await store.close()


async def test_a_full_page_is_not_the_last_one_also_where_the_transaction_wrote_it(db: Driver):
    async with db.begin() as tx:
        for n in range(2):
            await tx.insert("t", {"n": float(n)})
        page = await tx.paginate(scan("t"), cursor=None, end_cursor=None, page_size=2)
    assert (ns(page), page.is_done) == ([0.0, 1.0], False)
