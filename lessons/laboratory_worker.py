"""The process that runs a learner's function for the index laboratory: `python -m lessons.laboratory_worker`.

It opens deployments of its own in temporary folders, each a copy of a file of the shelf or of the learner's store with
the learner's code on it, and gives them up afterwards. The function itself runs behind the same walls as everywhere.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from statistics import median
from typing import Any

from lessons import laboratory_filter
from lessons.arguments import arguments
from sandbox.engine import Deployment, FunctionInfo, LearnerError, Outcome, Toolchain, close_pools, laboratory

ALICE = {"tokenIdentifier": "laboratory|alice", "issuer": "laboratory", "subject": "alice", "name": "Alice"}
JAVASCRIPT = "javascript"


class Refused(LearnerError):
    code = "Laboratory"


async def plan(task: laboratory.Message, tell: laboratory.Tell) -> None:
    """`files`, `source`, `table`, `sample`, `other`, and perhaps `function` and `args`: runs the function once.

    Says {"type": "functions"} and then {"type": "plan"} with the question that it asked and the lines for it.
    """
    async with fork(Path(task["source"]), task["files"], task["tools"]) as deployment:
        queries = {path: one for path, one in deployment.functions.items() if is_choice(one)}
        tell({"type": "functions", "functions": [describe(path, one) for path, one in sorted(queries.items())]})
        path = chosen(task, queries)
        args = task["args"]
        if args is None:
            args = arguments(queries[path], task["table"], task["sample"], wants_id=False)
        outcome = await deployment.run_query(path, args, identity=ALICE)
        if outcome.error is not None:
            raise Refused(f"`{name_of(path)}` did not come to an end: {outcome.error.message.strip()}")
        indexes = await indexes_of(deployment, task["table"])
        question = laboratory.question_of(outcome.note.reads, task["table"], indexes)
        lines = laboratory.lines_of(question, indexes, task["other"])
        tell({
            "type": "plan",
            **describe(path, queries[path]),
            "args": args,
            "question": question.to_json(),
            "lines": [line.to_json() for line in lines],
            "queries": sum(read.index != "by_id" for read in outcome.note.reads),
            "has_filter_twin": filter_source(question) is not None,
        })  # fmt: skip


def chosen(task: laboratory.Message, queries: Mapping[str, FunctionInfo]) -> str:
    """The function that was asked for, or else the lesson's, or else the first. Raises Refused."""
    if not queries:
        raise Refused("Your code has no query that a client may call. Write one, save, and come back.")
    if task["function"] is None:
        return task["default"] if task["default"] in queries else min(queries)
    if task["function"] not in queries:
        raise Refused(f"Your code has no query `{task['function']}`.")
    return str(task["function"])


async def totals(task: laboratory.Message, tell: laboratory.Tell) -> None:
    """`files`, `shelf`, `question`, `function`, `args`, `sizes`, `runs`, `javascript`: whole calls, on real forks.

    Says a {"type": "total"} for the learner's function at every size and, where asked, a {"type": "point"} for the
    filter in JavaScript.
    """
    shelf = laboratory.Shelf.from_json(task["shelf"])
    files = dict(task["files"])
    twin = filter_source(laboratory.Question.from_json(task["question"])) if task["javascript"] else None
    module = laboratory_filter.free_file(files)
    if twin is not None:
        files[module] = twin
    for size in task["sizes"]:
        async with fork(shelf.path(size), files, task["tools"]) as deployment:
            tell({"type": "measuring", "line": "own", "size": size})
            runs = await repeat(deployment, task["function"], task["args"], task["runs"])
            tell({"type": "total", "line": "own", "size": size, **figures(runs)})
            if twin is not None:
                tell({"type": "measuring", "line": JAVASCRIPT, "size": size})
                path = module.removeprefix("convex/").removesuffix(".ts") + ":default"
                filtered = await repeat(deployment, path, {}, task["runs"])
                same = filtered[0].value == runs[0].value
                tell({"type": "total", "line": JAVASCRIPT, "size": size, "same": same, **figures(filtered)})


