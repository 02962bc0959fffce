"""What Convex's command line asks a hosted project for, besides its functions."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from tests.gateway.test_host import Hosted
from tests.wire.conftest import ADMIN_KEY

pytestmark = pytest.mark.slow
ADMIN = {"Authorization": f"Convex {ADMIN_KEY}"}


def test_it_says_what_it_is(hosted: Hosted) -> None:
    assert requests.get(hosted.url, timeout=20).text.startswith("This Convex deployment is running.")
    assert requests.get(f"{hosted.url}/instance_name", timeout=20).text == "wire-tests"
    assert requests.get(f"{hosted.url}/instance_version", timeout=20).text


CALLS = [("POST", "/api/query"), ("GET", "/version"), ("OPTIONS", "/api/query")]


@pytest.mark.parametrize(("method", "address"), CALLS)
def test_an_answer_says_how_long_it_is(hosted: Hosted, method: str, address: str) -> None:
    call = {"path": "m:says", "args": {"value": "longer in UTF-8: é"}, "format": "json"}
    answer = requests.request(method, hosted.url + address, json=call, timeout=20)
    assert answer.headers["Content-Length"] == str(len(answer.content))
    assert "Transfer-Encoding" not in answer.headers


def test_it_says_where_it_is(hosted: Hosted) -> None:
    urls = requests.get(f"{hosted.url}/api/v1/get_canonical_urls", headers=ADMIN, timeout=20).json()
    assert urls == {"convexCloudUrl": hosted.url, "convexSiteUrl": hosted.site_url}
    assert run(hosted, "_system/cli/convexUrl:cloudUrl")["value"] == hosted.url
    assert run(hosted, "_system/cli/convexUrl:siteUrl")["value"] == hosted.site_url
    assert requests.get(f"{hosted.url}/api/v1/get_canonical_urls", timeout=20).status_code == 403


def run(hosted: Hosted, path: str, **args: Any) -> Any:
    body = {"path": path, "args": args, "format": "convex_encoded_json"}
    return requests.post(f"{hosted.url}/api/function", json=body, headers=ADMIN, timeout=20).json()


def logs(hosted: Hosted, cursor: float, address: str = "stream_function_logs") -> Any:
    answer = requests.get(f"{hosted.url}/api/{address}?cursor={cursor}", headers=ADMIN, timeout=20)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_runs_are_told_one_after_the_other(hosted: Hosted) -> None:
    run(hosted, "m:says", value="before")
    before = logs(hosted, 0)
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(logs, hosted, before["newCursor"])
        run(hosted, "m:add", text="told")
        told = waiting.result()
    (entry,) = told["entries"]
    assert told["newCursor"] > before["newCursor"]
    assert (entry["kind"], entry["udfType"], entry["identifier"]) == ("Completion", "Mutation", "m:add")
    assert [(line["level"], line["messages"]) for line in entry["logLines"]] == [("LOG", ["'adding' 'told'"])]
    assert (entry["error"], entry["usageStats"]["databaseWriteDocuments"]) == (None, 1)
    run(hosted, "m:fail")
    after = logs(hosted, told["newCursor"], "stream_udf_execution")["entries"]
    assert after[0]["error"].startswith("Uncaught Error: kaboom")
    assert logs(hosted, before["newCursor"], "stream_udf_execution")["entries"][0]["logLines"] == [
        "[LOG] 'adding' 'told'"
    ]


@pytest.mark.parametrize(
    ("headers", "query", "status", "code"),
    [
        ({}, "?cursor=0", 403, "BadDeployKey"),
        ({"Authorization": "Convex wrong"}, "?cursor=0", 401, "BadAdminKey"),
        (ADMIN, "", 400, "BadQueryArgs"),
        (ADMIN, "?cursor=x", 400, "BadQueryArgs"),
    ],
)
def test_whose_logs_they_are(hosted: Hosted, headers: Any, query: str, status: int, code: str) -> None:
    refused = requests.get(f"{hosted.url}/api/stream_function_logs{query}", headers=headers, timeout=20)
    assert (refused.status_code, refused.json()["code"]) == (status, code)


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("deploy2/start_push", "npx convex deploy` cannot push to it"),
        ("get_config_hashes", "npx convex deploy` cannot push to it"),
        ("export/request/zip", "neither exports nor imports"),
        ("import/start_upload", "neither exports nor imports"),
        ("run_test_function", "--inline-query"),
    ],
)
def test_what_it_does_not_do_it_says(hosted: Hosted, address: str, told: str) -> None:
    refused = requests.post(f"{hosted.url}/api/{address}", json={}, headers=ADMIN, timeout=20)
    assert (refused.status_code, refused.json()["code"]) == (400, "NotSupported"), "404 would be asked again"
    assert told in refused.json()["message"]


def test_other_addresses_are_not_there(hosted: Hosted) -> None:
    missing = requests.get(f"{hosted.url}/api/nothing", timeout=20)
    assert (missing.status_code, json.loads(missing.text)["code"]) == (404, "NotFound")
    preflight = requests.options(f"{hosted.url}/api/nothing", headers={"Origin": "https://a.example"}, timeout=20)
    assert preflight.headers["Access-Control-Allow-Origin"] == "https://a.example"
