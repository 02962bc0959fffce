"""Text search against a plain reading of all documents: members, order, own writes, what wakes it, and its limits."""

from __future__ import annotations

import json
import math
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.engine.clock import FixedClock
from sandbox.engine.errors import Conflict, LearnerError
from sandbox.engine.limits import SEARCH_RESULTS_MAX
from sandbox.engine.schema import SchemaDefinition
from sandbox.engine.store import Store
from sandbox.engine.store.text_terms import terms_of
from sandbox.engine.values import encode_value

from .driver import Driver, collect, scan
from .invariants import documents_of


def schema(*search_indexes, staged=(), vectors=(), plain=()):
    def exported(indexes):
        return [{"indexDescriptor": n, "searchField": f, "filterFields": list(filters)} for n, f, *filters in indexes]

    table = {
        "tableName": "notes",
        "indexes": [{"indexDescriptor": name, "fields": list(fields)} for name, *fields in plain],
        "searchIndexes": exported(search_indexes),
        "stagedSearchIndexes": exported(staged),
        "vectorIndexes": [
            {"indexDescriptor": n, "vectorField": f, "dimensions": d, "filterFields": list(filters)}
            for n, f, d, *filters in vectors
        ],
        "documentType": {"type": "any"},
    }
    return SchemaDefinition.parse(json.dumps({"tables": [table], "schemaValidation": True}))


BODY = schema(("body", "body", "channel", "by.name"))


def search(text, *equal, index="notes.body", field="body", operators=()):
    filters = [{"type": "Search", "fieldPath": field, "value": text}]
    filters += [{"type": "Eq", "fieldPath": path, "value": value} for path, value in equal]
    return {"source": {"type": "Search", "indexName": index, "filters": filters}, "operators": list(operators)}


async def bodies(db: Driver, plan) -> list[str]:
    return [document["body"] for document in await db.collect(plan)]


# --- members and order


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("Hello, World", ["hello", "world"]),
        ("it's 3.5 km_away", ["it", "s", "3", "5", "km", "away"]),
        ("naïve Straße ÉTÉ", ["naïve", "straße", "été"]),
        ("ΟΔΟΣ", ["οδοσ"]),
        ("हिन्दी भाषा", ["हिन", "दी", "भाषा"]),
        ("日本語 テスト", ["日本語", "テスト"]),
        ("a" * 31 + " " + "b" * 32 + " " + "é" * 16, ["a" * 31]),
        ("… !?", []),
    ],
)
def test_terms_of_a_text(text, terms):
    assert terms_of(text) == terms


async def test_any_term_matches_and_more_terms_come_first(store, db):
    await store.push_schema(BODY)
    await db.insert("notes", {"body": "red fish"}, {"body": "blue fish"}, {"body": "Red BLUE fish"}, {"body": "cat"})
    assert await bodies(db, search("blue red")) == ["Red BLUE fish", "blue fish", "red fish"]
    assert await bodies(db, search("dog")) == []


async def test_the_last_term_is_a_prefix_and_a_whole_word_counts_more(store, db):
    await store.push_schema(BODY)
    await db.insert("notes", {"body": "rabbit"}, {"body": "send request"}, {"body": "r"}, {"body": "the car"})
    assert set(await bodies(db, search("r"))) == {"r", "rabbit", "send request"}
    assert (await bodies(db, search("r")))[0] == "r"
    assert await bodies(db, search("ra t")) == ["the car"]


async def test_a_rare_term_counts_more_and_equal_scores_come_newest_first(store, db):
    await store.push_schema(BODY)
    await db.insert("notes", *({"body": "common word", "n": float(n)} for n in range(4)), {"body": "rare word"})
    found = await db.collect(search("rare common"))
    assert [document.get("n") for document in found] == [None, 3.0, 2.0, 1.0, 0.0]


async def test_shorter_texts_and_repeated_terms_count_more(store, db):
    await store.push_schema(BODY)
    await db.insert("notes", {"body": "tea and cake and more"}, {"body": "tea"}, {"body": "tea tea cake"})
    assert await bodies(db, search("tea")) == ["tea tea cake", "tea", "tea and cake and more"]


