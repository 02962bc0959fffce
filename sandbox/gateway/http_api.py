"""The HTTP API of a deployment, as Convex's clients without a socket speak it: docs/spec/sync-protocol.md §5.

Which deployment a request means is not decided here: `api_routes` takes a function that finds it, by the token in the
path below /s/, or as the only one there is. What a function throws is an answer with status 200; only what is wrong
with the request itself has another status.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.views.decorators.csrf import csrf_exempt

from sandbox.engine import (
    Caller,
    LearnerError,
    RunnerRefused,
    StoreUnavailable,
    ValueFormat,
    bare_path,
    encode_ts,
    http_answer,
    http_failure,
    is_retriable,
    parse_client_json,
)
from sandbox.gateway import safe_answers
from sandbox.gateway.http_requests import (
    Refusal,
    arguments,
    caller_of,
    check_client,
    checked_path,
    function_path,
    json_body,
    timestamp,
    wanted_format,
)

if TYPE_CHECKING:
    from sandbox.engine import Deployment, Outcome

logger = logging.getLogger(__name__)

Find = Callable[..., "AbstractAsyncContextManager[Deployment]"]
"""`find(request, **what the path holds)`: the deployment, open until the block ends. Raises Refusal."""

VERSION = "reactive-sandbox"
PREFLIGHT_MAX_AGE_S = 86_400
BODILESS = (204, 304)
METHODS = "GET,POST,OPTIONS,PATCH,DELETE,PUT"


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request with the deployment that it is for and who asks."""

    request: HttpRequest
    deployment: Deployment
    caller: Caller

    async def run(self, function: str, args: Any, kind: Any) -> Outcome:
        identity, is_admin = self.caller.identity, self.caller.is_admin
        return await self.deployment.run(function, args, identity=identity, is_admin=is_admin, kind=kind)

    async def run_any(self, function: str, args: Any, format_: ValueFormat) -> str:
        """A function of whichever kind it is, as JSON text."""
        if not await self.deployment.has_function(function):
            text = f"Could not find function for '{bare_path(function)}'. Did you forget to run `npx convex dev`?"
            return http_failure(LearnerError(text, code="FunctionNotFound"), format_)
        return answer_of(await self.run(function, args, None), format_)

    def require_admin(self) -> None:
        if not self.caller.is_admin:
            raise Refusal(
                403,
                "BadDeployKey",
                "The provided deploy key was invalid for this deployment. Double check that the environment this key "
                "was generated for matches the desired deployment.",
            )

    def format(self, body: dict[str, Any], default: ValueFormat | None = None) -> ValueFormat:
        name = body.get("format")
        return default if name is None and default is not None else wanted_format(name, self.request)


def answer_of(outcome: Outcome, format_: ValueFormat) -> str:
    """Raises Refusal where it is not the function's own answer."""
    if outcome.error is not None and is_retriable(outcome.error):
        raise Refusal(503, outcome.error.code, outcome.error.message)
    return http_answer(outcome, format_)


Handler = Callable[..., Awaitable[str]]
"""`handler(exchange, **what the path holds)`: the JSON text of the answer. Raises Refusal."""


def api_routes(find: Find) -> list[URLPattern]:
    """The addresses below the deployment's URL, ready for a URLconf."""

    def route(address: str, **handlers: Handler) -> URLPattern:
        return path(f"api/{address}", endpoint(find, handlers))

    return [
        path("version", version),
        route("query", POST=_call("query"), GET=_query_by_address),
        route("mutation", POST=_call("mutation")),
        route("action", POST=_call("action")),
        route("function", POST=_function),
        route("run/<path:function>", POST=_run),
        route("check_admin_key", GET=_check_admin_key),
        route("query_ts", POST=_newest_ts, GET=_newest_ts),
        route("query_at_ts", POST=_query_at_ts),
        route("query_batch", POST=_query_batch),
    ]


@csrf_exempt
async def version(request: HttpRequest, **_: str) -> HttpResponse:
    """For clients and tools that ask whether a deployment is there."""
    return open_to_pages(request, HttpResponse(VERSION, content_type="text/plain; charset=utf-8"))


def endpoint(find: Find, handlers: dict[str, Handler]) -> Callable[..., Coroutine[Any, Any, HttpResponse]]:
    """The view of one address: preflights, methods, credentials, and refusals as JSON."""

    async def answer(request: HttpRequest, inner: dict[str, str], place: dict[str, str]) -> HttpResponse:
        handler = handlers[request.method or ""]
        check_client(request)
        async with find(request, **place) as deployment:
            exchange = Exchange(request, deployment, caller_of(request, deployment))
            return safe_answers.json_text(await handler(exchange, **inner))

    @csrf_exempt
    @wraps(answer)
    async def view(request: HttpRequest, **place: str) -> HttpResponse:
        if request.method not in handlers:
            return other_method(request, handlers)
        inner = {name: place.pop(name) for name in ("function",) if name in place}
        try:
            response = await answer(request, inner, place)
        except Refusal as refusal:
            response = safe_answers.json_text(refusal.text, status=refusal.status)
        except StoreUnavailable as error:
            response = safe_answers.json_text(store_unavailable(error).text, status=503)
        except RunnerRefused as error:
            logger.error("The deployment does not run: %s", error.message)
            response = internal_error()
        except Exception:
            logger.exception("A request of the HTTP API failed")
            response = internal_error()
        return open_to_pages(request, response)

    return view


