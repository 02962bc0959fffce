"""Large bodies of fetch, in both kinds of action: they cross in pieces and arrive whole."""

from __future__ import annotations

import json

import pytest

from sandbox.engine.errors import LearnerError
from sandbox.engine.limits import ACTION_OPERATION_BYTES_MAX, MIB
from sandbox.engine.runtime.actions.pieces import PIECE_BYTES, Pieces
from tests.engine.runtime.actions.conftest import FakeOperations

pytestmark = pytest.mark.asyncio(loop_scope="module")


class Echo(FakeOperations):
    """A network that answers every request with its own body."""

    def __init__(self):
        super().__init__()
        self.pieces = Pieces()

    async def handle(self, op, text):
        self.asked.append((op, len(text)))
        args = json.loads(text)
        if op == "bytes/give":
            self.pieces.give(args)
            return "null"
        if op == "bytes/take":
            return json.dumps(self.pieces.take(args))
        body = self.pieces.body(args["body"], 20 * MIB, "It")
        page = {"url": args["url"], "status": 200, "statusText": "OK", "headers": [], "redirected": False}
        return json.dumps({**page, "body": self.pieces.hold(body)})


FETCH = """const sent = new Uint8Array(args.size).map((_, i) => i % 251);
const answers = await Promise.all([1, 2].map(() => fetch("https://a.test", { method: "POST", body: sent })));
const bodies = await Promise.all(answers.map(async (answer) => new Uint8Array(await answer.arrayBuffer())));
return bodies.map((body) => body.length === sent.length && body.every((byte, i) => byte === sent[i]));"""
HTTPS = """const sent = Buffer.alloc(args.size, "abc");
const { request } = require("https");
return await new Promise((on, fail) => request("https://a.test", { method: "POST" }, (answer: any) => {
  const all: any[] = [];
  answer.on("data", (piece: any) => all.push(piece)).on("end", () => on([Buffer.concat(all).equals(sent)]));
}).on("error", fail).end(sent));"""


@pytest.mark.parametrize("size", [1, PIECE_BYTES, PIECE_BYTES + 1, 5 * MIB])
@pytest.mark.parametrize(("kind", "body"), [("actor", FETCH), ("node", FETCH), ("node", HTTPS)])
async def test_a_body_of_any_size_goes_and_comes_back_whole(actor, node, kind, body, size):
    runs = {"actor": actor, "node": node}[kind]
    await runs.result(body)  # deploys it
    runs.operations = Echo()
    result = await runs.call(args={"size": size})
    assert result.error is None, result.error.message
    assert set(json.loads(result.value_json)) == {True}
    assert max(size for _, size in runs.operations.asked) < 2 * MIB
    assert not runs.operations.pieces._given
    assert not runs.operations.pieces._held


async def test_what_crosses_is_bounded():
    pieces = Pieces()
    pieces.hold(bytes(ACTION_OPERATION_BYTES_MAX))
    with pytest.raises(LearnerError, match="too large"):
        pieces.give({"key": "a", "data": "YQ=="})
    with pytest.raises(LearnerError, match="too large"):
        Pieces().give({"key": "a", "data": "YWFh" * (MIB // 3 + 2)})


@pytest.mark.parametrize("args", [{}, {"key": 1, "data": ""}, {"key": "x" * 33, "data": ""}, {"key": "a", "data": "%"}])
async def test_a_piece_that_makes_no_sense_is_refused(args):
    with pytest.raises(LearnerError):
        Pieces().give(args)


async def test_a_body_is_taken_once():
    pieces = Pieces()
    pieces.give({"key": "a", "data": "YQ=="})
    assert pieces.body({"key": "a"}, 1, "It") == b"a"
    with pytest.raises(LearnerError, match="no such body"):
        pieces.body({"key": "a"}, 1, "It")
    with pytest.raises(LearnerError, match="no such body"):
        pieces.take({"key": "9"})