async def test_no_term_finds_nothing(store, db):
    await store.push_schema(BODY)
    await db.insert("notes", {"body": "a"})
    assert await bodies(db, search("")) == []
    assert await bodies(db, search(" ?! ")) == []


async def test_filters_compare_as_indexes_do(store, db):
    await store.push_schema(BODY)
    await db.insert(
        "notes",
        {"body": "x 1", "channel": "a", "by": {"name": "al"}},
        {"body": "x 2", "channel": "a"},
        {"body": "x 3", "channel": 1.0},
        {"body": "x 4", "channel": None},
        {"body": "x 5"},
    )
    undefined = {"$undefined": None}
    assert await bodies(db, search("x", ("channel", "a"), ("by.name", "al"))) == ["x 1"]
    assert await bodies(db, search("x", ("channel", "a"), ("by.name", undefined))) == ["x 2"]
    assert await bodies(db, search("x", ("channel", 1.0))) == ["x 3"]
    assert await bodies(db, search("x", ("channel", {"$integer": "AQAAAAAAAAA="}))) == []
    assert await bodies(db, search("x", ("channel", None))) == ["x 4"]
    assert await bodies(db, search("x", ("channel", undefined))) == ["x 5"]


async def test_documents_without_a_text_are_not_found(store, db):
    await store.push_schema(BODY)
    await db.insert("notes", {"body": 5.0}, {"body": ["x"]}, {}, {"body": "x"})
    assert await bodies(db, search("x")) == ["x"]


async def test_operators_work_on_the_order_of_relevance(store, db):
    await store.push_schema(BODY)
    await db.insert("notes", *({"body": "x " * n, "n": float(n)} for n in range(1, 8)))
    every = [document["n"] for document in await db.collect(search("x"))]
    odd = {"filter": {"$eq": [{"$mod": [{"$field": "n"}, {"$literal": 2.0}]}, {"$literal": 1.0}]}}
    first = await db.collect(search("x", operators=[odd, {"limit": 2}]))
    assert [document["n"] for document in first] == [n for n in every if n % 2][:2]


# --- pages


@pytest.mark.parametrize("items", [1, 3, 10])
async def test_pages_are_slices_of_the_order_of_relevance(store, db, items):
    await store.push_schema(BODY)
    await db.insert("notes", *({"body": "x " * (1 + n % 4), "n": float(n)} for n in range(10)))
    whole, found, cursor, done = await db.collect(search("x")), [], None, False
    while not done:
        async with db.begin() as tx:
            page = await tx.paginate(search("x"), cursor=cursor, end_cursor=None, page_size=float(items))
        assert page.split_cursor is None
        found += [json.loads(text) for text in page.documents]
        cursor, done = page.continue_cursor, page.is_done
    assert found == whole


async def test_a_full_page_of_matches_does_not_know_that_nothing_follows(store, db):
    await store.push_schema(BODY)
    await db.insert("notes", {"body": "x"})
    async with db.begin() as tx:
        page = await tx.paginate(search("x"), cursor=None, end_cursor=None, page_size=1.0)
    assert (len(page.documents), page.is_done) == (1, False)
    async with db.begin() as tx:
        rest = await tx.paginate(search("x"), cursor=page.continue_cursor, end_cursor=None, page_size=1.0)
    assert (rest.documents, rest.is_done) == ([], True)


async def test_a_page_is_woken_by_its_terms_and_keeps_its_end(store, db, clock):
    await store.push_schema(BODY)
    await db.insert("notes", *({"body": "x", "n": float(n)} for n in range(5)))

    async def first_page(journal=None):
        async with db.begin() as tx:
            tx.journal_in = journal
            page = await tx.paginate(search("x"), cursor=None, end_cursor=None, page_size=2.0)
            return [json.loads(text)["n"] for text in page.documents], tx

    found, tx = await first_page()
    assert found == [4.0, 3.0]
    head = await store.head()
    clock.advance(seconds=1)
    await db.insert("notes", {"body": "x", "n": 9.0})
    assert any(tx.read_set.overlaps(commit.changes) for commit in await store.log_since(head))
    assert (await first_page(tx.journal_out))[0] == [9.0, 4.0, 3.0]


# --- transactions