async def refusal(task: laboratory.Message, tell: laboratory.Tell) -> None:
    """`files`, `source`, `question`: the same question as a full scan, by `collect`, on a copy of the learner's store.

    Says {"type": "scanned"} with what the call ended with.
    """
    files = dict(task["files"])
    question = laboratory.Question.from_json(task["question"])
    twin = filter_source(question)
    if twin is None:
        twin = laboratory_filter.source(laboratory.Question(question.table, None, (), [], "asc", []))
    module = laboratory_filter.free_file(files)
    files[module] = twin
    path = module.removeprefix("convex/").removesuffix(".ts") + ":default"
    async with fork(Path(task["source"]), files, task["tools"]) as deployment:
        outcome = await deployment.run_query(path, {}, identity=ALICE)
        tell({
            "type": "scanned",
            "documents": sum(read.documents for read in outcome.note.reads),
            "ms": outcome.note.total_ms,
            "error": None if outcome.error is None else outcome.error.message.strip(),
            "source": twin,
        })  # fmt: skip


# ── parts


@asynccontextmanager
async def fork(source: Path, files: Mapping[str, str], tools: Mapping[str, Any]) -> AsyncIterator[Deployment]:
    """A deployment of these files over a copy of that store file. Raises Refused where they do not go live."""
    chain = toolchain(tools)
    folder = Path(tempfile.mkdtemp(prefix="laboratory-", dir=chain.work))
    try:
        laboratory.copy_file(source, folder)
        deployment = await Deployment.open(folder, tools=chain)
        try:
            result = await deployment.deploy((deployment.revision or 0) + 1, files)
            if not result.ok:
                problem = result.problems[0]
                where = f"{problem.file}, line {problem.line}: " if problem.line else ""
                raise Refused(
                    f"Your last saved code does not go live over these rows. {where}{problem.message.strip()}"
                )
            yield deployment
        finally:
            await deployment.close()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def toolchain(paths: Mapping[str, Any]) -> Toolchain:
    return Toolchain(**{name: Path(value) if isinstance(value, str) else value for name, value in paths.items()})


def is_choice(function: FunctionInfo) -> bool:
    return function.kind == "query" and function.visibility == "public"


def describe(path: str, function: FunctionInfo) -> dict[str, Any]:
    return {"function": path, "name": name_of(path), "file": function.file, "line": function.line}


def name_of(path: str) -> str:
    module, _, name = path.partition(":")
    return module if name == "default" else name


async def indexes_of(deployment: Deployment, table: str) -> dict[str, tuple[str, ...]]:
    """The learner's indexes by name, with the fields as declared."""
    tables = {one.name: one for one in await deployment.store.tables()}
    return {
        index.name: index.fields
        for index in tables[table].indexes
        if index.name not in ("by_id", "by_creation_time") and not index.staged
    }


def filter_source(question: laboratory.Question) -> str | None:
    try:
        return laboratory_filter.source(question)
    except laboratory_filter.NoTwin:
        return None


async def repeat(deployment: Deployment, path: str, args: Any, runs: int) -> list[Outcome]:
    """One run that counts for nothing, then so many that do."""
    outcomes = [await deployment.run_query(path, args, identity=ALICE) for _ in range(runs + 1)][1:]
    error = next((outcome.error for outcome in outcomes if outcome.error is not None), None)
    if error is not None:
        raise Refused(f"`{name_of(path)}` did not come to an end: {error.message.strip()}")
    return outcomes


def figures(outcomes: list[Outcome]) -> dict[str, Any]:
    totals_ms = [outcome.note.total_ms for outcome in outcomes]
    store_ms = [outcome.note.store_ms for outcome in outcomes]
    return {
        "total_ms": median(totals_ms),
        "low_ms": min(totals_ms),
        "high_ms": max(totals_ms),
        "store_ms": median(store_ms),
        "documents": sum(read.documents for read in outcomes[0].note.reads),
        "runs": len(outcomes),
    }


TASKS = {"plan": plan, "totals": totals, "refusal": refusal}


def work(task: laboratory.Message, tell: laboratory.Tell) -> None:
    async def run() -> None:
        try:
            await TASKS[task["do"]](task, tell)
        finally:
            await close_pools()

    asyncio.run(run())


if __name__ == "__main__":
    laboratory.serve(work)
