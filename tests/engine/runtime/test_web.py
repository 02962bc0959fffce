"""The web interfaces that a bare realm lacks."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine.runtime.conftest import query

pytestmark = pytest.mark.asyncio(loop_scope="module")

TEXTS = st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=20), max_size=20)
BYTES = st.lists(st.binary(max_size=20), min_size=1, max_size=20)


async def call(learner, body, args):
    import json

    await learner.deploy(code=query(body))
    result = await learner.call(args=args)
    assert result.error is None, result.error
    return json.loads(result.value_json)


@settings(max_examples=20, deadline=None)
@given(texts=TEXTS)
async def test_text_survives_encoding_and_decoding(learner, texts):
    body = """
    const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
    const encoded = args.t.map((t: string) => new TextEncoder().encode(t));
    return encoded.map((bytes: Uint8Array) => [bytes.length, decoder.decode(bytes)]);"""
    assert await call(learner, body, {"t": texts}) == [[len(text.encode()), text] for text in texts]


async def test_long_texts_survive_whatever_stands_at_the_seams(learner):
    body = """return args.t.map((t: string) => {
      const long = t.repeat(5000);
      const bytes = new TextEncoder().encode(long);
      return [bytes.length, new TextDecoder().decode(bytes) === long];
    });"""
    texts = ["a", "é", "日", "😀", "a😀", "é😀b", "aa\u00ff日"]
    assert await call(learner, body, {"t": texts}) == [[5000 * len(text.encode()), True] for text in texts]


@settings(max_examples=20, deadline=None)
@given(blobs=BYTES)
async def test_broken_utf8_is_replaced_as_python_does(learner, blobs):
    body = "return args.b.map((b: ArrayBuffer) => new TextDecoder('utf8', { ignoreBOM: true }).decode(b));"
    encoded = [{"$bytes": base64.b64encode(blob).decode()} for blob in blobs]
    assert await call(learner, body, {"b": encoded}) == [blob.decode(errors="replace") for blob in blobs]


@pytest.mark.parametrize(
    ("label", "encoding", "text"),
    [
        ("utf-16le", "utf-16-le", "wörd 😀"),
        (" UTF-16BE ", "utf-16-be", "wörd 😀"),
        ("latin1", "cp1252", "naïve € "),
        ("ascii", "cp1252", "plain"),
        ("koi8-r", "koi8-r", "слово"),
        ("shift_jis", "shift_jis", "日本語"),
        ("gbk", "gbk", "中文"),
    ],
)
async def test_other_encodings_are_read_whole_and_in_pieces(learner, label, encoding, text):
    body = """
    const decoder = new TextDecoder(args.label);
    let pieces = "";
    for (const byte of new Uint8Array(args.bytes)) pieces += decoder.decode(Uint8Array.of(byte), { stream: true });
    return [pieces + decoder.decode(), new TextDecoder(args.label).decode(args.bytes), decoder.encoding];"""
    encoded = base64.b64encode(text.encode(encoding)).decode()
    read = await call(learner, body, {"label": label, "bytes": {"$bytes": encoded}})
    assert read[:2] == [text, text]
    assert read[2] == {"latin1": "windows-1252", "ascii": "windows-1252"}.get(label, label.strip().lower())


async def test_what_is_no_encoding_and_what_is_no_text_is_refused(learner):
    said = (await learner.error("new TextDecoder('nothing');")).message
    assert "The encoding label provided ('nothing') is invalid." in said
    said = (await learner.error("new TextDecoder('utf-16le', { fatal: true }).decode(Uint8Array.of(0, 0xd8));")).message
    assert "The encoded data was not valid." in said


@settings(max_examples=20, deadline=None)
@given(blobs=BYTES)
async def test_base64_agrees_with_python(learner, blobs):
    body = "return args.t.map((t: string) => [btoa(t), atob(btoa(t)) === t]);"
    latin = [blob.decode("latin-1") for blob in blobs]
    assert await call(learner, body, {"t": latin}) == [[base64.b64encode(blob).decode(), True] for blob in blobs]


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        ("btoa('a€')", "Failed to execute 'btoa': The string to be encoded contains characters "),
        ("atob('a')", "Failed to execute 'atob': Encoded text cannot have a 6-bit remainder."),
        ("atob('a-b_')", "Failed to execute 'atob': Invalid byte 45, offset 1."),
        ("atob(' ab=c')", "Failed to execute 'atob': Invalid byte 61, offset 2."),
        ("atob('ab€')", "Failed to execute 'atob': Invalid byte 226, offset 2."),
        ("(atob as any)()", 'The "input" argument must be specified'),
    ],
)
async def test_what_is_not_base64_is_refused(learner, expression, text):
    name = "InvalidCharacterError" if text.startswith("Failed") else "TypeError"
    assert (await learner.error(f"{expression};")).message.startswith(f"Uncaught {name}: {text}")


async def test_structured_clone_copies_deeply(learner):
    body = """
    const original: any = { d: new Date(5), m: new Map([[1, new Set([2])]]), b: new Uint8Array([1, 2]), a: [1, , 3] };
    Object.assign(original, { self: original, r: /x/g, e: new TypeError("t") });
    const copy = structuredClone(original);
    return [
      copy !== original, copy.self === copy, copy.d.getTime(), [...copy.m.get(1)], [...copy.b],
      copy.b.buffer !== original.b.buffer, String(copy.r), copy.e instanceof TypeError, copy.e.message,
      1 in copy.a, copy.a.length,
    ];"""
    assert await learner.run(body) == [True, True, 5, [2], [1, 2], True, "/x/g", True, "t", False, 3]


async def test_what_cannot_be_cloned_is_refused(learner):
    assert "DataCloneError" in (await learner.error("structuredClone({ f: () => 1 });")).message


async def test_what_convex_leaves_out_is_absent(learner):
    names = ["queueMicrotask", "setImmediate", "global", "window", "Buffer", "WebSocket", "XMLHttpRequest", "Worker"]
    body = f"return {names}.filter((name) => name in globalThis);"
    assert await learner.run(body) == []
