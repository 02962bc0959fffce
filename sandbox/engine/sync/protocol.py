"""The wire form of the sync protocol: client messages parsed into types, server messages as JSON text.

Facts: docs/spec/sync-protocol.md §2, §3. What a message means is decided in session.py.
"""

from __future__ import annotations

import base64
import binascii
import json
import struct
from dataclasses import dataclass
from typing import Any

from sandbox.engine.errors import ProtocolError
from sandbox.engine.runtime.function_paths import canonical_path, path_problem
from sandbox.engine.values import parse_client_json

_U64 = struct.Struct("<Q")
SESSION_ID_LENGTH_MAX = 128  # the package sends a UUID; every request is recorded under it


@dataclass(frozen=True, slots=True)
class Connect:
    session_id: str
    max_observed_ts: int | None
    client_ms: int | None
    """The client's clock, in ms since 1970."""


@dataclass(frozen=True, slots=True)
class Authenticate:
    base_version: int
    token_type: str
    token: str | None
    acting_as: object
    """The attributes of the identity that an admin acts as, as they came; None without."""


@dataclass(frozen=True, slots=True)
class AddQuery:
    query_id: int
    path: str
    args: list[Any]
    journal: str | None


@dataclass(frozen=True, slots=True)
class RemoveQuery:
    query_id: int


@dataclass(frozen=True, slots=True)
class ModifyQuerySet:
    base_version: int
    new_version: int
    modifications: tuple[AddQuery | RemoveQuery, ...]


@dataclass(frozen=True, slots=True)
class RequestCall:
    """A Mutation or an Action."""

    kind: str
    request_id: int
    path: str
    args: list[Any]


@dataclass(frozen=True, slots=True)
class ClientEvent:
    event_type: str


ClientMessage = Connect | Authenticate | ModifyQuerySet | RequestCall | ClientEvent


@dataclass(frozen=True, slots=True)
class StateVersion:
    """Where one client's state stands: query-set version, identity version, timestamp in ns."""

    query_set: int
    identity: int
    ts: int

    def to_json(self) -> str:
        return f'{{"querySet":{self.query_set},"identity":{self.identity},"ts":"{encode_ts(self.ts)}"}}'


def encode_ts(ts: int) -> str:
    """u64 as base64 of 8 bytes little-endian (sync-protocol.md §1)."""
    return base64.b64encode(_U64.pack(ts)).decode()


def decode_ts(text: str) -> int:
    try:
        return int(_U64.unpack(base64.b64decode(text, validate=True))[0])
    except (binascii.Error, struct.error, ValueError) as error:
        raise ProtocolError(f"Invalid timestamp {text!r}: expected base64 of 8 bytes") from error


def parse_client_message(text: str) -> ClientMessage:
    """One text frame. Raises ProtocolError for whatever is not a client message of the protocol."""
    try:
        raw = parse_client_json(text)
        if not isinstance(raw, dict):
            raise ProtocolError("expected an object")
        return _parse(raw)
    except KeyError as error:
        reason = f"missing field `{error.args[0]}`"
    except (ValueError, TypeError, RecursionError) as error:
        reason = str(error)
    except ProtocolError as error:
        reason = error.message
    raise ProtocolError(f"Received Invalid JSON on websocket: {reason}")


def _parse(raw: dict[str, Any]) -> ClientMessage:
    match raw.get("type"):
        case "Connect":
            seen = raw.get("maxObservedTimestamp")
            observed = None if seen is None else decode_ts(_text(raw, "maxObservedTimestamp"))
            return Connect(_session_id(raw), observed, _milliseconds(raw.get("clientTs")))
        case "Authenticate":
            token = _text(raw, "value") if isinstance(raw.get("value"), str) else None
            acting_as = raw.get("impersonating", raw.get("actingAs"))
            return Authenticate(_version(raw, "baseVersion"), _text(raw, "tokenType"), token, acting_as)
        case "ModifyQuerySet":
            changes = tuple(_parse_modification(one) for one in _list(raw, "modifications"))
            return ModifyQuerySet(_version(raw, "baseVersion"), _version(raw, "newVersion"), changes)
        case "Mutation" | "Action" as kind:
            return RequestCall(kind, _version(raw, "requestId"), _function_path(raw), _list(raw, "args"))
        case "Event":
            return ClientEvent(_text(raw, "eventType"))
        case other:
            raise ProtocolError(f"Unknown message type {other!r}")


