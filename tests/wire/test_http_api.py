"""The HTTP API of docs/spec/sync-protocol.md §5, through Django's views and the real engine."""

from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import quote

import pytest

from tests.wire.conftest import Api

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_query_a_mutation_and_what_they_say(api: Api) -> None:
    assert await api.call("mutation", "m:add", {"text": "hello"}) == {
        "status": "success",
        "value": "hello",
        "logLines": ["[LOG] 'adding' 'hello'"],
    }
    listed = await api.call("query", "m:list")
    assert listed["status"] == "success"
    assert "hello" in listed["value"]


async def test_arguments_may_stand_in_an_array(api: Api) -> None:
    assert (await api.call("query", "m:says", [{"value": "x"}]))["value"] == "x"


async def test_a_path_may_name_its_file(api: Api) -> None:
    assert (await api.call("query", "dir/n.js:says", {"value": "x"}))["value"] == "x"


async def test_an_error_is_an_answer(api: Api) -> None:
    failed = await api.call("query", "m:fail")
    assert failed["status"] == "error"
    assert failed["errorMessage"].startswith("[Request ID: ")
    assert "Server Error\nUncaught Error: kaboom\n    at " in failed["errorMessage"]
    assert "errorData" not in failed


async def test_the_data_of_a_convex_error_is_told_and_nothing_was_written(api: Api) -> None:
    failed = await api.call("mutation", "m:refuse", format="convex_encoded_json")
    assert failed["errorData"] == {"left": {"$integer": "AAAAAAAAAAA="}, "reason": "closed"}
    assert "never" not in (await api.call("query", "m:list"))["value"]


@pytest.mark.parametrize(
    ("kind", "function", "text"),
    [
        ("query", "m:nothing", "Could not find public function for 'm:nothing'"),
        ("query", "m:secret", "Could not find public function for 'm:secret'"),
        ("query", "m:add", "Trying to execute m.js:add as Query, but it is defined as Mutation."),
        ("mutation", "m:list", "Trying to execute m.js:list as Mutation, but it is defined as Query."),
    ],
)
async def test_what_cannot_be_called_so(api: Api, kind: str, function: str, text: str) -> None:
    failed = await api.call(kind, function)
    assert failed["status"] == "error"
    assert text in failed["errorMessage"]


@pytest.mark.parametrize(
    ("format_", "value"),
    [
        ("convex_encoded_json", {"i": {"$integer": "BQAAAAAAAAA="}, "n": 1.0}),
        ("convex_json", {"i": {"$integer": "BQAAAAAAAAA="}, "n": 1.0}),
        ("json", {"i": "5", "n": 1.0}),
        ("convex_clean_json", {"i": "5", "n": 1.0}),
        ("export_json", {"i": 5, "n": 1.0}),
        (None, {"i": "5", "n": 1.0}),
    ],
)
async def test_the_caller_names_the_format(api: Api, format_: str | None, value: Any) -> None:
    body = {"path": "m:echo", "args": {"value": {"i": {"$integer": "BQAAAAAAAAA="}, "n": 1}}}
    response = await api.request("POST", "/api/query", body if format_ is None else body | {"format": format_})
    assert json.loads(response.content)["value"] == value
    assert b'"n":1.0' in response.content, "clients in Python read a float only where there is a point"


@pytest.mark.parametrize(
    ("client", "value"),
    [
        ("npm-1.48.0", "5"),
        ("npm-1.4.0", {"$integer": "BQAAAAAAAAA="}),
        ("npm-cli-1.3.0", {"$integer": "BQAAAAAAAAA="}),
        ("python-0.4.0", {"$integer": "BQAAAAAAAAA="}),
        ("python-convex-0.4.0", {"$integer": "BQAAAAAAAAA="}),
        ("rust-0.1.0", "5"),
        ("anything-else", "5"),
    ],
)
async def test_old_clients_get_the_encoded_form_unasked(api: Api, client: str, value: Any) -> None:
    body = {"path": "m:echo", "args": {"value": {"$integer": "BQAAAAAAAAA="}}}
    assert (await api.post("query", body, Convex_Client=client))["value"] == value


async def test_a_client_without_a_version_is_refused(api: Api) -> None:
    response = await api.request("POST", "/api/query", {"path": "m:list", "args": {}}, Convex_Client="curl")
    refusal = json.loads(response.content)
    assert (response.status_code, refusal["code"]) == (400, "InvalidClientVersion")
    assert refusal["message"].startswith(
        "Failed to parse client version string: 'curl'. Expected format is {client_name}-"
    )