async def test_a_search_sees_the_own_writes_of_its_transaction(store, db):
    await store.push_schema(BODY)
    ids = await db.insert("notes", {"body": "old apple"}, {"body": "old pear"}, {"body": "old plum"})
    async with db.begin() as tx:
        await tx.insert("notes", {"body": "new apple"})
        await tx.patch(ids[1], {"body": "apple now"})
        await tx.patch(ids[2], {"body": "old plum", "more": 1.0})
        await tx.delete(ids[0])
        assert {d["body"] for d in await collect(tx, search("apple"))} == {"new apple", "apple now"}
        assert await collect(tx, search("pear")) == []
        assert [d["more"] for d in await collect(tx, search("plum"))] == [1.0]
        await db.commit(tx)
    assert set(await bodies(db, search("apple"))) == {"new apple", "apple now"}
    documents_of(store.path)


async def test_a_write_wakes_a_search_exactly_when_it_shares_a_term(store, db):
    await store.push_schema(BODY)
    ids = await db.insert("notes", {"body": "red fish"}, {"body": "green tea"})
    async with db.begin() as tx:
        await collect(tx, search("fish gre"))
        reads = tx.read_set
    head = await store.head()

    async def wakes(change) -> bool:
        nonlocal head
        await change
        commits = await store.log_since(head)
        head = await store.head()
        return any(reads.overlaps(commit.changes) for commit in commits)

    assert not await wakes(db.insert("notes", {"body": "blue moon"}))
    assert not await wakes(db.insert("notes", {"body": "grape fis"}))
    assert await wakes(db.insert("notes", {"body": "a greek word"}))
    assert await wakes(db.patch(ids[0], {"likes": 1.0}))
    assert await wakes(db.patch(ids[0], {"body": "red"}))
    assert not await wakes(db.patch(ids[0], {"body": "redder"}))
    assert await wakes(db.delete(ids[1]))


async def test_a_search_conflicts_with_a_write_of_its_term(store, db):
    await store.push_schema(BODY)
    async with db.begin() as tx:
        await collect(tx, search("fish"))
        await tx.insert("notes", {"body": "none there"})
        await db.insert("notes", {"body": "fish"})
        with pytest.raises(Conflict):
            await db.commit(tx)


# --- texts and limits


def refusal_of(*filters, index="notes.body"):
    return {"source": {"type": "Search", "indexName": index, "filters": list(filters)}, "operators": []}


TEXT = {"type": "Search", "fieldPath": "body", "value": "x"}


@pytest.mark.parametrize(
    ("plan", "code", "message"),
    [
        (
            refusal_of({"type": "Search", "fieldPath": "title", "value": "x"}),
            "IncorrectSearchField",
            'Search query against notes.body contains a search filter against "title", which doesn\'t match the '
            'indexed `searchField` "body".',
        ),
        (
            refusal_of(TEXT, TEXT),
            "DuplicateSearchFiltersError",
            'Search query against notes.body contains multiple search filters against "body". Only one is allowed.',
        ),
        (
            refusal_of(TEXT, {"type": "Eq", "fieldPath": "author", "value": "x"}),
            "IncorrectFilterFieldError",
            'Search query against notes.body contains an equality filter on "author" but that field isn\'t indexed '
            "for filtering in `filterFields`.",
        ),
        (
            refusal_of({"type": "Eq", "fieldPath": "channel", "value": "x"}),
            "MissingSearchFilterError",
            "Search query against notes.body does not contain any search filters. You must include a search filter "
            'like `q.search(""body"", searchText)`.',
        ),
        (
            refusal_of(TEXT, *9 * [{"type": "Eq", "fieldPath": "channel", "value": "x"}]),
            "TooManyFilterConditionsInSearchQueryError",
            "Search query against notes.body has too many filter conditions. Max: 8 Actual: 9",
        ),
        (refusal_of(TEXT, index="notes.other"), "IndexNotFound", "Index notes.other not found."),
        (refusal_of(TEXT, index="nowhere.body"), "IndexNotFound", "Index nowhere.body not found."),
        (
            refusal_of(TEXT, index="notes.by_channel"),
            "IndexNotASearchIndex",
            "Index notes.by_channel is not a search index",
        ),
        (
            refusal_of(TEXT, index="notes.later"),
            "StagedIndex",
            "Index notes.later is currently staged and not available to query until it is enabled.",
        ),
        (
            {"source": {"type": "IndexRange", "indexName": "notes.body", "range": [], "order": "asc"}},
            "IndexNotADatabaseIndex",
            "Index notes.body is not a database index",
        ),
        (refusal_of({**TEXT, "value": 5}), "InvalidQuery", "Invalid query: this is not a query plan"),
    ],
)
async def test_a_search_that_is_refused(store, db, plan, code, message):
    plain = [("by_channel", "channel")]
    await store.push_schema(schema(("body", "body", "channel"), staged=[("later", "title")], plain=plain))
    with pytest.raises(LearnerError) as caught:
        await db.collect(plan)
    assert (caught.value.code, caught.value.message) == (code, message)


