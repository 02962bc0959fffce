"""Every solution of every task against its check, on a real fork: real compiler, real JS process, real store."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from lessons import check_corpus, checking, corpus
from lessons.catalogue import Lesson
from lessons.check_corpus import Ran
from lessons.corpus import Solution
from lessons.verdict import Verdict
from sandbox.engine import Toolchain

WORDS_MAX = 45
SIGNUPS = "convex/signups.ts"


def words(result: Verdict) -> int:
    return len(f"{result.did} {result.happened} {result.expected}".split())


def forks(tools: Toolchain) -> list[Path]:
    return list(tools.work.glob("fork-*"))


async def check(lesson: Lesson, files: Mapping[str, str], tools: Toolchain, task: int = 1) -> Verdict:
    found = lesson.task(task)
    assert found is not None
    return await checking.run(lesson, found, files, tools, faults_raise=True)


def test_every_solution_passes_or_fails_with_its_own_finding(tools: Toolchain) -> None:
    """What `manage.py check_lessons` does; .ci/run runs that one."""
    plan = check_corpus.plan([], None)
    assert plan.errors == plan.missing == ()
    ran: list[Ran] = []
    check_corpus.run(plan.jobs, os.cpu_count() or 1, ran.append)
    assert [(each.job.name, each.kind, each.problem) for each in ran if each.kind != "ok"] == []
    assert [each.job.name for each in ran if each.words > WORDS_MAX or not each.is_whole] == []


async def test_an_error_is_looked_for_at_the_line_that_threw(lesson: Lesson, right: Solution, tools: Toolchain) -> None:
    files = changed(right, "await ctx.db.patch(id, { archivedAt: undefined });", "throw new Error('Not now');")
    line = files[SIGNUPS].splitlines().index("    throw new Error('Not now');") + 1
    result = await check(lesson, files, tools)
    assert (result.look_at.file, result.look_at.line) == (SIGNUPS, line)


async def test_a_verdict_says_what_is_missing(lesson: Lesson, tools: Toolchain) -> None:
    result = await check(lesson, lesson.files, tools)
    assert "`archive`, `restore` and `listArchived` are missing" in result.happened
    assert (result.look_at.file, result.look_at.line) == (SIGNUPS, 23)


def changed(solution: Solution, old: str, new: str, file: str = SIGNUPS) -> dict[str, str]:
    assert old in solution.files[file]
    return {**solution.files, file: solution.files[file].replace(old, new)}


@pytest.fixture
def right(lesson: Lesson) -> Solution:
    return next(solution for solution in corpus.solutions(lesson, 1) if solution.is_right)


@pytest.mark.parametrize(
    ("old", "new", "happened"),
    [
        ("export const archive =", "export const archived =", "There is `signups:archived`"),
        ("export const restore =", "const restore =", "`restore` is missing"),
        ("export const listArchived = query", "export const listArchived = mutation", "another kind: public mutation"),
        ("archivedAt: Date.now()", "bus: 9", "`listActive` still returns it"),
        ("await ctx.db.patch(id, { archivedAt: Date.now() });", "", "Nothing changed"),
        ("await ctx.db.patch(id, { archivedAt: undefined });", "", "The row is not in `listActive`"),
        ("{ archivedAt: undefined }", "{ archivedAt: undefined, bus: 1, name: '?' }", "with another `name`"),
        ("await ctx.db.patch(id, { archivedAt: undefined });", "throw new Error('Not now');", "Not now"),
        ("!== undefined", "=== undefined", "It returned"),
        ("=== undefined", "!== undefined", "It showed nobody"),
        ("=== undefined);", "=== undefined).map((row) => row.name);", "It showed nobody"),
    ],
)
async def test_each_slip_gets_a_finding_of_its_own(
    lesson: Lesson, right: Solution, tools: Toolchain, old: str, new: str, happened: str
) -> None:
    result = await check(lesson, changed(right, old, new), tools)
    assert not result.passed
    assert happened in result.happened
    assert words(result) <= WORDS_MAX


async def test_what_is_missing_beside_the_rest_is_not_blamed_on_remove(
    lesson: Lesson, right: Solution, tools: Toolchain
) -> None:
    result = await check(lesson, changed(right, "export const listArchived", "const listArchived"), tools)
    assert result.happened == "`listArchived` is missing."


async def test_archive_marks_kept_in_another_table_are_right_too(
    lesson: Lesson, right: Solution, tools: Toolchain
) -> None:
    files = {
        "convex/schema.ts": right.files["convex/schema.ts"].replace(
            "});", '  bin: defineTable({ signup: v.id("signups") }).index("by_signup", ["signup"]),\n});'
        ),
        SIGNUPS: IN_ANOTHER_TABLE,
    }
    result = await check(lesson, {**right.files, **files}, tools)
    assert result.passed, result


async def test_a_project_that_does_not_go_live_says_where(lesson: Lesson, right: Solution, tools: Toolchain) -> None:
    result = await check(lesson, changed(right, "export const archive", "export cons archive"), tools)
    assert "It did not go live" in result.happened
    assert result.look_at.file == SIGNUPS
    assert result.look_at.line > 1


async def test_a_schema_that_refuses_the_lessons_rows_is_named(
    lesson: Lesson, right: Solution, tools: Toolchain
) -> None:
    result = await check(lesson, changed(right, "bus: v.number()", "bus: v.string()", "convex/schema.ts"), tools)
    assert "The schema refused one" in result.happened


async def test_a_function_that_never_ends_is_stopped_and_named(
    lesson: Lesson, right: Solution, tools: Toolchain
) -> None:
    result = await check(
        lesson,
        changed(
            right, "await ctx.db.patch(id, { archivedAt: Date", "for (;;);\nawait ctx.db.patch(id, { archivedAt: Date"
        ),
        tools,
    )
    assert not result.passed
    assert "timed out" in result.happened


async def test_nothing_of_a_fork_is_left(lesson: Lesson, right: Solution, tools: Toolchain) -> None:
    await check(lesson, right.files, tools)
    assert forks(tools) == []


async def test_checks_of_several_people_do_not_meet(lesson: Lesson, right: Solution, tools: Toolchain) -> None:
    results = await asyncio.gather(*(check(lesson, right.files, tools) for _ in range(3)))
    assert all(result.passed for result in results)


IN_ANOTHER_TABLE = """
import { v } from "convex/values";
import { mutation, query } from "./_generated/server";

const isBinned = async (ctx: any, id: any) =>
  (await ctx.db.query("bin").withIndex("by_signup", (q: any) => q.eq("signup", id)).first()) !== null;

const listed = (binned: boolean) => async (ctx: any, { ownerId }: { ownerId: string }) => {
  const found = [];
  const signups = ctx.db.query("signups").withIndex("by_owner", (q: any) => q.eq("ownerId", ownerId));
  for await (const signup of signups) {
    if ((await isBinned(ctx, signup._id)) === binned) found.push(signup);
  }
  return found;
};

export const listActive = query({ args: { ownerId: v.string() }, handler: listed(false) });
export const listArchived = query({ args: { ownerId: v.string() }, handler: listed(true) });
export const archive = mutation({
  args: { signup: v.id("signups") },
  handler: async (ctx, { signup }) => {
    await ctx.db.insert("bin", { signup });
  },
});
export const restore = mutation({
  args: { signup: v.id("signups") },
  handler: async (ctx, { signup }) => {
    for (const entry of await ctx.db.query("bin").collect()) {
      if (entry.signup === signup) await ctx.db.delete(entry._id);
    }
  },
});
"""
