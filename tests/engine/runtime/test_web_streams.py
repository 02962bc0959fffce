"""Streams, forms, events and signals in a realm, and text that comes in pieces."""

from __future__ import annotations

import base64
import email.parser
import email.policy
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine.runtime.conftest import query

pytestmark = pytest.mark.asyncio(loop_scope="module")

CHUNKS = st.lists(st.binary(max_size=12), max_size=6)
LINES = st.text('ab"% \r\né€😀', max_size=6)


def b64(data: bytes) -> dict[str, str]:
    return {"$bytes": base64.b64encode(data).decode()}


def unb64(value: dict[str, str]) -> bytes:
    return base64.b64decode(value["$bytes"])


async def call(learner, body, args):
    await learner.deploy(code=query(body))
    result = await learner.call(args=args)
    assert result.error is None, result.error
    return json.loads(result.value_json)


STREAM = """
const stream = (chunks: any[]) => new ReadableStream({
  start(c) { for (const chunk of chunks) c.enqueue(new Uint8Array(chunk)); c.close(); },
});
"""


@settings(max_examples=20, deadline=None)
@given(chunks=CHUNKS)
async def test_a_body_may_be_a_stream(learner, chunks):
    body = f"""{STREAM}
    const response = new Response(stream(args.chunks));
    const copy = response.clone();
    const request = new Request("http://a/", {{ method: "POST", body: stream(args.chunks) }} as any);
    let through = new Response(new Blob(args.chunks).stream().pipeThrough(new TransformStream()));
    return [await response.arrayBuffer(), await copy.arrayBuffer(), await request.arrayBuffer(),
      await through.arrayBuffer()];"""
    got = await call(learner, body, {"chunks": [b64(chunk) for chunk in chunks]})
    assert got == [b64(b"".join(chunks))] * 4


@settings(max_examples=30, deadline=None)
@given(chunks=CHUNKS, text=st.text(st.characters(), max_size=8), cut=st.integers(0, 30))
async def test_text_in_pieces_is_the_text_of_the_whole(learner, chunks, text, cut):
    whole = text.encode("utf-8", "surrogatepass")
    chunks = [*chunks, whole[:cut], whole[cut:]]
    body = f"""{STREAM}
    const decoder = new TextDecoder("utf-8", {{ ignoreBOM: true }});
    let pieces = "";
    for (const chunk of args.chunks) pieces += decoder.decode(chunk, {{ stream: true }});
    pieces += decoder.decode();
    let streamed = "";
    const decoded = stream(args.chunks).pipeThrough(new TextDecoderStream("utf-8", {{ ignoreBOM: true }}) as any);
    for await (const piece of decoded as any) streamed += piece;
    return [pieces, streamed];"""
    got = await call(learner, body, {"chunks": [b64(chunk) for chunk in chunks]})
    assert got == [b"".join(chunks).decode(errors="replace")] * 2


async def test_a_mark_is_dropped_at_the_start_only_also_in_pieces(learner):
    body = """
    const d = new TextDecoder();
    const bytes = (...list: number[]) => new Uint8Array(list);
    const parts = [bytes(0xef), bytes(0xbb, 0xbf, 97), bytes(0xef, 0xbb, 0xbf), bytes(98)];
    return parts.map((part) => d.decode(part, { stream: true })).join("|") + d.decode();"""
    assert await learner.run(body) == "|a|\ufeff|b"


async def test_halves_of_a_character_meet_in_an_encoder_stream(learner):
    body = """
    const chunks = ["a\\ud83d", "\\ude00", "\\ud83d"];
    const source = new ReadableStream({ start(c) { for (const x of chunks) c.enqueue(x); c.close(); } });
    return await new Response(source.pipeThrough(new TextEncoderStream() as any) as any).text();"""
    assert await learner.run(body) == "a😀\ufffd"


async def test_streams_can_be_read_written_and_split(learner):
    body = """
    const out: any[] = [];
    const sink = new WritableStream({ write(chunk) { out.push(chunk); } },
      new CountQueuingStrategy({ highWaterMark: 2 }));
    const [a, b] = new ReadableStream({ start(c) { c.enqueue(1); c.enqueue(2); c.close(); } }).tee();
    await a.pipeTo(sink);
    for await (const item of b as any) out.push(item * 10);
    const bytes = new Blob(["hello"]).stream().getReader({ mode: "byob" });
    const { value } = await bytes.read(new Uint8Array(3));
    return [out, new TextDecoder().decode(value), b.locked];"""
    assert await learner.run(body) == [[1, 2, 10, 20], "hel", False]


async def test_looking_at_a_body_does_not_use_it_but_reading_its_stream_does(learner):
    body = """
    const r = new Response("abc");
    const before = [r.body instanceof ReadableStream, r.body === r.body, r.bodyUsed];
    const { value } = await r.body!.getReader().read();
    let again = "";
    try { await r.text(); } catch (error: any) { again = error.name; }
    return [...before, new TextDecoder().decode(value), r.bodyUsed, again];"""
    assert await learner.run(body) == [True, True, False, "abc", True, "TypeError"]