async def test_a_query_by_address(api: Api) -> None:
    address = "/api/query?path=m:echo&args=%7B%22value%22%3A%7B%22%24integer%22%3A%22BQAAAAAAAAA%3D%22%7D%7D"
    response = await api.request("GET", f"{address}&format=json")
    assert json.loads(response.content) == {"status": "success", "value": "5"}
    missing = await api.request("GET", "/api/query?path=m:list")
    assert (missing.status_code, json.loads(missing.content)["code"]) == (400, "BadQueryArgs")


async def test_a_function_of_any_kind(api: Api) -> None:
    admin = {"headers": {"Authorization": f"Convex {api.admin_key}"}}
    assert (await api.call("function", "m:says", {"value": "x"}, **admin))["value"] == "x"
    assert (await api.call("function", "m:add", {"text": "any kind"}, **admin))["value"] == "any kind"
    missing = (await api.call("function", "m:nothing", **admin))["errorMessage"]
    assert "Could not find function for 'm:nothing'. Did you forget to run `npx convex dev`?" in missing
    refused = await api.call("function", "m:list", componentPath="part", **admin)
    assert refused == {"code": "ComponentsNotAvailable", "message": "Components are not available in this sandbox"}


async def test_a_function_of_any_kind_is_for_admins(api: Api) -> None:
    response = await api.request("POST", "/api/function", {"path": "m:says", "args": {"value": "x"}})
    assert (response.status_code, json.loads(response.content)["code"]) == (403, "BadDeployKey")


async def test_an_admin_key_is_known(api: Api) -> None:
    address = f"/api/check_admin_key?adminKey={quote(api.admin_key)}"
    assert json.loads((await api.request("GET", address)).content) == {"success": True}
    assert (await api.request("GET", "/api/check_admin_key")).status_code == 403
    wrong = await api.request("GET", "/api/check_admin_key?adminKey=wrong")
    assert (wrong.status_code, json.loads(wrong.content)["code"]) == (401, "BadAdminKey")


@pytest.mark.parametrize("path", ["", "m:a:b", "m/o-k", "song.mp3:play", "/m:list"])
@pytest.mark.parametrize("address", ["query", "mutation", "action", "query_at_ts", "function"])
async def test_what_can_be_no_function(api: Api, path: str, address: str) -> None:
    body = {"path": path, "args": {}, "ts": "AAAAAAAAAAA="}
    headers = {"Authorization": f"Convex {api.admin_key}"}
    response = await api.request("POST", f"/api/{address}", body, **headers)
    refusal = json.loads(response.content)
    assert (response.status_code, refusal["code"]) == (400, "BadConvexFunctionIdentifier")
    assert refusal["message"].startswith(f"{path} is not a valid path to a Convex function. ")


@pytest.mark.parametrize(
    ("args", "text"),
    [
        (5, "ArgumentValidationError: Expected to receive an object as the function's argument. Instead received: 5.0"),
        (None, "Instead received: null"),
        (
            [{}, {}],
            "Expected to receive a single object as the function's argument. Instead received 2 arguments: [{}, {}]",
        ),
    ],
)
async def test_arguments_that_are_no_object_are_the_functions_to_refuse(api: Api, args: Any, text: str) -> None:
    failed = await api.post("query", {"path": "m:list", "args": args})
    assert failed["status"] == "error"
    assert text in failed["errorMessage"]


async def test_a_function_named_by_the_address(api: Api) -> None:
    assert await api.post("run/m/says", {"args": {"value": "x"}}) == {"status": "success", "value": "x"}
    assert (await api.post("run/dir/n/says", {"args": {"value": "y"}}))["value"] == "y"
    integer = {"args": {"value": {"$integer": "BQAAAAAAAAA="}}}
    assert (await api.post("run/m/echo", integer, Convex_Client="npm-0.1.0"))["value"] == "5"
    missing = await api.request("POST", "/api/run/list", {"args": {}})
    assert missing.status_code == 400
    assert json.loads(missing.content)["code"] == "MissingIdentifier"


async def test_queries_of_one_moment(api: Api) -> None:
    ts = (await api.post("query_ts", {}))["ts"]
    before = await api.call("query_at_ts", "m:list", ts=ts)
    assert before["status"] == "success"
    await api.call("mutation", "m:add", {"text": "later"})
    assert (await api.call("query_at_ts", "m:other", ts=ts))["value"] == 0.0
    assert await api.call("query_at_ts", "m:list", ts=ts) == before
    assert "later" in (await api.call("query", "m:list"))["value"]
    future = base64.b64encode((2**62).to_bytes(8, "little")).decode()
    ahead = await api.request("POST", "/api/query_at_ts", {"path": "m:list", "args": {}, "ts": future})
    assert (ahead.status_code, json.loads(ahead.content)["code"]) == (400, "InvalidTimestamp")