def store_unavailable(error: StoreUnavailable) -> Refusal:
    """What whoever asks is told, and the log, which also hears what the system said."""
    logger.error("%s (%s)", error.message, error.__cause__)
    return Refusal(503, error.code, error.message)


def internal_error() -> HttpResponse:
    """What went wrong is ours and not told."""
    failure = Refusal(500, "InternalServerError", "Your request couldn't be completed. Try again later.")
    return safe_answers.json_text(failure.text, status=failure.status)


def other_method(request: HttpRequest, methods: Iterable[str]) -> HttpResponse:
    """The answer to a preflight, or to a method that the address does not have."""
    allowed = ",".join(["GET,HEAD" if method == "GET" else method for method in methods])
    is_preflight = request.method == "OPTIONS"
    response = HttpResponse(status=200 if is_preflight else 405)
    del response["Content-Type"]
    response["Allow"] = allowed
    if is_preflight:
        wanted = request.headers.get("Access-Control-Request-Headers", "")
        if wanted and wanted.isprintable():
            response["Access-Control-Allow-Headers"] = wanted
        response["Access-Control-Allow-Methods"] = METHODS
        response["Access-Control-Max-Age"] = str(PREFLIGHT_MAX_AGE_S)
    return open_to_pages(request, response)


def open_to_pages(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Any page may use a deployment that it has the address of: credentials are in headers, never in cookies.

    The page's own origin stands where others write `*`, as Convex does: then it may also ask with credentials.
    """
    origin = request.headers.get("Origin")
    response["Access-Control-Allow-Origin"] = origin if origin and origin.isprintable() else "*"
    if origin:
        response["Access-Control-Allow-Credentials"] = "true"
    response["Vary"] = "origin, access-control-request-method, access-control-request-headers"
    if response.status_code not in BODILESS:
        # Without it the server sends the body in chunks, and a client cannot tell how much is to come.
        response.headers.setdefault("Content-Length", str(len(response.content)))
    return response


def _call(kind: str) -> Handler:
    async def call(exchange: Exchange) -> str:
        body = json_body(exchange.request)
        function, args, format_ = function_path(body), arguments(body), exchange.format(body)
        return answer_of(await exchange.run(function, args, kind), format_)

    return call


async def _query_by_address(exchange: Exchange) -> str:
    asked = {name: str(value) for name, value in exchange.request.GET.items()}
    for name in ("path", "args"):
        if name not in asked:
            raise Refusal(400, "BadQueryArgs", f"Failed to deserialize query string: missing field `{name}`")
    try:
        args = parse_client_json(asked["args"])
    except (ValueError, RecursionError) as error:
        raise Refusal(400, "BadQueryArgs", f"Failed to deserialize query string: args: {error}") from None
    outcome = await exchange.run(checked_path(asked["path"]), arguments({"args": args}), "query")
    return answer_of(outcome, exchange.format(dict(asked)))


async def _function(exchange: Exchange) -> str:
    """A function of any kind, for admins: internal ones, too."""
    body = json_body(exchange.request)
    exchange.require_admin()
    if body.get("componentPath"):
        raise Refusal(400, "ComponentsNotAvailable", "Components are not available in this sandbox")
    return await exchange.run_any(function_path(body), arguments(body), exchange.format(body))


async def _run(exchange: Exchange, function: str) -> str:
    """`/api/run/messages/list`: a function of any kind, named by the address."""
    *module, name = (unquote(part) for part in function.split("/"))
    if not module:
        raise Refusal(
            400, "MissingIdentifier", "Path or function name not provided in path, e.g. /api/run/messages/list"
        )
    body = json_body(exchange.request)
    path_ = checked_path(f"{'/'.join(module)}:{name}")
    return await exchange.run_any(path_, arguments(body), exchange.format(body, default="json"))


async def _check_admin_key(exchange: Exchange) -> str:
    exchange.require_admin()
    return '{"success":true}'


async def _newest_ts(exchange: Exchange) -> str:
    return json.dumps({"ts": encode_ts(await exchange.deployment.store.head())})


async def _query_at_ts(exchange: Exchange) -> str:
    body = json_body(exchange.request)
    function, args, ts, format_ = function_path(body), arguments(body), timestamp(body), exchange.format(body)
    try:
        outcome = await exchange.deployment.run_query_at(ts, function, args, caller=exchange.caller)
    except LearnerError as error:
        raise Refusal(400, error.code, error.message) from None
    return answer_of(outcome, format_)


async def _query_batch(exchange: Exchange) -> str:
    """Several queries of one moment."""
    queries = json_body(exchange.request).get("queries")
    if not isinstance(queries, list) or not all(isinstance(query, dict) for query in queries):
        message = "Failed to deserialize the JSON body into the target type: missing field `queries`"
        raise Refusal(400, "BadJsonBody", message)
    asked = [(function_path(query), arguments(query)) for query in queries]
    formats = [exchange.format(query) for query in queries]
    outcomes = await exchange.deployment.run_query_batch(asked, caller=exchange.caller)
    answers = (answer_of(outcome, format_) for outcome, format_ in zip(outcomes, formats, strict=True))
    return f'{{"results":[{",".join(answers)}]}}'