async def test_a_stream_of_something_else_is_no_body(learner):
    error = await learner.error(
        "await new Response(new ReadableStream({ start(c) { c.enqueue('x'); c.close(); } })).text();"
    )
    assert "TypeError" in error.message


# ── forms ───────────────────────────────────────────────────────────────────


@settings(max_examples=25, deadline=None)
@given(fields=st.lists(st.tuples(LINES, st.one_of(LINES, st.binary(max_size=20))), max_size=5))
async def test_a_form_survives_the_wire(learner, fields):
    body = """
    const form = new FormData();
    for (const [name, value] of args.fields) form.append(name, typeof value === "string" ? value : new Blob([value]));
    const request = new Request("http://a/", { method: "POST", body: form });
    const type = request.headers.get("content-type");
    const bytes = await request.clone().arrayBuffer();
    const back: any[] = [];
    for (const [name, value] of await request.formData()) {
      back.push([name, typeof value === "string" ? value : await value.arrayBuffer()]);
    }
    return [type, bytes, back];"""
    sent = [[name, value if isinstance(value, str) else b64(value)] for name, value in fields]
    content_type, raw, back = await call(learner, body, {"fields": sent})

    def lines(text: str) -> str:
        return text.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\r\n")

    wanted = [[lines(name), lines(value) if isinstance(value, str) else value] for name, value in sent]
    # A name that already holds an escape cannot be told from one that needed it.
    assert [pair for pair in back if "%" not in pair[0]] == [pair for pair in wanted if "%" not in pair[0]]
    message = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(
        b"Content-Type: " + content_type.encode() + b"\r\n\r\n" + unb64(raw)
    )
    assert len(list(message.iter_parts()) if fields else []) == len(fields)


async def test_forms_have_entries_in_order(learner):
    body = """
    const form = new FormData();
    form.append("a", "1"); form.append("b", new Blob(["x"], { type: "t/x" }), "b.txt"); form.append("a", "2");
    form.set("a", 3 as any); form.delete("none");
    const file = form.get("b") as File;
    const parsed = await new Response(new URLSearchParams("q=1&q=%C3%A9")).formData();
    return [[...form.keys()], form.getAll("a"), form.has("c"), file.name, file.type, await file.text(),
      parsed.getAll("q")];"""
    assert await learner.run(body) == [["a", "b"], ["3"], False, "b.txt", "t/x", "x", ["1", "é"]]


@pytest.mark.parametrize(
    ("text", "content_type"),
    [
        ("a=1", "text/plain"),
        ("--x--", "multipart/form-data"),
        ("--x", "multipart/form-data; boundary=x"),
        ("--x\r\n\r\nvalue\r\n--x--", "multipart/form-data; boundary=x"),
        ("", "multipart/form-data; boundary=x"),
    ],
)
async def test_what_is_no_form_is_refused(learner, text, content_type):
    code = f"await new Response({text!r}, {{ headers: {{ 'content-type': {content_type!r} }} }}).formData();"
    assert "TypeError" in (await learner.error(code)).message


# ── events and signals ──────────────────────────────────────────────────────


async def test_events_reach_their_listeners_in_order(learner):
    body = """
    const target = new EventTarget();
    const seen: any[] = [];
    const again = (event: any) => seen.push("again", event.detail, event.target === target, event.eventPhase);
    target.addEventListener("x", again);
    target.addEventListener("x", again);
    target.addEventListener("x", { handleEvent: () => seen.push("once") }, { once: true });
    target.addEventListener("x", () => { throw new Error("stays inside"); });
    target.addEventListener("x", (event) => { event.preventDefault(); event.stopImmediatePropagation(); });
    target.addEventListener("x", () => seen.push("never"));
    const kept = target.dispatchEvent(new CustomEvent("x", { detail: 5, cancelable: true }));
    target.removeEventListener("x", again);
    return [seen, kept, target.dispatchEvent(new Event("x")), seen.length];"""
    assert await learner.run(body) == [["again", 5, True, 2, "once"], False, True, 5]


async def test_a_signal_tells_of_its_end_once(learner):
    body = """
    const controller = new AbortController();
    const seen: any[] = [];
    controller.signal.onabort = () => seen.push("on");
    controller.signal.addEventListener("abort", () => seen.push(controller.signal.reason.name));
    const any = AbortSignal.any([new AbortController().signal, controller.signal]);
    controller.abort(); controller.abort("late");
    let thrown;
    try { any.throwIfAborted(); } catch (error: any) { thrown = [error.name, error instanceof DOMException]; }
    return [seen, any.aborted, thrown, AbortSignal.abort(7).reason, `${AbortSignal.abort().reason}`];"""
    thrown = ["AbortError", True]
    assert await learner.run(body) == [["on", "AbortError"], True, thrown, 7, "AbortError: This operation was aborted"]


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("new (AbortSignal as any)()", "Illegal constructor"),
        ("AbortSignal.timeout(1)", "Can't use setTimeout in queries and mutations"),
    ],
)
async def test_signals_come_from_controllers_and_timers_only_from_actions(learner, code, reason):
    assert reason in (await learner.error(f"{code};")).message