async def test_a_batch_of_queries(api: Api) -> None:
    queries = [
        {"path": "m:says", "args": {"value": "a"}},
        {"path": "m:fail", "args": {}},
        {"path": "m:echo", "args": [{"value": {"$integer": "BQAAAAAAAAA="}}], "format": "convex_encoded_json"},
    ]
    results = (await api.post("query_batch", {"queries": queries}))["results"]
    assert [result["status"] for result in results] == ["success", "error", "success"]
    assert results[2]["value"] == {"$integer": "BQAAAAAAAAA="}


async def test_the_version_and_the_door_for_browsers(api: Api) -> None:
    version = await api.request("GET", "/version")
    assert (version.status_code, version["Content-Type"]) == (200, "text/plain; charset=utf-8")
    assert version["Access-Control-Allow-Origin"] == "*"
    asked = {"Access_Control_Request_Method": "POST", "Access_Control_Request_Headers": "authorization,convex-client"}
    for address in ("query", "mutation", "action", "run/m/list", "query_ts"):
        preflight = await api.request("OPTIONS", f"/api/{address}", Origin="https://elsewhere.example", **asked)
        assert (preflight.status_code, preflight.content) == (200, b"")
        assert preflight["Access-Control-Allow-Origin"] == "https://elsewhere.example"
        assert preflight["Access-Control-Allow-Headers"] == "authorization,convex-client"
        assert preflight["Access-Control-Allow-Methods"] == "GET,POST,OPTIONS,PATCH,DELETE,PUT"
        assert preflight["Access-Control-Allow-Credentials"] == "true"
        assert preflight["Access-Control-Max-Age"] == "86400"
    for body in ({"path": "m:list", "args": {}}, {}):
        answer = await api.request("POST", "/api/query", body, Origin="null")
        assert answer["Access-Control-Allow-Origin"] == "null"
        assert "origin" in answer["Vary"]
        assert "Set-Cookie" not in answer


@pytest.mark.parametrize(
    ("body", "kind", "code", "text"),
    [
        (b"{}", "text/plain", "BadJsonBody", "Expected request with `Content-Type: application/json`"),
        (b"{nope", "application/json", "BadJsonBody", "Failed to parse the request body as JSON: "),
        (b"[" * 100_000, "application/json", "BadJsonBody", "Failed to parse the request body as JSON: "),
        (b"[]", "application/json; charset=utf-8", "BadJsonBody", "Failed to deserialize the JSON body"),
        (b'{"args":{}}', "application/json", "BadJsonBody", "missing field `path`"),
        (b'{"path":"m:list"}', "application/json", "BadJsonBody", "missing field `args`"),
        (b'{"path":"m:list","args":{},"format":"xml"}', "application/json", "BadFormat", "Got xml"),
        (b'{"path":"m:list","args":{},"format":5}', "application/json", "BadJsonBody", "format: expected a string"),
    ],
)
async def test_a_request_that_is_no_request(api: Api, body: bytes, kind: str, code: str, text: str) -> None:
    response = await api.request("POST", "/api/query", body, Content_Type=kind)
    refusal = json.loads(response.content)
    assert (response.status_code, refusal["code"]) == (400, code)
    assert text in refusal["message"]
    assert response["Access-Control-Allow-Origin"] == "*"


async def test_other_methods_and_other_tokens(api: Api) -> None:
    put = await api.request("PUT", "/api/query", {})
    assert (put.status_code, put.content, put["Allow"]) == (405, b"", "POST,GET,HEAD")
    api_of_nobody = Api(api.deployment)
    api_of_nobody.base = "/s/nonsense"
    refused = await api_of_nobody.request("POST", "/api/query", {"path": "m:list", "args": {}})
    assert (refused.status_code, json.loads(refused.content)["code"]) == (403, "TokenExpired")


async def test_who_asks_by_jwt(api: Api) -> None:
    mine = await api.call("query", "m:whoAmI", headers={"Authorization": f"Bearer {api.token}"})
    assert (mine["value"]["subject"], mine["value"]["name"]) == ("alice", "Alice")
    assert (await api.call("query", "m:whoAmI"))["value"] is None
    body = {"path": "m:whoAmI", "args": {}}
    forged = await api.request("POST", "/api/query", body, Authorization="Bearer a.b.c")
    assert forged.status_code == 401


