"""Projects with a crons.ts, as far as going live."""

from __future__ import annotations

import json

import pytest

from sandbox.engine import Problem
from sandbox.engine.jobs.cron_definitions import CronError, parse_crons
from sandbox.engine.runtime.call import FunctionInfo
from sandbox.engine.runtime.compile import compile_project
from sandbox.engine.runtime.host import JsHost

FUNCTIONS = {
    f"m:{kind}": FunctionInfo(kind, "internal", {"type": "any"}, None, "convex/m.ts", 1)
    for kind in ("query", "mutation", "action")
}
EVERY_MINUTE = {"type": "interval", "minutes": 1}

MODULE = """import { internalMutation } from "./_generated/server";
export const tick = internalMutation(async () => {});
export default internalMutation(async () => {});
"""
CRONS = """import { cronJobs } from "convex/server";
import { internal } from "./_generated/api";
const crons = cronJobs();
crons.interval("every ten seconds", { seconds: 10 }, internal.m.tick, { a: 1n });
crons.daily("at noon", { hourUTC: 12 }, internal.m.default);
export default crons;
"""


def exported(**jobs: object) -> str:
    return json.dumps(jobs)


def job(name: str = "m:mutation", schedule: object = None, args: object = None) -> dict[str, object]:
    return {"name": name, "schedule": schedule or EVERY_MINUTE, "args": [{}] if args is None else args}


def test_a_definition_names_its_function_as_convex_prints_it():
    found = parse_crons(exported(tick=job("m:mutation"), act=job("m.js:action")), FUNCTIONS)
    assert {name: definition.name for name, definition in found.items()} == {
        "act": "m.js:action",
        "tick": "m.js:mutation",
    }


@pytest.mark.parametrize(
    ("jobs", "text"),
    [
        ({"x": job("m:nope")}, "The cron job 'x' schedules a function that does not exist: m.js:nope"),
        ({"x": job("nope")}, "The cron job 'x' schedules a function that does not exist: nope.js:default"),
        (
            {"x": job("m:query")},
            "The cron job 'x' schedules a query function, only actions and mutations can be scheduled: m.js:query",
        ),
        ({"x": job(schedule={"type": "cron", "cron": "61 * * * *"})}, "Failed to parse cron expression"),
        ({"x": job(args=[[[]]])}, "Invalid JSON"),
        ({"x": job(args="no")}, "Invalid JSON"),
        ({"x": job(args=[{"$set": 1}])}, "Received a Set"),
        ({"x": job(args=[])}, "Invalid JSON"),
        ({"x": []}, "Invalid JSON"),
        ({"\n": job()}, "CronIdentifier \n has invalid character '\n': CronIdentifiers can only contain ASCII"),
        ({f"x{number}": job() for number in range(1001)}, "A project may have up to 1000 cron jobs."),
    ],
)
def test_an_export_that_makes_no_sense_is_refused(jobs, text):
    with pytest.raises(CronError) as caught:
        parse_crons(json.dumps(jobs), FUNCTIONS)
    assert caught.value.message.startswith(text)


@pytest.mark.parametrize("text", ["", "[]", "[" * 100_000, "null"])
def test_an_export_that_is_no_object_is_refused(text):
    with pytest.raises(CronError):
        parse_crons(text, FUNCTIONS)


async def analysis_of(tools, crons: str):
    host = JsHost(tools)
    try:
        return await host.load(await compile_project({"convex/m.ts": MODULE, "convex/crons.ts": crons}, tools))
    finally:
        await host.close()


async def test_the_export_of_a_real_crons_file_reaches_the_host(tools):
    analysis = await analysis_of(tools, CRONS)
    found = parse_crons(analysis.crons_json, analysis.functions)
    assert [(each.identifier, each.name, each.schedule.interval_ms) for each in found.values()] == [
        ("at noon", "m.js:default", None),
        ("every ten seconds", "m.js:tick", 10_000),
    ]


@pytest.mark.parametrize(
    ("crons", "text"),
    [
        ("export const x = 1;\n", "`convex/crons.js` must have a default export of a Crons object."),
        ("export default { isCrons: 1 };\n", "The default export of `convex/crons.js` is not a Crons object."),
        ("export default undefined;\n", "The default export of `convex/crons.js` is not a Crons object."),
        ("export default 5;\n", "The default export of `convex/crons.js` is not a Crons object."),
        (
            'export default { isCrons: true, export() { throw new Error("no"); } };\n',
            "Uncaught Error: no",
        ),
    ],
)
async def test_a_file_that_exports_no_crons_is_refused(tools, crons, text):
    with pytest.raises(Exception) as caught:  # noqa: PT011
        await analysis_of(tools, crons)
    problem: Problem = caught.value.problems[0]
    assert problem.message.startswith(text)
    assert problem.file == "convex/crons.ts"
