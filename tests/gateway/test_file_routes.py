"""Uploads and stored files over HTTP, with a real deployment behind them."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

import pytest
import pytest_asyncio
from django.test import AsyncClient
from hypothesis import given
from hypothesis import strategies as st

from sandbox.engine import Deployment, close_pools, limits
from sandbox.gateway import tokens
from sandbox.gateway.file_routes import wanted_span
from sandbox.gateway.registry import registry

DATA = bytes(range(256)) * 4


@pytest_asyncio.fixture
async def deployment(tools: Any):
    yield await registry.get("filetest")
    await registry.close_all()
    await close_pools()


@pytest.fixture
def base() -> str:
    return f"/s/{tokens.issue('filetest').text}"


async def address(deployment: Deployment, storage_id: str) -> str:
    file = await deployment.storage.files.look_up(storage_id)
    assert file is not None
    return file.uuid


async def upload(base: str, deployment: Deployment, data: bytes, content_type: str = "text/plain", **headers: str):
    url = f"{base}/api/storage/upload?token={deployment.storage.tokens.issue()}"
    return await AsyncClient().post(url, data=data, content_type=content_type, headers=headers)


async def test_what_is_uploaded_is_served(deployment: Deployment, base: str):
    response = await upload(base, deployment, DATA, "Text/Plain; charset=utf-8")
    assert (response.status_code, response["Access-Control-Allow-Origin"]) == (200, "*")
    uuid = await address(deployment, response.json()["storageId"])
    for place in (f"{base}/api/storage", "/d/filetest/api/storage", "/d/filetest/storage"):
        served = await AsyncClient().get(f"{place}/{uuid}")
        assert (served.status_code, served.content) == (200, DATA)
        assert served["Content-Type"] == "Text/Plain; charset=utf-8"
        assert served["Content-Length"] == str(len(DATA))
        assert served["Digest"] == f"sha-256={base64.b64encode(hashlib.sha256(DATA).digest()).decode()}"
        assert served["ETag"] == f'"{hashlib.sha256(DATA).hexdigest()}"'
        assert served["Cache-Control"] == "private, max-age=2592000"
        assert served["Content-Disposition"] == "attachment"
        assert served["Content-Security-Policy"] == "sandbox; default-src 'none'"
        assert not served.cookies


async def test_a_function_gets_the_address_at_which_the_file_lies(deployment: Deployment):
    storage_id = await deployment.store_file(b"x")
    file = await deployment.storage.files.look_up(storage_id)
    assert file is not None
    response = await AsyncClient().get(deployment.storage.url_of(file))
    assert (response.status_code, response.content) == (200, b"x")
    upload_url = deployment.upload_url()
    response = await AsyncClient().post(upload_url, data=b"y", content_type="image/png")
    served = await AsyncClient().get(f"/d/filetest/storage/{await address(deployment, response.json()['storageId'])}")
    assert (served.content, served["Content-Type"]) == (b"y", "image/png")
    assert "Content-Disposition" not in served


async def test_head_tells_of_a_file_and_sends_nothing(deployment: Deployment, base: str):
    uuid = await address(deployment, await deployment.store_file(DATA))
    response = await AsyncClient().head(f"{base}/api/storage/{uuid}")
    assert (response.status_code, response.content, response["Content-Length"]) == (200, b"", str(len(DATA)))
    assert response["Content-Type"] == "application/octet-stream"


async def test_a_part_is_served_as_a_part(deployment: Deployment, base: str):
    url = f"{base}/api/storage/{await address(deployment, await deployment.store_file(DATA))}"
    response = await AsyncClient().get(url, headers={"Range": "bytes=10-19"})
    assert (response.status_code, response.content) == (206, DATA[10:20])
    assert (response["Content-Range"], response["Content-Length"]) == (f"bytes 10-19/{len(DATA)}", "10")
    for wanted in ("bytes=5000-", "bytes=0-1,4-5", "bytes=-0"):
        refused = await AsyncClient().get(url, headers={"Range": wanted})
        assert (refused.status_code, refused.content) == (416, b"")
        assert refused["Content-Range"] == f"bytes */{len(DATA)}"
    stale = await AsyncClient().get(url, headers={"Range": "bytes=0-1", "If-Range": '"other"'})
    assert (stale.status_code, stale.content) == (200, DATA)


@given(size=st.integers(1, 50), first=st.integers(0, 60), length=st.integers(0, 60), kind=st.sampled_from("abc"))
def test_a_range_is_what_python_cuts(size: int, first: int, length: int, kind: str):
    data = bytes(range(size))
    if kind == "a":
        header, wanted = f"bytes={first}-{first + length}", data[first : first + length + 1]
    elif kind == "b":
        header, wanted = f"bytes={first}-", data[first:]
    else:
        header, wanted = f"Bytes = -{length}", data[-length:] if length else b""
    span = wanted_span(header, size)
    assert (b"" if span is None else data[span.start : span.stop]) == wanted
    assert (span is None) == (wanted == b"")


@pytest.mark.parametrize(
    "header",
    [None, "", "lines=0-1", "bytes=", "bytes=-", "bytes=a-b", "bytes=5-2", "bytes=1--2", f"bytes={'9' * 5000}-"],
)
def test_a_range_that_cannot_be_read_is_the_whole(header: str | None):
    assert wanted_span(header, 10) == range(10)
    assert wanted_span("bytes=0-5", 0) == range(0)


async def test_a_client_that_has_the_file_is_told_so(deployment: Deployment, base: str):
    url = f"{base}/api/storage/{await address(deployment, await deployment.store_file(DATA))}"
    etag = (await AsyncClient().get(url))["ETag"]
    for known in (etag, f'"x", W/{etag}', "*"):
        response = await AsyncClient().get(url, headers={"If-None-Match": known})
        assert (response.status_code, response.content, response["ETag"]) == (304, b"", etag)
    assert (await AsyncClient().get(url, headers={"If-None-Match": '"x"'})).status_code == 200


async def test_what_is_gone_or_never_was_is_told_apart_from_nonsense(deployment: Deployment, base: str):
    storage_id = await deployment.store_file(DATA)
    uuid = await address(deployment, storage_id)
    await deployment.storage.files.transact(lambda tx, changes: deployment.storage.files.delete(tx, uuid, changes))
    gone = await AsyncClient().get(f"{base}/api/storage/{uuid}")
    assert (gone.status_code, gone.json()) == (404, {"code": "FileNotFound", "message": f"File {uuid} not found"})
    for name in ("nonsense", storage_id, "..%2f..%2fstore.db"):
        response = await AsyncClient().get(f"{base}/api/storage/{name}")
        assert response.status_code in (400, 404)
    assert (await AsyncClient().get(f"{base}/api/storage/{storage_id}")).json()["code"] == "InvalidStoragePath"


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [("", 400, "BadQueryArgs"), ("?token=", 401, "StorageTokenInvalid"), ("?token=ab12", 401, "StorageTokenInvalid")],
)
async def test_an_upload_needs_an_address_of_ours(deployment, base: str, query: str, status: int, code: str):
    response = await AsyncClient().post(f"{base}/api/storage/upload{query}", data=b"x", content_type="text/plain")
    assert (response.status_code, response.json()["code"]) == (status, code)


async def test_an_upload_may_say_what_it_hashes_to(deployment: Deployment, base: str):
    digest = base64.b64encode(hashlib.sha256(DATA).digest()).decode()
    right = await upload(base, deployment, DATA, Digest=f"sha-256={digest}")
    wrong = await upload(base, deployment, DATA + b"x", Digest=f"sha-256={digest}")
    odd = [await upload(base, deployment, DATA, Digest=text) for text in ("md5=abc", "sha-256=abc")]
    assert right.status_code == 200
    assert (wrong.status_code, wrong.json()["code"]) == (400, "Sha256Mismatch")
    assert [response.status_code for response in odd] == [400, 400]
    assert list((deployment.folder / "incoming").iterdir()) == []


async def test_a_type_that_is_none_is_refused(deployment: Deployment, base: str):
    response = await upload(base, deployment, b"x", "no type")
    assert (response.status_code, response.json()["code"]) == (400, "BadHeader")


async def test_a_file_that_is_too_large_is_refused_with_a_reason(deployment: Deployment, base: str, monkeypatch):
    monkeypatch.setattr(limits, "STORED_FILE_BYTES_MAX", 3 * limits.MIB)
    response = await upload(base, deployment, bytes(3 * limits.MIB + 1))
    assert response.status_code == 413
    assert response.json() == {
        "code": "FileTooLarge",
        "message": "This file is too large to be stored here (limit: 3 MiB)",
    }
    assert list((deployment.folder / "incoming").iterdir()) == []
    assert (await upload(base, deployment, bytes(3 * limits.MIB))).status_code == 200


async def test_pages_of_other_origins_may_ask_first(deployment: Deployment, base: str):
    headers = {"Access-Control-Request-Headers": "content-type,digest", "Origin": "null"}
    response = await AsyncClient().options(f"{base}/api/storage/upload?token=x", headers=headers)
    assert (response.status_code, response.content) == (200, b"")
    assert response["Access-Control-Allow-Origin"] == "null"
    assert response["Access-Control-Allow-Headers"] == "content-type,digest"
    assert "POST" in response["Access-Control-Allow-Methods"]


async def test_methods_that_do_not_fit_are_refused(deployment: Deployment, base: str):
    assert (await AsyncClient().get(f"{base}/api/storage/upload?token=x")).status_code == 405
    assert (await AsyncClient().delete(f"{base}/api/storage/{'0' * 8}-0000-4000-8000-{'0' * 12}")).status_code == 405


async def test_an_address_of_no_deployment_makes_none(tools):
    for name in ("neverseen", "..", "A.B", "x" * 80):
        response = await AsyncClient().get(f"/d/{name}/storage/00000000-0000-4000-8000-000000000000")
        assert response.status_code == 404
    assert registry.open_ids == []


async def test_a_person_who_is_signed_in_cannot_be_harmed_by_a_hostile_file(deployment: Deployment, base: str):
    """The headers; that a browser keeps to them is tests/browser's part."""
    for content_type in (
        "text/html",
        "image/svg+xml",
        "application/xhtml+xml",
        "text/xml",
        "multipart/x-mixed-replace",
    ):
        response = await upload(base, deployment, b"<script>alert(1)</script>", content_type)
        uuid = await address(deployment, response.json()["storageId"])
        served = await AsyncClient().get(f"/d/filetest/storage/{uuid}", headers={"Cookie": "sessionid=secret"})
        assert served["Content-Disposition"] == "attachment"
        assert served["X-Content-Type-Options"] == "nosniff"
        assert served["Content-Security-Policy"] == "sandbox; default-src 'none'"
