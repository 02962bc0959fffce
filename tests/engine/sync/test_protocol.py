from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.engine.errors import ProtocolError
from sandbox.engine.runtime import function_paths
from sandbox.engine.sync import protocol
from sandbox.engine.sync.protocol import Connect, ModifyQuerySet, RemoveQuery, RequestCall, StateVersion

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
types = st.sampled_from(["Connect", "Authenticate", "ModifyQuerySet", "Mutation", "Action", "Event", "else"])
fields = st.sampled_from(
    ["sessionId", "baseVersion", "newVersion", "modifications", "requestId", "udfPath", "args", "value"]
)


@given(st.integers(0, 2**64 - 1))
def test_a_timestamp_survives_the_wire(ts: int) -> None:
    assert protocol.decode_ts(protocol.encode_ts(ts)) == ts


@given(types, st.dictionaries(fields, json_values))
def test_any_json_is_parsed_or_refused_as_a_protocol_error(kind: str, rest: dict[str, object]) -> None:
    with contextlib.suppress(ProtocolError):
        protocol.parse_client_message(json.dumps(rest | {"type": kind}))


@given(st.text())
def test_any_text_is_parsed_or_refused_as_a_protocol_error(text: str) -> None:
    with pytest.raises(ProtocolError):
        protocol.parse_client_message("?" + text)


@pytest.mark.parametrize(
    ("path", "canonical"),
    [("a/b.js:f", "a/b:f"), ("a:f", "a:f"), ("a", "a:default"), ("a.js", "a:default")],
)
def test_function_paths_have_one_form(path: str, canonical: str) -> None:
    assert function_paths.canonical_path(path) == canonical
    assert function_paths.path_problem(path) is None


@pytest.mark.parametrize(
    ("path", "problem"),
    [
        ("", "Module path  doesn't have a filename."),
        ("m:", "Identifier cannot be empty"),
        ("m:o-k", "Identifier m"),
        ("m:a:b", "Path component m:a.js can only contain alphanumeric characters, underscores, or periods."),
        ("m/o-k", "Path component o-k.js can only contain alphanumeric characters, underscores, or periods."),
        ("song.mp3", "Module path (song.mp3) has an extension that isn't 'js'."),
        ("/etc/passwd", "Module paths must be relative (/etc/passwd is absolute)."),
        ("a/../b:c", "Invalid path component ParentDir in a/../b."),
        ("a/..:c", "Module path a/.. doesn't have a filename."),
        ("x" * 62 + ":f", "Path component is too long (65 > maximum 64)."),
        ("_/a:f", "Path component _ must have at least one alphanumeric character."),
    ],
)
def test_what_can_be_no_function_path(path: str, problem: str) -> None:
    told = function_paths.path_problem(path)
    assert told == problem or (told or "").startswith("Identifier o-k has invalid character '-'")
    asked = {"type": "Mutation", "requestId": 0, "udfPath": path, "args": []}
    with pytest.raises(ProtocolError, match="Received Invalid JSON on websocket: "):
        protocol.parse_client_message(json.dumps(asked))


def test_messages_become_types() -> None:
    assert protocol.parse_client_message('{"type":"Connect","sessionId":"s","clientTs":1}') == Connect("s", None, 1)
    removed = '{"type":"ModifyQuerySet","baseVersion":1,"newVersion":2,"modifications":[{"type":"Remove","queryId":4}]}'
    assert protocol.parse_client_message(removed) == ModifyQuerySet(1, 2, (RemoveQuery(4),))
    mutation = '{"type":"Mutation","requestId":3,"udfPath":"m.js:f","args":[{}]}'
    assert protocol.parse_client_message(mutation) == RequestCall("Mutation", 3, "m:f", [{}])


@given(st.integers(0, 9), st.integers(0, 9), json_values, st.lists(st.text()))
def test_messages_put_together_as_text_are_json(start: int, end: int, value: object, lines: list[str]) -> None:
    updated = protocol.query_updated(1, protocol.query_result(json.dumps(value), tuple(lines), None))
    text = protocol.transition(StateVersion(start, 0, 5), StateVersion(end, 1, 6), [updated, updated], 7, None)
    parsed = json.loads(text)
    assert parsed["startVersion"]["querySet"] == start
    assert parsed["modifications"][1] == {
        "type": "QueryUpdated", "queryId": 1, "value": value, "logLines": lines, "journal": None,
    }  # fmt: skip
    response = json.loads(protocol.mutation_succeeded(2, json.dumps(value), 8, tuple(lines)))
    assert (response["result"], response["logLines"]) == (value, lines)
