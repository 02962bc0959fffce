"""Headers, Blob, File, Request and Response in a realm."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine.runtime.conftest import query

pytestmark = pytest.mark.asyncio(loop_scope="module")

TOKENS = st.text("abcXYZ-!1", min_size=1, max_size=4)
VALUES = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), max_size=6)


def b64(data: bytes) -> dict[str, str]:
    return {"$bytes": base64.b64encode(data).decode()}


async def call(learner, body, args):
    await learner.deploy(code=query(body))
    result = await learner.call(args=args)
    assert result.error is None, result.error
    return json.loads(result.value_json)


async def test_headers_have_lower_case_names_and_joined_values(learner):
    body = """
    const h = new Headers([["X-B", "1"], ["a", " 2 "], ["x-b", "3"], ["Set-Cookie", "c=1"], ["set-cookie", "d=2"]]);
    h.set("A", "4");
    h.delete("nothing");
    return [[...h], h.get("X-b"), h.get("none"), h.has("a"), h.getSetCookie(),
            [...new Headers({ q: 1 } as any).keys()]];
    """
    assert await learner.run(body) == [
        [["a", "4"], ["set-cookie", "c=1"], ["set-cookie", "d=2"], ["x-b", "1, 3"]],
        "1, 3",
        None,
        True,
        ["c=1", "d=2"],
        ["q"],
    ]


@settings(max_examples=20, deadline=None)
@given(pairs=st.lists(st.tuples(TOKENS, VALUES), max_size=8))
async def test_headers_keep_every_value_under_its_name(learner, pairs):
    wanted: dict[str, list[str]] = {}
    for name, value in pairs:
        wanted.setdefault(name.lower(), []).append(value)
    body = "return [...new Headers(args.pairs)];"
    got = await call(learner, body, {"pairs": [list(pair) for pair in pairs]})
    assert got == [[name, ", ".join(values)] for name, values in sorted(wanted.items())]


@pytest.mark.parametrize(
    "code",
    [
        "new Headers([['a']])",
        "new Headers({ 'a b': '1' })",
        "new Headers().set('', '1')",
        "new Headers().append('a', 'x\\u0000y')",
        "new Headers().append('a', 'x\\ny: 1')",
        "new Request('no address')",
        "new Request('http://a/', { body: 'x' })",
        "new Request('http://a/', { method: 'TRACE' })",
        "new Response('x', { status: 204 })",
        "new Blob('text' as any)",
    ],
)
async def test_what_is_not_allowed_in_a_message_is_a_type_error(learner, code):
    assert "TypeError" in (await learner.error(f"{code};")).message


@pytest.mark.parametrize(
    ("address", "text"),
    [
        ("'ftp://a/'", "Unsupported URL scheme -- http and https are supported (scheme was ftp)"),
        ("new URL('data:,x')", "Unsupported URL scheme -- http and https are supported (scheme was data)"),
        ("5 as any", "Failed to parse URL from 5"),
        ("'/path'", "Invalid URL: '/path'"),
    ],
)
async def test_a_request_goes_to_a_web_address(learner, address, text):
    assert (await learner.error(f"new Request({address});")).message.startswith(f"Uncaught TypeError: {text}\n")


@pytest.mark.parametrize("status", ["99", "199", "600", "200.5", "NaN"])
async def test_a_status_outside_the_range_is_refused(learner, status):
    error = await learner.error(f"new Response('', {{ status: {status} }});")
    assert "The status provided is outside the range [200, 599]." in error.message


@settings(max_examples=25, deadline=None)
@given(parts=st.lists(st.binary(max_size=30), max_size=6), cuts=st.tuples(st.integers(-40, 40), st.integers(-40, 40)))
async def test_a_blob_is_its_parts_and_a_slice_is_a_slice(learner, parts, cuts):
    whole = b"".join(parts)
    body = """
    const blob = new Blob(args.parts, { type: "Text/X" });
    const cut = blob.slice(args.from, args.to, "a/b");
    return [blob.size, blob.type, await blob.arrayBuffer(), cut.size, cut.type, await cut.arrayBuffer()];"""
    got = await call(learner, body, {"parts": [b64(part) for part in parts], "from": cuts[0], "to": cuts[1]})
    cut = whole[slice(*cuts)]
    assert got == [len(whole), "text/x", b64(whole), len(cut), "a/b", b64(cut)]


@settings(max_examples=20, deadline=None)
@given(data=st.binary(max_size=60))
async def test_a_body_gives_back_what_it_was_made_of(learner, data):
    body = """
    const view = new Uint8Array(args.data);
    const bodies = [args.data, view, new DataView(args.data), new Blob([view])];
    const out = [];
    for (const body of bodies) {
      const request = new Request("http://a/", { method: "POST", body });
      const copy = request.clone();
      out.push(await new Response(body).arrayBuffer(), await copy.arrayBuffer());
      out.push(await (await request.blob()).arrayBuffer());
    }
    return out;"""
    assert await call(learner, body, {"data": b64(data)}) == [b64(data)] * 12


async def test_later_changes_of_a_buffer_do_not_reach_a_blob_or_a_body(learner):
    body = """
    const bytes = new Uint8Array([1, 2, 3]);
    const made = [new Blob([bytes]), new Response(bytes), new Response(bytes.buffer)];
    bytes.fill(0);
    return await Promise.all(made.map(async (m) => [...new Uint8Array(await m.arrayBuffer())]));"""
    assert await learner.run(body) == [[1, 2, 3]] * 3


async def test_a_body_is_read_once(learner):
    error = await learner.error("const r = new Response('x'); await r.text(); await r.text();")
    assert "Failed to execute 'text' on 'Response': body stream already read" in error.message


async def test_no_body_may_be_read_again(learner):
    body = "const r = new Response(); return [await r.text(), await r.text(), r.bodyUsed, r.body];"
    assert await learner.run(body) == ["", "", False, None]


async def test_a_body_brings_its_type_unless_the_headers_name_one(learner):
    body = """
    const type = (body: any, headers?: any) => new Response(body, { headers }).headers.get("content-type");
    return [type("x"), type(new URLSearchParams("a=1")), type(new Blob([], { type: "a/b" })), type(new Blob([])),
            type(new Uint8Array(1)), type("x", { "Content-Type": "t/u" }),
            Response.json(1).headers.get("content-type")];"""
    assert await learner.run(body) == [
        "text/plain;charset=UTF-8",
        "application/x-www-form-urlencoded;charset=UTF-8",
        "a/b",
        None,
        None,
        "t/u",
        "application/json",
    ]


async def test_a_request_is_made_of_another(learner):
    body = """
    const a = new Request("HTTP://Example.com:80/x?y#z", { method: "post", headers: { q: "1" }, body: "hello" });
    const b = new Request(a, { headers: { r: "2" } });
    return [b.url, b.method, [...b.headers], await b.text(), a.bodyUsed, a.redirect];"""
    assert await learner.run(body) == [
        "http://example.com/x?y#z",
        "POST",
        [["r", "2"]],
        "hello",
        True,
        "follow",
    ]


async def test_a_response_tells_how_it_went(learner):
    body = """
    const moved = Response.redirect("http://a/b", 307);
    const json = await Response.json({ a: [1] }, { status: 201, statusText: "Made" }).clone();
    return [moved.status, moved.headers.get("location"), moved.ok,
            json.ok, json.statusText, await json.json(), Response.error().type];"""
    assert await learner.run(body) == [307, "http://a/b", False, True, "Made", {"a": [1]}, "error"]


async def test_they_are_printed_as_convex_prints_them(learner):
    lines = await learner.log(
        "console.log(new Headers({ b: '1' })); console.log(new Blob(['ab'], { type: 'x/y' }));"
        "console.log(new File(['ab'], 'f')); console.log(new Response('x', { status: 404 }));"
    )
    assert lines[0] == "[LOG] Headers {\n  b: '1'\n}"
    assert lines[1] == '[LOG] Blob { size: 2, type: "x/y" }'
    assert lines[2] == '[LOG] File { size: 2, type: "" }'
    assert "status: 404" in lines[3]


async def test_a_name_may_be_replaced_before_anybody_touched_it(learner):
    body = """
    const before = Object.keys(globalThis).includes("Headers");
    (globalThis as any).Headers = class Mine {};
    return [before, Headers.name, new Response("", { headers: { a: "1" } }).headers.get("a"), typeof Request];"""
    assert await learner.run(body) == [False, "Mine", "1", "function"]


async def test_replaced_intrinsics_lead_nowhere(learner):
    body = """
    const caught: any[] = [];
    const targets: any = [[Array.prototype, "filter"], [Object, "defineProperty"], [Array, "of"]];
    for (const [owner, name] of targets) {
      const real = owner[name];
      owner[name] = function (...all: any[]) { caught.push(this, ...all); return real.apply(this, all); };
    }
    try { new Response(new Blob(["x"]), { headers: [["a", "b"]] }).headers.delete("a"); } catch {}
    return caught.every((item) => item === null || item === undefined || Object(item) !== item
      || item instanceof Object || Object.getPrototypeOf(item) === null);"""
    assert await learner.run(body) is True
