"""What a file does to the compiler: nothing is read, nothing hangs, and its text stays inside its function.

Every attack ends in a refusal with a reason, or in a project that is live and harms nobody.
"""

from __future__ import annotations

import pytest

from sandbox.engine import DeployError
from sandbox.engine.runtime.compile import compile_project
from tests.engine.runtime.test_hostile_projects import FINE, attempt, impatient, stays_live  # noqa: F401

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.slow]

DOUBLED = [f"  a{n} = `${{E.a{n - 1}}}${{E.a{n - 1}}}`,\n" for n in range(1, 40)]
DOUBLING = f"export enum E {{\n  a0 = '{'x' * 1000}',\n{''.join(DOUBLED)}}}\n"
COMPILER = {
    "an enum that doubles": DOUBLING,
    "deep parentheses": "export const a = " + "(" * 60_000 + "1" + ")" * 60_000 + ";\n",
    "deep arrays": "export const a = " + "[" * 60_000 + "]" * 60_000 + ";\n",
    "deep templates": "export const a = " + "`${" * 20_000 + "1" + "}`" * 20_000 + ";\n",
    "deep types": "export type A = " + "Array<" * 40_000 + "1" + ">" * 40_000 + ";\n",
    "a long chain": "export const a = " + "1+" * 100_000 + "1;\n",
    "many names": "".join(f"export const a{n} = {n};\n" for n in range(30_000)),
    "a long line": "export const a = '" + "x" * 4_000_000 + "';\n",
    "a long regular expression": "export const a = /" + "(a|" * 20_000 + "b" + ")" * 20_000 + "/;\n",
    "a source map that is a file": "//# sourceMappingURL=/etc/passwd\nexport const a = 1;\n",
    "a source map that is data": "//# sourceMappingURL=data:application/json;base64,e30=\nexport const a = 1;\n",
    "a source URL": "//# sourceURL=../../../../etc/passwd\nexport const a = 1;\n",
    "a pragma of JSX": "/** @jsx (globalThis.Deno.exit)() */\nexport const a = 1;\n",
    "a source of JSX": "/** @jsxImportSource /etc/passwd */\n/** @jsxRuntime automatic */\nexport const a = 1;\n",
    "a comment that ends the wrapper": "export const a = 1;\n/* */ // })\n//})(); throw 1;\n",
    "a hashbang": "#!/bin/sh\nexport const a = 1;\n",
    "HTML comments": "export const a = 1;\n// <!-- \nexport const b = a-->0;\n",
    "separators of lines": "export const a = '\u2028\u2029';\n",
    "nothing but NUL": "\0" * 1_000,
    "a byte order mark": "\ufeffexport const a = 1;\n",
}


@pytest.mark.parametrize("text", COMPILER.values(), ids=COMPILER.keys())
async def test_what_a_file_does_to_the_compiler_ends(learner, text):
    error = await attempt(learner, {"other": text})
    if error is not None:
        assert "root:" not in error.message
        assert len(error.message) < 10_000
    await stays_live(learner)


@pytest.mark.parametrize(
    "text",
    [
        "}); (globalThis as any).escaped = 1; (function () {",
        "*/ }); throw new Error('escaped'); (function () { /*",
        "export const a = 1; }})",
        "export const a = `${1}`}); //`;",
    ],
)
async def test_the_text_of_a_module_stays_inside_its_function(learner, text):
    error = await attempt(learner, {"other": text})
    assert error is not None
    assert error.code == "SyntaxError"
    assert "escaped" not in error.message
    await stays_live(learner)


async def test_the_pragma_of_jsx_runs_in_the_realm_and_nowhere_else(learner):
    await learner.deploy(code=FINE)
    for pragma, reason in (
        ("/** @jsx globalThis.make */", "globalThis.make is not a function"),
        ("/** @jsx globalThis.constructor.constructor */", "Code generation from strings disallowed"),
        ("/** @jsxRuntime automatic */\n/** @jsxImportSource /etc/passwd */", 'Could not resolve "/etc/passwd/jsx'),
    ):
        project = await compile_project({"convex/view.tsx": f"{pragma}\nexport const a = <p>x</p>;\n"}, learner.tools)
        with pytest.raises(DeployError) as caught:
            await learner.host.load(project)
        assert reason in caught.value.message
    await stays_live(learner)


async def test_imports_in_a_circle_are_no_trap(learner):
    files = {f"m{n}": f'import {{ a as b }} from "./m{(n + 1) % 50}";\nexport const a = () => b;\n' for n in range(50)}
    assert await attempt(learner, files) is None
