"""The type checker on learner code: what it finds, and that hostile types cost little and read nothing."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
from pathlib import Path

import pytest

from sandbox.engine import DeployError, Problem, check_types
from sandbox.engine.runtime import type_check

SOUND = 'import { v } from "convex/values";\nexport const text: string = v.string().kind;\n'


async def test_a_sound_project_has_no_problems(tools):
    files = {
        "convex/a.ts": SOUND,
        "src/App.tsx": 'import { useState } from "react";\nimport { text } from "../convex/a";\n'
        "export default function App() {\n  const [shown] = useState(text);\n  return <p>{shown}</p>;\n}\n",
    }
    assert await check_types(tools, files) == ()


async def test_each_error_has_its_place_and_text(tools):
    text = 'export const n: number = "𝄞"; export const m: number = "x";\n'
    assert await check_types(tools, {"convex/a.ts": text}) == (
        Problem("convex/a.ts", 1, 14, "TS2322: Type 'string' is not assignable to type 'number'."),
        Problem("convex/a.ts", 1, 45, "TS2322: Type 'string' is not assignable to type 'number'."),
    )


async def test_syntax_errors_are_told_of_every_file(tools):
    problems = await check_types(tools, {"src/b.tsx": "export const = <p>;\n", "convex/a.ts": "\n)"})
    assert {problem.file for problem in problems} == {"src/b.tsx", "convex/a.ts"}
    assert all(problem.message.startswith("TS1") for problem in problems)


async def test_a_long_explanation_stays_one_problem(tools):
    files = {"convex/a.ts": "const b = { a: { c: 'x' as unknown } };\nexport const a: { a: { c: number } } = b;\n"}
    (problem,) = await check_types(tools, files)
    first, *others = problem.message.split("\n")
    assert first.startswith("TS2322: ")
    assert others[-1].endswith("Type 'unknown' is not assignable to type 'number'.")


SECRET = '{"password": "of another learner"}'
OUTSIDE = {
    "an absolute import": 'import stolen from "{secret}";\nexport const a: number = stolen;\n',
    "a relative import": 'import stolen from "../../../../../../../../..{secret}";\nexport const a: number = stolen;\n',
    "an import type": 'export const a: number = null! as typeof import("{secret}").default;\n',
    "a reference path": '/// <reference path="{code}" />\nexport const a: number = stolenFromElsewhere;\n',
    "a reference to types": '/// <reference types="{code}" />\nexport const a: number = stolenFromElsewhere;\n',
    "a reference lib": '/// <reference lib="{code}" />\nexport const a: number = stolenFromElsewhere;\n',
    "a text import": 'import stolen from "/etc/passwd" with {{ type: "text" }};\nexport const a: number = stolen;\n',
    "an export from elsewhere": 'export * from "{code}";\nimport {{ stolenFromElsewhere }} from "{code}";\n'
    "export const a: number = stolenFromElsewhere;\n",
    "a module declaration": 'declare module "x" {{ export {{ stolenFromElsewhere }} from "{code}"; }}\n'
    'import {{ stolenFromElsewhere }} from "x";\nexport const a: number = stolenFromElsewhere;\n',
    "a source map comment": "export const a: number = 'x';\n//# sourceMappingURL={secret}\n",
    "an import of the environment": 'import stolen from "/proc/self/environ";\nexport const a: number = stolen;\n',
    "an import of the parent": 'import stolen from "/proc/{parent}/environ";\nexport const a: number = stolen;\n',
}


@pytest.mark.parametrize("text", OUTSIDE.values(), ids=OUTSIDE.keys())
async def test_nothing_outside_of_the_project_is_read(tools, tmp_path, text):
    secret, code = tmp_path / "secret.json", tmp_path / "code.ts"
    secret.write_text(SECRET)
    code.write_text("export declare const stolenFromElsewhere: { password: 'of another learner' };\n")
    text = text.format(secret=secret, code=code, parent=os.getpid())
    problems = await check_types(tools, {"convex/a.ts": text})
    assert problems
    told = "\n".join(problem.message for problem in problems)
    assert "password" not in told
    assert "another learner" not in told
    assert "root:" not in told


@pytest.mark.parametrize(
    "files",
    [
        {"tsconfig.json": '{"compilerOptions": {"plugins": [{"name": "/tmp/x"}], "noCheck": true}, "files": []}'},
        {"convex/tsconfig.json": '{"extends": "/etc/passwd"}'},
        {"package.json": '{"type": "module", "imports": {"#x": "/etc/passwd"}}'},
        {"convex/node_modules/convex/package.json": '{"types": "./no.d.ts"}'},
        {"../escaped.ts": "export const a = 1;"},
        {"convex/../../escaped.ts": "export const a = 1;"},
        {"/convex/escaped.ts": "export const a = 1;"},
        {"convex/\0.ts": "export const a = 1;"},
        {"convex/" + "a" * 5000 + ".ts": "export const a = 1;"},
        {"node_modules/convex/values.d.ts": "export declare const v: string;"},
    ],
)
async def test_files_of_the_project_do_not_configure_the_checker(tools, files):
    wrong = {"convex/a.ts": SOUND + "export const n: number = 'x';\n"}
    problems = await check_types(tools, {**files, **wrong})
    assert [(problem.file, problem.line) for problem in problems] == [("convex/a.ts", 3)]
    assert not (tools.work.parent / "escaped.ts").exists()
    assert list(Path(tools.work).glob("types-*")) == []


BOMBS = {
    "a union of all products": """
