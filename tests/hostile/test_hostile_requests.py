"""Requests that no client sends, made by Hypothesis, to every kind of address of the real server.

None is answered with an error of ours, none takes long, and no answer shows a trace.
"""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.visitor import Visitor

pytestmark = pytest.mark.slow

FUZZ = settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
PATIENCE_S = 20.0

# ── bodies ──────────────────────────────────────────────────────────────────

odd_texts = st.sampled_from(
    [
        "",
        "__proto__",
        "constructor",
        "\ud800",
        "\0",
        "signups:create",
        "signups:listActive",
        "_system/frontend/getSchemas",
        "a" * 300,
        "../../etc/passwd",
        "\u202e",
        "{}",
    ]
) | st.text(max_size=6)
odd_numbers = st.sampled_from([0, -0.0, 1, -1, 2**53, 2**53 + 1, 2**64, -(2**63), 1e308, 0.1, 10**400])
json_values = st.recursive(
    st.none()
    | st.booleans()
    | odd_numbers
    | odd_texts
    | st.sampled_from(
        [
            {"$integer": "AAAAAAAAAIA="},
            {"$integer": "x"},
            {"$float": "AAAAAAAA+H8="},
            {"$bytes": "!"},
            {"$undefined": 1},
        ]
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(odd_texts, inner, max_size=3),
    max_leaves=8,
)
calls = st.fixed_dictionaries(
    {},
    optional={
        "path": odd_texts | json_values,
        "args": st.just({"ownerId": "alice"}) | st.lists(json_values, max_size=2) | json_values,
        "format": st.sampled_from(["json", "convex_json", "convex_encoded_json"]) | json_values,
        "ts": st.sampled_from(["AAAAAAAAAAA=", "//////////8=", "x", ""]) | json_values,
        "queries": st.lists(st.dictionaries(st.sampled_from(["path", "args"]), json_values), max_size=2) | json_values,
        "componentPath": json_values,
        "base_revision": json_values,
        "files": st.dictionaries(st.sampled_from(["convex/signups.ts", "src/App.tsx", "../x"]), odd_texts)
        | json_values,
        "compiled": st.dictionaries(st.just("src/App.js"), odd_texts) | json_values,
    },
)
raw_texts = st.sampled_from(
    [
        b"",
        b"{",
        b"[" * 50_000,
        b'{"a":' * 50_000,
        b"NaN",
        b'{"path":NaN,"args":Infinity}',
        b'{"path":"a","path":"b","args":{}}',
        b"\xff\xfe{}",
        b"\xef\xbb\xbf{}",
        b'{"path":"signups:listActive","args":[' + b"9" * 5_000 + b"]}",
        b"1e999",
        b'"\\ud800"',
        b'{"path":"signups:listActive","args":' + b"[" * 900 + b"]" * 900 + b"}",
        b'{"__proto__":{"path":"x"},"args":{}}',
        b'{"path":"signups:listActive","args":{"ownerId":"\\u0000"}}',
        b'{"path":"signups:create","args":[{},{}]}',
    ]
)
bodies = calls.map(lambda call: json.dumps(call).encode()) | raw_texts | st.binary(max_size=40)

# ── addresses and headers ───────────────────────────────────────────────────

parts = st.sampled_from(
    [
        "1",
        "0",
        "-1",
        "9" * 30,
        "9" * 5_000,
        "alice",
        "App.js",
        "signups/listActive",
        "%00",
        "%ff",
        "%ed%a0%80",
        "..%2f..",
        "a" * 3_000,
        "",
        "upload",
        "00000000-0000-4000-8000-000000000000",
        "é",
        "x:y",
        "_system/frontend/getSchemas",
        "{}",
        "%",
    ]
)
templates = st.sampled_from(
    [
        "/s/{token}/api/{api}",
        "/s/{token}/api/run/{part}",
        "/s/{token}/api/storage/{part}",
        "/s/{token}/app/{part}/{part2}",
        "/s/{token}/frame/{part}",
        "/s/{part}/api/{api}",
        "/d/{own}/storage/{part}",
        "/d/{own}/http/{part}",
        "/d/{part}/storage/{part2}",
        "/w/{own}/files",
        "/w/{own}/token",
        "/w/{own}/tasks/{part}/check",
        "/w/{part}/files",
        "/learn/{part}/",
        "/docs/{part}",
        "/static/{part}",
        "/start/",
        "/",
        "/{part}",
    ]
)
apis = st.sampled_from(
    [
        "query",
        "mutation",
        "action",
        "function",
        "query_ts",
        "query_at_ts",
        "query_batch",
        "version",
        "sync",
        "x",
        "1.48.0/sync",
    ]
)
odd_values = st.sampled_from(
    [
        "",
        "x",
        "\x7f",
        "é",
        "Bearer",
        "Bearer x",
        "Bearer a.b.c",
        "Convex x",
        "Convex a|b",
        "convex  ",
        "bytes=0-",
        "bytes=9-1",
        "bytes=" + "9" * 40 + "-",
        "bytes=-5,2-3",
        "sha-256=x",
        '"*"',
        "*",
        "npm-1.0.0",
        "npm-9999999999.1.1",
        "text/html",
        "image/svg+xml",
        "application/json",
        "application/json; charset=utf-7",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
        "multipart/form-data; boundary=",
        "gzip",
        "http://evil.example",
        "null",
        "a" * 5_000,
    ]
)
HEADERS = [
    "Authorization",
    "Convex-Client",
    "Range",
    "If-None-Match",
    "If-Range",
    "Digest",
    "Origin",
    "Content-Type",
    "Content-Encoding",
    "Accept-Encoding",
    "X-HTTP-Method-Override",
    "X-Forwarded-Host",
    "HX-Request",
    "Referer",
    "Access-Control-Request-Headers",
    "Cookie",
]
headers = st.dictionaries(st.sampled_from(HEADERS), odd_values, max_size=3)
queries = st.sampled_from(
    [
        "",
        "?",
        "?token=x",
        "?path=signups:listActive&args={}",
        "?path=signups:listActive&args=[[[",
        "?path=%ff&args=%00",
        "?revision=" + "9" * 400,
        "?args=" + quote("[" * 9_000),
        "?a=1&a=2",
        "?path=x&args=" + "9" * 5_000,
        "?format=no&path=x&args={}",
    ]
)
methods = st.sampled_from(["GET", "POST", "POST", "POST", "HEAD", "PUT", "OPTIONS", "DELETE", "PROPFIND"])


@pytest.fixture(scope="module")
def visitor(live_server_url: str) -> Visitor:
    visitor = Visitor(live_server_url, "Ada")
    assert visitor.save()["deployed"]
    return visitor


@pytest.fixture(autouse=True)
def no_failure(live_server_log: Path) -> Iterator[None]:
    yield
    assert "Traceback" not in live_server_log.read_text()


def ask(visitor: Visitor, method: str, path: str, sent: dict[str, str], body: bytes) -> tuple[int, bytes]:
    """Also over a connection that the server has closed because it could not make sense of what came: status 0."""
    connection = http.client.HTTPConnection(urlsplit(visitor.site).netloc, timeout=PATIENCE_S)
    connection._validate_path = lambda url: None  # whatever the address holds, the server has to stand it
    try:
        connection.request(method, path, body, {name: value.encode("latin-1") for name, value in sent.items()})
        response = connection.getresponse()
        return response.status, response.read()
    except (http.client.HTTPException, ConnectionError):
        return 0, b""
    finally:
        connection.close()


@FUZZ
@given(st.data())
def test_no_request_is_answered_with_an_error_of_ours(visitor, data):
    path = data.draw(templates).format(
        token=visitor.config["token"],
        own=visitor.config["workspace"],
        api=data.draw(apis),
        part=data.draw(parts),
        part2=data.draw(parts),
    ) + data.draw(queries)
    sent = {"Content-Type": "application/json"} | data.draw(headers)
    if data.draw(st.booleans()):
        cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in visitor.cookies)
        sent |= {"Cookie": cookies, "X-CSRFToken": visitor.config["csrf"], "Origin": visitor.site}
    method, body = data.draw(methods), data.draw(bodies)
    started = time.monotonic()
    status, answer = ask(visitor, method, quote(path, safe="/?=&%:{}[]"), sent, body)
    assert status < 500, (method, path, sent, body[:200], answer[:300])
    assert b"Traceback" not in answer
    assert b'File "' not in answer
    assert time.monotonic() - started < PATIENCE_S


@FUZZ
@given(st.sampled_from(["query", "mutation", "action", "function", "query_at_ts", "query_batch"]), bodies)
def test_no_body_breaks_the_http_api(visitor, api, body):
    path = f"/s/{visitor.config['token']}/api/{api}"
    status, answer = ask(visitor, "POST", path, {"Content-Type": "application/json"}, body)
    assert status in (200, 400, 403, 404, 560), (body[:200], answer[:300])
    json.loads(answer)
