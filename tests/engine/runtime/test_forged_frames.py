"""A JS process whose outer realm is the learner's says what it wants: it is told no secrets, and ends cleanly.

Whatever comes back, the host answers with a result of the function or with CallStopped, and never with another error.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.engine import limits
from sandbox.engine.errors import DeployError, LearnerError
from sandbox.engine.runtime.actions.process import ActionProcess
from sandbox.engine.runtime.actions.running import ActionCall
from sandbox.engine.runtime.analysis import import_error, parse_analysis
from sandbox.engine.runtime.channel import ProcessEnded
from sandbox.engine.runtime.compile import CompiledProject, compile_project
from sandbox.engine.runtime.exchange import CallStopped, Exchange
from sandbox.engine.runtime.frames import Reply
from sandbox.engine.runtime.results import thrown_error
from sandbox.engine.runtime.syscalls import Syscalls
from tests.engine.runtime.actions.conftest import FakeOperations
from tests.engine.runtime.conftest import FakeTransaction

RUN = "0123456789abcdef"
FUZZ = settings(deadline=None, max_examples=150)


class LyingChannel:
    """The lines of a process, all known before. After the last one it is gone."""

    pid = 1
    is_alive = True
    flooded = False
    exit_code = 0
    unsent_bytes = 0
    stderr = b""

    def __init__(self, lines: list[bytes]) -> None:
        self.lines = list(lines)
        self.sent: list[bytes] = []

    async def read_line(self, seconds: float) -> bytes:
        await asyncio.sleep(0)
        if not self.lines:
            raise ProcessEnded("gone")
        return self.lines.pop(0)

    def write(self, data: bytes) -> None:
        self.sent.append(data)

    def kill(self) -> None:
        self.is_alive = False

    async def ended(self) -> None:
        pass


PROJECT = CompiledProject({"code": "", "schema": ""}, {})

# ── frames: near to what a runner sends, and far from it ────────────────────

raw = st.binary(max_size=12).filter(lambda text: b"\n" not in text)
json_text = st.sampled_from(
    [
        *(b"{}", b"[]", b"null", b"1e999", b"NaN", b"-0", b'"\\ud800"', b'{"ok":true}', b'{"ok":1}', b"\xff"),
        *(b'{"a":1,"a":2}',),
        *(b"[" * 3000, b"9" * 5000),
        b'{"ok":false,"error":{},"stack":[1],"data":{"a":1}}',
        b'{"ok":false,"stack":"x","data":"[NaN]","error":1e999}',
        b'{"ok":true,"unawaited":["1.0/get",7,"\\n"]}',
        b'{"ok":true,"unawaited":"1.0/get"}',
    ]
)  # fmt: skip
numbers = st.sampled_from([b"0", b"1", b"-1", b"1e3", b"999999999", b"9999999999", b"\xd9\xa3", b"", b" 1"])
operations = st.sampled_from(
    [
        b"1.0/get",
        b"1.0/insert",
        b"1.0/shallowMerge",
        b"stream/next",
        b"id/normalize",
        b"fetch",
        b"1.0/no",
        b"",
        b"__class__",
    ]
)
arguments = json_text | st.builds(
    lambda fields: json.dumps(fields).encode(),
    st.dictionaries(
        st.sampled_from(["id", "table", "value", "query", "stream", "plan", "cursor", "pageSize", "args", "udfType"]),
        st.sampled_from(
            [None, -1, 2**70, "", "x" * 40, "\ud800", {}, [], {"$integer": "x"}, {"source": {"type": "FullTableScan"}}]
        ),
        max_size=4,
    ),
)
runs = st.just(RUN.encode()) | raw
frames = st.one_of(
    raw,
    st.builds(lambda run: b"B" + run, runs),
    st.builds(lambda run, text: b"G" + run + b"\t" + text, runs, json_text),
    st.builds(lambda run, op, text: b"S" + run + b"\t" + op + b"\t" + text, runs, operations, arguments),
    st.builds(lambda run, a, b: b"Q" + run + b"\t" + a + b"\t" + b, runs, numbers, numbers),
    st.builds(lambda run, a, b: b"E" + run + b"\t" + a + b"\t" + b, runs, json_text, json_text),
    st.builds(lambda run, a, b: b"R" + run + b"\t" + a + b"\t" + b, runs, json_text, json_text),
)
# Most stories begin as a true one does, or nothing would be read past the first line.
stories = st.builds(
    lambda begins, rest: [b"B" + RUN.encode()] * begins + rest, st.booleans(), st.lists(frames, max_size=6)
)


@FUZZ
@given(stories, st.booleans())
async def test_whatever_a_process_says_a_call_ends(lines, is_load):
    channel = LyingChannel(lines)
    syscalls = None if is_load else Syscalls(FakeTransaction(3), kind="mutation", identity=None)
    log_lines: list[str] = []
    exchange = Exchange(channel, RUN, 5.0, 1.0, syscalls, log_lines, PROJECT)
    try:
        reply = await exchange.run()
    except (CallStopped, ProcessEnded):
        return
    outcome = reply if reply.ok else thrown_error(reply, PROJECT)
    assert isinstance(outcome, Reply | LearnerError)
    "".join(log_lines).encode()
    json.dumps([reply.error, reply.stack], ensure_ascii=False).encode()


action_frames = st.one_of(
    frames,
    st.builds(
        lambda run, number, op, text: b"S" + run + b"\t" + number + b"\t" + op + b"\t" + text,
        runs, numbers, operations, arguments,
    ),
    st.builds(lambda nonce: b"P" + nonce, raw),
)  # fmt: skip


@FUZZ
@given(st.lists(action_frames, max_size=6))
async def test_whatever_a_process_says_an_action_ends(lines):
    channel = LyingChannel([])
    process = ActionProcess(channel)
    calling = asyncio.ensure_future(process.call(ActionCall("m:f", "[{}]", 0.0, 1), FakeOperations(), [], 30.0))
    await asyncio.sleep(0)
    run = json.loads(channel.sent[0])["run"].encode()
    channel.lines = [b"B" + run, *(line.replace(RUN.encode(), run) for line in lines)]
    process._reader = asyncio.create_task(process._read())
    try:
        reply = await calling
        json.dumps([reply.error, reply.stack], ensure_ascii=False).encode()
    except CallStopped:
        pass
    await process._reader
    await process.close()


@pytest.mark.parametrize(
    "lines",
    [
        [b"R%s\t{}\t1"],  # with another run's number, which it cannot know
        [b"B%s", b"B%s"],
        [b"B%s", b"E%s\t{}\t1"],
        [b"G%s\t" + json.dumps("x" * (limits.LOG_LINE_BYTES_MAX + 1)).encode()],
        [b"B%s", b"G%s\t" + json.dumps("x" * (limits.LOG_LINE_BYTES_MAX + 1)).encode()],
        [b"S%s\t1.0/get\t{}"],  # before learner code began
        [b"B%s", b"Q%s\t1\t-5"],
        [b"B%s", b"R%s\t{}"],
        [b"=1"],
    ],
)
async def test_a_frame_out_of_turn_ends_the_process(lines):
    run = b"f" * 16 if lines[0].startswith(b"R") else RUN.encode()
    channel = LyingChannel([line.replace(b"%s", run) for line in lines])
    syscalls = Syscalls(FakeTransaction(), kind="query", identity=None)
    with pytest.raises(CallStopped) as stopped:
        await Exchange(channel, RUN, 5.0, 1.0, syscalls, [], PROJECT).run()
    assert stopped.value.code == "ForgedMessage"


async def test_a_query_that_lies_about_itself_writes_nothing():
    """The host knows what kind of call it is; that the process asks as a mutation would changes nothing."""
    asked = b'S%s\t1.0/insert\t{"table":"rows","value":{"a":1}}' % RUN.encode()
    channel = LyingChannel([b"B" + RUN.encode(), asked, b'R%s\t{"ok":true}\t1' % RUN.encode()])
    transaction = FakeTransaction()
    await Exchange(channel, RUN, 5.0, 1.0, Syscalls(transaction, kind="query"), [], PROJECT).run()
    assert transaction.written == []
    assert b"cannot write" in channel.sent[0]


# ── what a deploy is told of a project ──────────────────────────────────────

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.sampled_from(["", "code", "query", "public", "\ud800", "{}"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)
VALIDATORS = [
    '{"type":"any"}',
    '{"type":"union"}',
    '{"type":"literal","value":"\\ud800"}',
    '{"type":"union","value":5}',
]
texts = st.sampled_from(
    ["", "code", "schema", "query", "http", "\ud800", "{}", "null", "NaN", "[" * 2000, "a\nb", *VALIDATORS]
)


def broken(sound: dict[str, Any]) -> st.SearchStrategy[Any]:
    """The object with a field or two that are something else, or a field less."""
    changes = st.dictionaries(st.sampled_from(sorted(sound)), texts | json_values, max_size=2)
    less = st.sampled_from([None, *sound])
    return st.builds(lambda new, gone: {k: v for k, v in {**sound, **new}.items() if k != gone}, changes, less)


described = broken(
    {
        "module": "code", "name": "a", "kind": "query", "visibility": "public",
        "callable": True, "args": '{"type":"any"}', "returns": "null", "error": None,
    }
)  # fmt: skip
exported = (
    st.none()
    | broken({"json": '{"tables":[]}'})
    | broken({"error": "threw", "text": "x"})
    | broken({"error": "missing"})
)
routes = broken({"routes": [["/a", "GET"]]}) | st.builds(lambda path: {"routes": [[path, path]]}, texts)
analyses = st.fixed_dictionaries(
    {"functions": st.lists(described, max_size=3), "schema": exported, "crons": exported, "http": exported | routes}
)


@pytest.fixture(scope="module")
def project(tools) -> CompiledProject:
    files = {"convex/code.ts": "export const a = 1;\n", "convex/schema.ts": "export default 1;\n"}
    return asyncio.run(compile_project(files, tools))


@FUZZ
@given(value=analyses | json_values)
def test_whatever_a_process_says_of_a_project_it_is_read_or_refused(project, value):
    try:
        analysis: Any = parse_analysis(json.dumps(value), project)
    except DeployError as error:
        json.dumps([error.message, [problem.message for problem in error.problems]], ensure_ascii=False).encode()
        return
    for path, info in analysis.functions.items():
        assert info.kind in ("query", "mutation", "action")
        path.encode()
    json.dumps([analysis.schema_json, analysis.crons_json, analysis.http_routes], ensure_ascii=False).encode()


stack_lines = st.sampled_from(
    [
        "    at f (convex/code.js:1:7)",
        "    at convex/code.js:999999999:999999999",
        "    at x (convex/code.js:0:0)",
        f"    at {'a' * 300} (convex/code.js:1:1)",
        "    at convex/../x.js:1:1",
        "\ud800",
    ]
)


@FUZZ
@given(text=st.text(), stack=st.text() | st.lists(stack_lines).map("\n".join))
def test_whatever_stack_an_error_has_it_is_printed(project, text, stack):
    assert import_error(text, stack, project).message.startswith("Uncaught ")