type D = "0" | "1" | "2" | "3" | "4" | "5" | "6" | "7" | "8" | "9";
type P4 = `${D}${D}${D}${D}`;
export const a: `${P4}${P4}` | P4 = "x";
""",
    "types that grow": """
type Grow<T extends unknown[], N> = T["length"] extends N ? T : Grow<[...T, ...T, 1], N> | Grow<[1, ...T, T], N>;
export const a: Grow<[], 999999> = 1;
""",
    "objects that double": """
type Double<T> = { a: T; b: T };
type Twice<T> = Double<Double<T>>;
type Four<T> = Twice<Twice<T>>;
type All<T> = { [K in keyof T]: T[K] extends object ? All<T[K]> & All<T[K]> : T[K] | number };
export const a: All<Four<Four<Four<Four<{ x: 1 }>>>>> = null! as All<Four<Four<Four<Four<{ x: "2" }>>>>>;
""",
    "a deep expression": "export const a = " + "(" * 200_000 + "1" + ")" * 200_000 + ";\n",
    "a long union": "export type A = " + " | ".join(f'"{n:x}"' for n in range(60_000)) + ";\n",
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("text", BOMBS.values(), ids=BOMBS.keys())
async def test_a_type_bomb_is_ended_and_the_next_check_works(tools, text):
    with contextlib.suppress(DeployError):
        await check_types(tools, {"convex/a.ts": text})
    assert await check_types(tools, {"convex/a.ts": SOUND}) == ()


async def test_a_check_that_takes_too_much_memory_gives_up(tools):
    with pytest.raises(DeployError) as caught:
        await check_types(tools, {"convex/a.ts": BOMBS["types that grow"]})
    assert caught.value.code == "TypeCheckGaveUp"


async def test_a_check_that_does_not_end_is_killed(tools, monkeypatch):
    monkeypatch.setattr(type_check, "DEADLINE_SECONDS", 0.01)
    with pytest.raises(DeployError) as caught:
        await check_types(tools, {"convex/a.ts": SOUND})
    assert caught.value.code == "TypeCheckGaveUp"
    assert list(Path(tools.work).glob("types-*")) == []


async def test_two_checks_run_at_a_time(tools, monkeypatch):
    running, most = 0, 0
    run = type_check._Compilation.run

    async def counted(self):
        nonlocal running, most
        running += 1
        most = max(most, running)
        try:
            return await run(self)
        finally:
            running -= 1

    monkeypatch.setattr(type_check._Compilation, "run", counted)
    results = await asyncio.gather(*(check_types(tools, {"convex/a.ts": SOUND}) for _ in range(5)))
    assert (most, results) == (2, [()] * 5)


async def test_a_flood_of_errors_is_cut(tools):
    text = "".join(f"export const a{n}: number = {json.dumps('x' * 50)};\n" for n in range(5_000))
    assert len(await check_types(tools, {"convex/a.ts": text})) == type_check.PROBLEMS_MAX