async def test_an_admin_reaches_internal_functions(api: Api) -> None:
    headers = {"Authorization": f"Convex {api.admin_key}"}
    assert (await api.call("query", "m:secret", headers=headers))["value"] == "internal"
    assert (await api.call("function", "m:secret", headers=headers))["value"] == "internal"
    assert (await api.call("mutation", "m:wipe", headers=headers))["status"] == "success"
    assert (await api.call("query", "m:whoAmI", headers=headers))["value"] is None


async def test_an_admin_acts_as_somebody(api: Api) -> None:
    someone = base64.b64encode(json.dumps({"issuer": "tests", "subject": "eve", "name": "Eve"}).encode()).decode()
    acting = {"Authorization": f"Convex {api.admin_key}:{someone}"}
    assert (await api.call("query", "m:whoAmI", headers=acting))["value"] == {
        "issuer": "tests",
        "name": "Eve",
        "subject": "eve",
        "tokenIdentifier": "tests|eve",
    }
    assert (await api.call("query", "m:secret", headers=acting))["value"] == "internal"


@pytest.mark.parametrize(
    ("header", "status", "code"),
    [
        ("x", 400, "InvalidHeaderFailure"),
        ("Basic abcdefgh", 400, "InvalidAdminKey"),
        ("Convex nope", 401, "BadAdminKey"),
        ("Convex nope:bm90IGpzb24=", 400, "HeaderParseFailure"),
        ("convex nope:!!", 400, "HeaderParseFailure"),
    ],
)
async def test_credentials_that_are_none(api: Api, header: str, status: int, code: str) -> None:
    response = await api.request("POST", "/api/query", {"path": "m:list", "args": {}}, Authorization=header)
    assert (response.status_code, json.loads(response.content)["code"]) == (status, code)


async def test_an_admin_key_of_another_deployment_is_none(api: Api) -> None:
    from sandbox.gateway import keys

    response = await api.request(
        "POST", "/api/query", {"path": "m:list", "args": {}}, Authorization=f"Convex {keys.admin_key('other')}"
    )
    assert response.status_code == 401


async def test_an_admin_calls_the_functions_of_the_engine(api: Api) -> None:
    headers = {"Authorization": f"Convex {api.admin_key}"}
    added = await api.call(
        "mutation",
        "_system/frontend/addDocument",
        {"table": "plain", "documents": [{"tag": "by hand"}]},
        headers=headers,
    )
    assert added == {"status": "success", "value": {"success": True}}
    rows = await api.call("query", "_system/frontend/listTableScan", {"table": "plain", "limit": 1}, headers=headers)
    assert rows["value"][0]["tag"] == "by hand"
    spec = await api.call("function", "_system/cli/modules:apiSpec", headers=headers)
    assert "m.js:list" in [function["identifier"] for function in spec["value"]]
    stranger = await api.call("query", "_system/frontend/listTableScan", {"table": "plain", "limit": 1})
    assert "Could not find public function for '_system/frontend/listTableScan'" in stranger["errorMessage"]


async def test_a_mutation_that_always_loses_is_no_answer_of_the_function(api: Api, monkeypatch: Any) -> None:
    from sandbox.engine.errors import Conflict
    from sandbox.engine.runtime import executor

    async def lose(*_: Any, **__: Any) -> None:
        raise Conflict("notes", 1)

    monkeypatch.setattr(executor, "backoff_seconds", lambda retries: 0)
    monkeypatch.setattr(api.deployment.store, "commit", lose)
    lost = await api.request("POST", "/api/mutation", {"path": "m:add", "args": {"text": "never"}})
    refusal = json.loads(lost.content)
    assert (lost.status_code, refusal["code"]) == (503, "OptimisticConcurrencyControlFailure")
    assert refusal["message"].startswith('Documents read from or written to the "notes" table changed')


@pytest.mark.parametrize(
    ("op", "code", "text"),
    [
        ("throwOcc", "OptimisticConcurrencyControlFailure", "Documents read from or written to some table changed"),
        ("throwOverloaded", "Busy", "I'm a bit busy."),
    ],
)
async def test_trouble_of_the_backends_own_cannot_be_caught(api: Api, op: str, code: str, text: str) -> None:
    response = await api.request("POST", "/api/mutation", {"path": "m:trouble", "args": {"op": op}})
    refusal = json.loads(response.content)
    assert (response.status_code, refusal["code"]) == (503, code)
    assert refusal["message"].startswith(text)
    assert "never" not in (await api.call("query", "m:list"))["value"]


async def test_an_operation_that_is_none_can_be_caught(api: Api) -> None:
    assert (await api.call("mutation", "m:trouble", {"op": "throwNothing"}))["value"] == "caught"
