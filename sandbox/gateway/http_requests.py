"""Requests to the HTTP API, read: bodies, credentials, the wanted format. And the refusals that they may meet.

Facts: docs/spec/sync-protocol.md §5. A refusal is about the request; what a function throws is an answer instead.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from django.http import HttpRequest

from sandbox.engine import (
    Caller,
    LearnerError,
    ProtocolError,
    decode_ts,
    limits,
    parse_client_json,
    parse_format,
    path_problem,
)

if TYPE_CHECKING:
    from sandbox.engine import Deployment, ValueFormat

# Clients from before these versions wait for the encoded form without asking for it.
_FORMAT_IS_ASKED_FOR = {
    "npm": (1, 4, 1),
    "npm-cli": (1, 4, 1),
    "actions": (1, 4, 1),
    "python": (0, 5, 0),
    "python-convex": (0, 5, 0),
}
_CLIENT = re.compile(r"([a-z-]+?)-(\d+)\.(\d+)\.(\d+)", re.IGNORECASE)
_JSON_TYPE = re.compile(r"application/([\w.-]+\+)?json\s*(;.*)?", re.IGNORECASE)
_STATUS_OF_CODE = {
    "HeaderParseFailure": 400,
    "InvalidIdentity": 400,
    "AuthProviderDiscoveryFailed": 400,
}


class Refusal(Exception):
    """An answer of the form `{"code", "message"}` with that HTTP status."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message

    @property
    def text(self) -> str:
        return json.dumps({"code": self.code, "message": self.message})


def json_body(request: HttpRequest) -> dict[str, Any]:
    """The body's JSON object. Raises Refusal `BadJsonBody`."""
    if not _JSON_TYPE.fullmatch(request.headers.get("Content-Type", "")):
        raise _bad_body("Expected request with `Content-Type: application/json`")
    # Not `request.body`: Django holds that to the size of a form.
    raw = request.read(limits.CLIENT_JSON_BYTES_MAX + 1)
    if len(raw) > limits.CLIENT_JSON_BYTES_MAX:
        raise Refusal(413, "BadJsonBody", "length limit exceeded")
    try:
        body = parse_client_json(raw)
    except (ValueError, RecursionError) as error:
        raise _bad_body(f"Failed to parse the request body as JSON: {error}") from None
    if not isinstance(body, dict):
        raise _bad_shape("expected an object")
    return body


def text_field(body: dict[str, Any], name: str) -> str:
    value = _field(body, name)
    if not isinstance(value, str):
        raise _bad_shape(f"{name}: expected a string")
    return value


def arguments(body: dict[str, Any]) -> dict[str, Any] | list[Any]:
    """An object, or the older form: an array of positional arguments. Anything else is one, and refused later."""
    value = _field(body, "args")
    return value if isinstance(value, dict | list) else [value]


def function_path(body: dict[str, Any]) -> str:
    return checked_path(text_field(body, "path"))


def checked_path(path: str) -> str:
    """Raises Refusal for what cannot be the path of a function."""
    problem = path_problem(path)
    if problem is not None:
        message = f"{path} is not a valid path to a Convex function. {problem}"
        raise Refusal(400, "BadConvexFunctionIdentifier", message)
    return path


def check_client(request: HttpRequest) -> None:
    """Raises Refusal for a `Convex-Client` header that names no version."""
    client = request.headers.get("Convex-Client")
    if client is not None and "-" not in client:
        text = (
            f"Failed to parse client version string: '{client}'. "
            "Expected format is {client_name}-{semver}, e.g. my-esolang-client-0.0.1"
        )
        raise Refusal(400, "InvalidClientVersion", text)


def timestamp(body: dict[str, Any]) -> int:
    """In nanoseconds."""
    try:
        return decode_ts(text_field(body, "ts"))
    except ProtocolError as error:
        raise _bad_shape(f"ts: {error.message}") from None


def wanted_format(name: object, request: HttpRequest) -> ValueFormat:
    """What the request names, else what its client has always got."""
    if name is None:
        return _default_format(request.headers.get("Convex-Client", ""))
    if not isinstance(name, str):
        raise _bad_shape("format: expected a string")
    try:
        return parse_format(name)
    except LearnerError as error:
        raise Refusal(400, error.code, error.message) from None


def caller_of(request: HttpRequest, deployment: Deployment) -> Caller:
    """Whose request it is, by its Authorization header, or the admin key in its address."""
    header, key = request.headers.get("Authorization"), request.GET.get("adminKey")
    try:
        if header is None:
            return Caller() if key is None else deployment.callers.admin(str(key))
        if len(header) < len("convex "):
            raise Refusal(400, "InvalidHeaderFailure", "Invalid authentication header")
        scheme, _, credentials = header.partition(" ")
        match scheme.lower():
            case "convex":
                return deployment.callers.admin_header(credentials.strip())
            case "bearer":
                return deployment.callers.user(credentials.strip())
    except LearnerError as error:
        raise Refusal(_STATUS_OF_CODE.get(error.code, 401), error.code, error.message) from None
    raise Refusal(400, "InvalidAdminKey", "Invalid admin key")


def _default_format(client: str) -> ValueFormat:
    known = _CLIENT.match(client)
    name = known[1].lower() if known else ""
    if known is None or name not in _FORMAT_IS_ASKED_FOR:
        return "json"
    version = int(known[2]), int(known[3]), int(known[4])
    return "json" if version >= _FORMAT_IS_ASKED_FOR[name] else "convex_encoded_json"


def _field(body: dict[str, Any], name: str) -> Any:
    if name not in body:
        raise _bad_shape(f"missing field `{name}`")
    return body[name]


def _bad_shape(reason: str) -> Refusal:
    return _bad_body(f"Failed to deserialize the JSON body into the target type: {reason}")


def _bad_body(message: str) -> Refusal:
    return Refusal(400, "BadJsonBody", message)
