"""In quarantine a query may fetch, from the practice service alone; anywhere else nothing of it is there."""

from __future__ import annotations

import json

import pytest

from sandbox.engine import Deployment, LearnerError
from sandbox.engine.runtime.pool import close_pools
from sandbox.engine.runtime.syscalls import Syscalls

CODE = """import { mutation, query } from "./_generated/server";
export const ask = query(async (_ctx, { url }: any) => {
  const answer = await fetch(url);
  return { status: answer.status, body: await answer.json() };
});
export const pay = mutation(async (ctx, { key }: any) => {
  const answer = await fetch("https://practice.test/charges", {
    method: "POST", headers: { "Idempotency-Key": key }, body: JSON.stringify({ amount: 3 }),
  });
  await ctx.db.insert("receipts", { id: (await answer.json()).id });
  return answer.status;
});
export const caught = query(async () => {
  try { await fetch("https://practice.test/weather?city=Lima"); } catch (error: any) { return error.message; }
});
const early = fetch("https://practice.test/").catch((error: any) => error.message);
export const atImport = query(async () => await early);
"""


@pytest.fixture
async def opened(tmp_path, tools):
    deployments = []

    async def open_one(**options):
        deployment = await Deployment.open(tmp_path / str(len(deployments)), tools=tools, **options)
        deployments.append(deployment)
        assert (await deployment.deploy(1, {"convex/m.ts": CODE})).ok
        return deployment

    yield open_one
    for deployment in deployments:
        await deployment.close()
    await close_pools()


async def test_queries_and_mutations_reach_the_practice_service_of_their_copy(opened):
    copy = await opened(in_quarantine=True)
    told = await copy.run("m:ask", {"url": "https://practice.test/weather?city=Lima"})
    assert (told.value["status"], told.value["body"]["city"]) == (200, "Lima")
    assert (await copy.run("m:pay", {"key": "one"})).value == 201
    assert [(call.path, call.function) for call in copy.practice.calls] == [
        ("/weather?city=Lima", "m:ask"),
        ("/charges", "m:pay"),
    ]
    assert (await copy.run("m:atImport", {})).value == "fetch() unsupported at import time"


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com/",
        "http://127.0.0.1:1/",
        "https://practice.test.example.com/",
        "https://practice.sandbox.test/",
        "https://practice.test@example.com/",
        "file:///etc/passwd",
    ],
)
async def test_nothing_else_is_reached(opened, url):
    copy = await opened(in_quarantine=True)
    told = await copy.run("m:ask", {"url": url})
    assert told.error is not None
    assert copy.practice.calls == []


async def test_every_other_deployment_refuses(opened):
    deployment = await opened()
    told = await deployment.run("m:caught", {})
    assert told.value.startswith("Can't use fetch() in queries and mutations.")
    assert (await deployment.run("m:pay", {"key": "one"})).error is not None
    assert deployment.practice.calls == []


async def test_the_operation_exists_in_quarantine_alone():
    syscalls = Syscalls(None, kind="query")
    with pytest.raises(LearnerError) as caught:
        await syscalls.handle("quarantine/fetch", json.dumps({"url": "https://practice.test/", "method": "GET"}))
    assert caught.value.code == "UnknownOperation"