async def test_eight_filters_and_sixteen_terms(store, db):
    await store.push_schema(BODY)
    await db.insert("notes", {"body": "t15", "channel": "a"}, {"body": "t16", "channel": "a"})
    plan = search(" ".join(f"t{n}" for n in range(17)), *8 * [("channel", "a")])
    assert await bodies(db, plan) == ["t15"]


async def test_a_search_finds_at_most_1024_documents(store, db):
    await store.push_schema(BODY)
    await db.insert("notes", *({"body": "word"} for _ in range(SEARCH_RESULTS_MAX - 1)))
    assert len(await db.collect(search("word"))) == SEARCH_RESULTS_MAX - 1
    await db.insert("notes", {"body": "word"})
    limited = await db.collect(search("word", operators=[{"limit": SEARCH_RESULTS_MAX}]))
    assert len(limited) == SEARCH_RESULTS_MAX
    with pytest.raises(LearnerError) as caught:
        await db.collect(search("word"))
    assert caught.value.message == (
        "Search query scanned too many documents (fetched 1024). Consider using a smaller limit, paginating the "
        "query, or using a filter field to limit the number of documents pulled from the search index."
    )


async def test_many_postings_are_all_read(store, db, clock):
    await store.push_schema(BODY)
    for start in range(0, 4_500, 1_500):
        clock.advance(seconds=1)
        await db.insert("notes", *({"body": f"w{n} same", "n": float(n)} for n in range(start, start + 1_500)))
    assert len(await db.collect(search("w44"))) == 111
    found = await db.collect(search("same", operators=[{"limit": 3}]))
    assert [document["n"] for document in found] == [4499.0, 4498.0, 4497.0]


# --- schema pushes


async def test_an_index_is_filled_changed_dropped_and_enabled(store, db):
    ids = await db.insert("notes", {"body": "one fish", "title": "two fish"}, {"body": "red"})
    await store.push_schema(schema(staged=[("body", "body")]))
    with pytest.raises(LearnerError, match="currently staged"):
        await db.collect(search("fish"))
    await db.patch(ids[1], {"body": "red fish"})
    await store.push_schema(schema(("body", "body")))
    assert set(await bodies(db, search("fish"))) == {"one fish", "red fish"}
    await store.push_schema(schema(("body", "title")))
    assert await bodies(db, search("fish", field="title")) == ["one fish"]
    await store.push_schema(schema())
    with pytest.raises(LearnerError, match=r"Index notes\.body not found"):
        await db.collect(search("fish"))
    documents_of(store.path)


# --- search ≡ brute force

WORDS = ["a", "ab", "abc", "b", "ba", "Öl", "öle", "c3"]
texts = st.lists(st.sampled_from(WORDS), max_size=5).map(" ".join)
documents = st.fixed_dictionaries(
    {"body": st.one_of(texts, st.just(1.0))}, optional={"channel": st.sampled_from(["x", None, 1.0])}
)
conditions = st.lists(
    st.tuples(st.just("channel"), st.sampled_from(["x", None, 1.0, {"$undefined": None}])), max_size=2
)


