"""The rules of docs/spec/sync-protocol.md §4, each against a real store."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from sandbox.engine.runtime.frames import Reply
from sandbox.engine.sync import live_queries
from sandbox.engine.sync.protocol import decode_ts
from sandbox.engine.sync.session import SyncSession
from tests.engine.sync.fakes import Client, FakeBackend, PythonHost


@pytest_asyncio.fixture
async def other(backend: FakeBackend) -> AsyncIterator[Client]:
    other = Client(backend, "session-2")
    await other.connect()
    yield other
    await other.session.disconnect()


async def mutate(client: Client, request_id: int, path: str = "notes:add", **args: Any) -> dict[str, Any]:
    await client.say("Mutation", requestId=request_id, udfPath=path, args=[args])

    def answered() -> list[dict[str, Any]]:
        return [frame for frame in client.of_type("MutationResponse") if frame["requestId"] == request_id]

    return (await client.wait(answered))[-1]


async def test_a_new_query_is_answered_in_a_transition(client: Client) -> None:
    await client.add_query(0, "notes:list")
    await client.wait(lambda: client.of_type("Transition"))
    first = client.of_type("Transition")[0]
    assert first["startVersion"] == {"querySet": 0, "identity": 0, "ts": "AAAAAAAAAAA="}
    assert first["endVersion"]["querySet"] == 1
    assert client.value_of(0) == []


async def test_a_write_of_one_client_reaches_the_other(client: Client, other: Client) -> None:
    await other.add_query(7, "notes:list")
    await other.wait(lambda: other.value_of(7) == [])
    await mutate(client, 0, text="hello")
    await other.wait(lambda: other.value_of(7) == ["hello"])


async def test_transitions_chain_without_a_gap(client: Client) -> None:
    await client.add_query(0, "notes:list")
    for number in range(5):
        await mutate(client, number, text=str(number))
    await client.wait(lambda: len(client.value_of(0)) == 5)
    transitions = client.of_type("Transition")
    assert all(a["endVersion"] == b["startVersion"] for a, b in itertools.pairwise(transitions))


async def test_every_mutation_is_followed_by_a_transition_that_reaches_it(client: Client) -> None:
    response = await mutate(client, 0, "notes:nothing")

    def reached() -> bool:
        ends = [decode_ts(frame["endVersion"]["ts"]) for frame in client.of_type("Transition")]
        return bool(ends) and ends[-1] >= decode_ts(response["ts"])

    await client.wait(reached)


async def test_a_failed_mutation_is_followed_by_a_transition_too(client: Client) -> None:
    await client.say("Mutation", requestId=0, udfPath="notes:absent", args=[{}])
    await client.wait(lambda: client.of_type("MutationResponse") and client.of_type("Transition"))
    assert [frame["type"] for frame in client.frames] == ["MutationResponse", "Transition"]


async def test_a_response_comes_before_the_transition_that_shows_its_commit(client: Client) -> None:
    await client.add_query(0, "notes:list")
    response = await mutate(client, 0, text="x")
    await client.wait(lambda: client.value_of(0) == ["x"])
    shown = [f for f in client.of_type("Transition") if decode_ts(f["endVersion"]["ts"]) >= decode_ts(response["ts"])]
    assert client.frames.index(response) < client.frames.index(shown[0])


async def test_mutations_of_one_client_run_in_order(client: Client) -> None:
    await client.add_query(0, "notes:list")
    for number in range(20):
        await client.say("Mutation", requestId=number, udfPath="notes:add", args=[{"text": str(number)}])
    await client.wait(lambda: len(client.value_of(0)) == 20)
    assert client.value_of(0) == [str(number) for number in range(20)]


async def test_a_repeated_request_is_answered_from_the_record(backend: FakeBackend, client: Client) -> None:
    first = await mutate(client, 3, text="once")
    again = Client(backend, client.session_id)
    await again.connect()
    assert await mutate(again, 3, text="once") == first
    await again.add_query(0, "notes:list")
    await again.wait(lambda: again.value_of(0) == ["once"])
    await again.session.disconnect()


async def test_equal_queries_share_one_run(host: PythonHost, client: Client, other: Client) -> None:
    await client.add_query(0, "notes:list")
    await client.wait(lambda: client.value_of(0) == [])
    await other.add_query(0, "notes:list")
    await other.wait(lambda: other.value_of(0) == [])
    await mutate(client, 0, text="x")
    await other.wait(lambda: other.value_of(0) == ["x"])
    assert host.calls.count("notes:list") == 2


async def test_a_result_that_depends_on_the_time_is_shared_for_seconds_only(
    host: PythonHost, backend: FakeBackend, client: Client, other: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    @host.function("notes:timed", "query")
    async def timed(syscalls: Any, args: dict[str, Any]) -> Any:
        syscalls.note_outcome(Reply(True, "", time_was_read=True))
        return host.calls.count("notes:timed")

    backend.executor.functions = host.functions
    await client.add_query(0, "notes:timed")
    await client.wait(lambda: client.value_of(0) == 1)
    await client.add_query(1, "notes:timed", version=1)
    await client.wait(lambda: client.value_of(1) == 1)
    monkeypatch.setattr(live_queries, "TIMED_SECONDS_MAX", 0.0)
    await other.add_query(0, "notes:timed")
    await other.wait(lambda: other.value_of(0) == 2)
    assert client.value_of(0) == 1, "who has a result keeps it"


async def test_a_query_that_asks_who_asks_is_not_shared(client: Client, other: Client) -> None:
    await client.say("Authenticate", baseVersion=0, tokenType="User", value="good-alice")
    await other.say("Authenticate", baseVersion=0, tokenType="User", value="good-bob")
    for one in (client, other):
        await one.add_query(0, "notes:whoami")
        await one.wait(lambda one=one: isinstance(one.value_of(0), dict))
    assert (client.value_of(0)["subject"], other.value_of(0)["subject"]) == ("alice", "bob")


async def test_a_change_of_identity_runs_what_depends_on_it(client: Client) -> None:
    await client.add_query(0, "notes:whoami")
    await client.wait(lambda: client.value_of(0) is None)
    await client.say("Authenticate", baseVersion=0, tokenType="User", value="good-alice")
    await client.wait(lambda: (client.value_of(0) or {}).get("subject") == "alice")
    assert client.of_type("Transition")[-1]["endVersion"]["identity"] == 1


async def test_a_bad_token_is_refused_and_the_socket_closed(client: Client) -> None:
    await client.say("Authenticate", baseVersion=0, tokenType="User", value="bad")
    await client.wait(lambda: client.closed)
    assert client.frames[-1]["type"] == "AuthError"
    assert client.frames[-1]["baseVersion"] == 0


async def test_a_removed_query_is_confirmed_and_no_longer_sent(client: Client) -> None:
    await client.add_query(0, "notes:list")
    await client.wait(lambda: client.value_of(0) == [])
    gone = {"type": "Remove", "queryId": 0}
    await client.say("ModifyQuerySet", baseVersion=1, newVersion=2, modifications=[gone])
    await mutate(client, 0, text="x")
    await client.wait(lambda: client.of_type("Transition")[-1]["endVersion"]["querySet"] == 2)
    assert client.value_of(0) == []


async def test_a_missing_function_fails_its_query_alone(client: Client) -> None:
    await client.add_query(0, "notes:absent")
    await client.wait(lambda: client.of_type("Transition"))
    failed = client.of_type("Transition")[0]["modifications"][0]
    assert failed["type"] == "QueryFailed"
    assert "Could not find public function for 'notes:absent'" in failed["errorMessage"]
    assert failed["errorMessage"].endswith("\n"), "Convex ends every error text with a line break"


async def test_a_slow_client_gets_few_transitions_and_the_newest_state(client: Client, other: Client) -> None:
    await other.add_query(0, "notes:list")
    await other.wait(lambda: other.value_of(0) == [])
    other.takes_frames.clear()
    for number in range(30):
        await mutate(client, number, text=str(number))
    other.takes_frames.set()
    await other.wait(lambda: len(other.value_of(0)) == 30)
    assert len(other.of_type("Transition")) < 10


@pytest.mark.parametrize(
    "frame",
    [
        "",
        "not json",
        "[]",
        '{"type":"Nonsense"}',
        '{"type":"ModifyQuerySet","baseVersion":5,"newVersion":6,"modifications":[]}',
        '{"type":"ModifyQuerySet","baseVersion":0,"newVersion":1,"modifications":[{"type":"Add"}]}',
        '{"type":"Mutation","requestId":-1,"udfPath":"a:b","args":[]}',
        '{"type":"Mutation","requestId":true,"udfPath":"a:b","args":[]}',
        '{"type":"Authenticate","baseVersion":9,"tokenType":"None"}',
        '{"type":"Connect","sessionId":"twice"}',
        '{"type":"Authenticate","baseVersion":0,"tokenType":"User","value":"\\ud800"}',
        '{"type":"Mutation","requestId":0,"udfPath":"\\ud800:b","args":[]}',
        "[" * 100_000,
    ],
)
async def test_a_broken_frame_ends_the_session_with_a_fatal_error(client: Client, frame: str) -> None:
    await client.session.receive(frame)
    assert client.frames[-1]["type"] == "FatalError"
    assert client.closed == (1005, "")


@pytest.mark.parametrize(
    ("frame", "text"),
    [
        ("not json", "Received Invalid JSON on websocket: Expecting value: line 1 column 1 (char 0)"),
        ('{"type":"Mutation"}', "Received Invalid JSON on websocket: missing field `requestId`"),
        (
            '{"type":"ModifyQuerySet","baseVersion":5,"newVersion":6,"modifications":[]}',
            "Base version 5 passed up doesn't match the current version 0",
        ),
        (
            '{"type":"Authenticate","baseVersion":9,"tokenType":"None"}',
            "Base version 9 passed up doesn't match the current version 0",
        ),
    ],
)
async def test_a_fatal_error_says_what_was_wrong(client: Client, frame: str, text: str) -> None:
    await client.session.receive(frame)
    assert client.frames[-1] == {"type": "FatalError", "error": text}


async def test_a_query_set_version_may_leave_numbers_out(client: Client) -> None:
    await client.say("ModifyQuerySet", baseVersion=0, newVersion=7, modifications=[])
    await client.wait(lambda: client.of_type("Transition"))
    assert client.of_type("Transition")[-1]["endVersion"]["querySet"] == 7


async def test_the_changes_of_a_transition_are_in_the_order_of_their_queries(client: Client) -> None:
    await client.add_query(5, "notes:list")
    await client.wait(lambda: client.value_of(5) == [])
    changes = [
        {"type": "Add", "queryId": 9, "udfPath": "notes:list", "args": [{}]},
        {"type": "Remove", "queryId": 5},
        {"type": "Add", "queryId": 2, "udfPath": "notes:list", "args": [{}]},
    ]
    await client.say("ModifyQuerySet", baseVersion=1, newVersion=2, modifications=changes)
    await client.wait(lambda: client.value_of(9) == [])
    shown = client.of_type("Transition")[-1]["modifications"]
    assert [(change["queryId"], change["type"]) for change in shown] == [
        (2, "QueryUpdated"),
        (5, "QueryRemoved"),
        (9, "QueryUpdated"),
    ]


async def test_a_client_that_left_in_the_middle_of_a_round_leaves_nothing_behind(backend: FakeBackend) -> None:
    client = Client(backend)
    await client.connect()
    await client.add_query(0, "notes:list")
    await asyncio.sleep(0)
    await client.session.disconnect()
    watcher = Client(backend, "session-2")
    await watcher.connect()
    await mutate(watcher, 0, text="x")
    await watcher.wait(lambda: watcher.of_type("Transition"))
    assert not backend.live._results
    await watcher.session.disconnect()


async def test_requests_may_not_wait_with_more_arguments_than_the_bound(client: Client) -> None:
    argument = "x" * 8_000_000
    for number in range(6):
        await client.say("Mutation", requestId=number, udfPath="notes:add", args=[{"text": argument}])
    await client.wait(lambda: client.closed)
    assert client.closed == (1013, "TooManyConcurrentMutations")
    assert not client.of_type("FatalError"), "the client may come back"


async def test_a_frame_that_cannot_be_sent_ends_the_session(backend: FakeBackend) -> None:
    closed: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def send(text: str) -> None:
        raise ValueError("too large")

    async def close(code: int, reason: str) -> None:
        closed.set_result(code)

    session = SyncSession(backend, send, close)
    await session.receive('{"type":"Connect","sessionId":"s"}')
    await session.receive('{"type":"ModifyQuerySet","baseVersion":0,"newVersion":1,"modifications":[]}')
    async with asyncio.timeout(5):
        assert await closed == 1011
    await session.disconnect()


async def test_a_page_may_show_a_thousand_queries_at_once(client: Client) -> None:
    added = [{"type": "Add", "queryId": n, "udfPath": "notes:list", "args": [{"n": n}]} for n in range(1_000)]
    await client.say("ModifyQuerySet", baseVersion=0, newVersion=1, modifications=added)
    first = (await client.wait(lambda: client.of_type("Transition")))[0]
    assert [change["queryId"] for change in first["modifications"]] == list(range(1_000))