def _parse_modification(raw: dict[str, Any]) -> AddQuery | RemoveQuery:
    match raw["type"]:
        case "Add":
            journal = raw.get("journal")
            journal = journal if isinstance(journal, str) else None
            return AddQuery(_version(raw, "queryId"), _function_path(raw), _list(raw, "args"), journal)
        case "Remove":
            return RemoveQuery(_version(raw, "queryId"))
        case other:
            raise ProtocolError(f"Unknown query set modification {other!r}")


def _session_id(raw: dict[str, Any]) -> str:
    session_id = _text(raw, "sessionId")
    if len(session_id) > SESSION_ID_LENGTH_MAX:
        raise TypeError("sessionId is too long")
    return session_id


def _text(raw: dict[str, Any], name: str) -> str:
    value = raw[name]
    if not isinstance(value, str):
        raise TypeError(f"{name} must be a string")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise TypeError(f"{name} must be valid Unicode") from None
    return value


def _function_path(raw: dict[str, Any]) -> str:
    path = _text(raw, "udfPath")
    problem = path_problem(path)
    if problem is not None:
        raise ProtocolError(problem)
    return canonical_path(path)


def _list(raw: dict[str, Any], name: str) -> list[Any]:
    value = raw[name]
    if not isinstance(value, list):
        raise TypeError(f"{name} must be an array")
    return value


def _milliseconds(value: Any) -> int | None:
    is_time = type(value) in (int, float) and 0 <= value < 1 << 53
    return int(value) if is_time else None


def _version(raw: dict[str, Any], name: str) -> int:
    value = raw[name]
    if type(value) is not int or not 0 <= value < 1 << 32:
        raise TypeError(f"{name} must be an unsigned integer")
    return value


# Values arrive as JSON text from the functions, so messages are put together as text and never decoded again.


def transition(
    start: StateVersion, end: StateVersion, modifications: list[str], server_ns: int, skew_ms: int | None
) -> str:
    skew = "null" if skew_ms is None else skew_ms
    return (
        f'{{"type":"Transition","startVersion":{start.to_json()},"endVersion":{end.to_json()},'
        f'"modifications":[{",".join(modifications)}],"clientClockSkew":{skew},"serverTs":{server_ns}}}'
    )


def query_result(value_json: str, log_lines: tuple[str, ...], journal: str | None) -> str:
    """What a QueryUpdated says of the result: the same text for every client of the query."""
    return f'"value":{value_json},"logLines":{json.dumps(log_lines)},"journal":{json.dumps(journal)}}}'


def query_updated(query_id: int, result: str) -> str:
    """`result` is a text of `query_result`."""
    return f'{{"type":"QueryUpdated","queryId":{query_id},{result}'


def query_failed(
    query_id: int, message: str, log_lines: tuple[str, ...], error_data: dict[str, Any], journal: str | None
) -> str:
    failed = {
        "type": "QueryFailed",
        "queryId": query_id,
        "errorMessage": message,
        "logLines": log_lines,
        "journal": journal,
    }
    return json.dumps(failed | error_data)


def query_removed(query_id: int) -> str:
    return json.dumps({"type": "QueryRemoved", "queryId": query_id})


def mutation_succeeded(request_id: int, value_json: str, ts: int, log_lines: tuple[str, ...]) -> str:
    return (
        f'{{"type":"MutationResponse","requestId":{request_id},"success":true,"result":{value_json},'
        f'"ts":"{encode_ts(ts)}","logLines":{json.dumps(log_lines)}}}'
    )


def action_succeeded(request_id: int, value_json: str, log_lines: tuple[str, ...]) -> str:
    return (
        f'{{"type":"ActionResponse","requestId":{request_id},"success":true,"result":{value_json},'
        f'"logLines":{json.dumps(log_lines)}}}'
    )


def request_failed(
    kind: str, request_id: int, message: str, log_lines: tuple[str, ...], error_data: dict[str, Any]
) -> str:
    failed: dict[str, Any] = {
        "type": f"{kind}Response",
        "requestId": request_id,
        "success": False,
        "result": message,
        "logLines": log_lines,
    }
    if kind == "Mutation":
        failed["ts"] = None
    return json.dumps(failed | error_data)


def auth_error(message: str, base_version: int, *, was_attempted: bool) -> str:
    """`was_attempted`: the answer to an Authenticate; else the token expired while the client used it."""
    refusal = {"type": "AuthError", "error": message, "baseVersion": base_version, "authUpdateAttempted": was_attempted}
    return json.dumps(refusal)


def fatal_error(message: str) -> str:
    return json.dumps({"type": "FatalError", "error": message})


PING = json.dumps({"type": "Ping"})