def brute_force(everything: list[dict], text: str, equal: list[tuple]) -> list[str]:
    """The ids that a search must give, by its own counting over all documents."""
    query = terms_of(text)
    if not query:
        return []
    exact = set(query)
    candidates = []
    for document in everything:
        body = document.get("body")
        words = Counter(terms_of(body) if isinstance(body, str) else [])
        found = {word: n for word, n in words.items() if word in exact or word.startswith(query[-1])}
        if found:
            candidates.append((document, found, sum(words.values())))
    frequency = Counter(word for _, found, _ in candidates for word in found)
    count = _power_of_two(len(candidates))
    mean = _power_of_two(sum(length for *_, length in candidates) // max(1, len(candidates)))

    def score(found, length):
        return math.fsum(
            math.log(1 + (count - _power_of_two(frequency[word]) + 0.5) / (_power_of_two(frequency[word]) + 0.5))
            * (1 if word in exact else 0.5)
            * n
            * 2.2
            / (n + 1.2 * (0.25 + 0.75 * length / mean))
            for word, n in found.items()
        )

    def passes(document):
        return all(
            ("channel" not in document)
            if value == {"$undefined": None}
            else "channel" in document and encode_value(document["channel"]) == encode_value(value)
            for _, value in equal
        )

    ranked = [(round(-score(f, n), 9), -d["_creationTime"], d["_id"]) for d, f, n in candidates if passes(d)]
    return [document_id for *_, document_id in sorted(ranked)]


def _power_of_two(number: int) -> int:
    rounded = 1
    while rounded < number:
        rounded *= 2
    return rounded


@settings(max_examples=40, deadline=None)
@given(data=st.data())
async def test_a_search_is_what_reading_everything_gives(tmp_path_factory, data):
    store = await Store.open(tmp_path_factory.mktemp("search") / "store", clock=FixedClock())
    db = Driver(store)
    try:
        for _ in range(data.draw(st.integers(1, 4))):
            await store.push_schema(data.draw(st.sampled_from([BODY, schema(("body", "body", "channel"))])))
            async with db.begin() as tx:
                for _ in range(data.draw(st.integers(0, 6))):
                    await _write(tx, data)
                await _compare(tx, data)
                if data.draw(st.booleans()):
                    await db.commit(tx)
            if data.draw(st.booleans()):
                await store.push_schema(schema())
                async with db.begin() as tx:
                    await _write(tx, data)
                    await db.commit(tx)
        await store.push_schema(BODY)
        async with db.begin() as tx:
            await _compare(tx, data)
        documents_of(store.path)
    finally:
        await store.close()


async def _write(tx, data) -> None:
    everything = [document["_id"] for document in await collect(tx, scan("notes"))]
    kind = data.draw(st.sampled_from(["insert", "insert", "patch", "replace", "delete"] if everything else ["insert"]))
    if kind == "insert":
        await tx.insert("notes", data.draw(documents))
    elif kind == "delete":
        await tx.delete(data.draw(st.sampled_from(everything)))
    else:
        await getattr(tx, kind)(data.draw(st.sampled_from(everything)), data.draw(documents))


async def _compare(tx, data) -> None:
    text, equal = data.draw(texts), data.draw(conditions)
    everything = await collect(tx, scan("notes"))
    found = [
        document["_id"] for document in await collect(tx, search(text, *equal), batch=data.draw(st.integers(1, 9)))
    ]
    wanted = brute_force(everything, text, equal)
    assert found == wanted


async def test_matches_come_in_pages_in_the_order_of_relevance(db: Driver):
    await db.store.push_schema(BODY)
    await db.insert("notes", *({"body": "word " * (n + 1)} for n in range(7)))
    expected = [row["_id"] for row in await db.collect(search("word"))]
    found: list[str] = []
    cursor, is_done = None, False
    while not is_done:
        async with db.begin() as tx:
            page = await tx.paginate(search("word"), cursor=cursor, end_cursor=None, page_size=3)
            assert page.split_cursor is None
        found += [json.loads(text)["_id"] for text in page.documents]
        cursor, is_done = page.continue_cursor, page.is_done
    assert found == expected
    async with db.begin() as tx:
        with pytest.raises(LearnerError) as caught:
            await tx.paginate(search("other"), cursor=cursor, end_cursor=None, page_size=3)
    assert caught.value.code == "InvalidCursor"
