"""Log lines look as Convex prints them and stay within their bounds."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ("'hello', { a: 1 }", "'hello' { a: 1 }"),
        ("", ""),
        ("\"it's\", 'a\\nb\\\\', '\\x01'", "'it\\'s' 'a\\nb\\\\' '\\x01'"),
        ("1, -0, 1e21, NaN, 5n, true, null, undefined", "1 -0 1e+21 NaN 5n true null undefined"),
        ("[], {}, [1, 'a', [2]], { 'b-c': 1, d: { e: [] } }", "[] {} [ 1, 'a', [ 2 ] ] { 'b-c': 1, d: { e: [] } }"),
        ("[1, , 3]", "[ 1,  , 3 ]"),
        ("() => 1, function named() {}, class C {}", "[Function (anonymous)] [Function: named] [Function: C]"),
        ("new Error('x'), Symbol('s'), /re/g", "[Error: x] Symbol(s) /re/g"),
        ("new Map([['a', 1]]), new Set([1, 'b'])", "Map (1) {'a' => 1} Set (2) {1, 'b'}"),
        ("new (class Point { x = 1 })(), Object.create(null)", "Point { x: 1 } [Object: null prototype] {}"),
        ("(() => { const a: any = {}; a.self = a; return a; })()", "{ self: [Circular] }"),
        ("{ a: { b: { c: { d: { e: { f: {} } } } } } }", "{ a: { b: { c: { d: { e: { f: [Object] } } } } } }"),
        ("{ [Symbol('k')]: 1 }", "{ [Symbol(k)]: 1 }"),
        ("new Date(0)", "Thu Jan 01 1970 00:00:00 GMT+0000 (Coordinated Universal Time)"),
        ("{ get boom() { throw 1; } }", "[unprintable]"),
    ],
)
async def test_arguments_are_rendered(learner, arguments, line):
    assert await learner.log(f"console.log({arguments});") == [f"[LOG] {line}".rstrip()]


async def test_every_level_has_its_name(learner):
    body = "console.debug(1); console.info(1); console.log(1); console.warn(1); console.error(1);"
    assert await learner.log(body) == [f"[{level}] 1" for level in ("DEBUG", "INFO", "LOG", "WARN", "ERROR")]


async def test_lines_beyond_256_are_left_out(learner):
    lines = await learner.log("for (let i = 0; i < 1e5; i++) console.log(i);")
    assert lines[:2] == ["[LOG] 0", "[LOG] 1"]
    assert lines[254:] == ["[LOG] 254", "[ERROR] Log overflow (maximum 256). Remaining log lines omitted."]


@pytest.mark.parametrize(
    "value", ["'x'.repeat(1e6)", "'é'.repeat(1e5)", "new Array(1e6).fill('ab')", "'😀'.repeat(2e4)"]
)
async def test_a_long_line_is_cut(learner, value):
    (line,) = await learner.log(f"console.log({value});")
    assert line.endswith(" (truncated due to length)")
    assert 32_000 < len(line.encode()) <= 32_768


async def test_lines_survive_a_call_that_is_stopped(learner):
    from tests.engine.runtime.conftest import query

    await learner.deploy(code=query("console.log('before'); for (;;) {}"))
    result = await learner.call()
    assert (result.log_lines, result.error.code) == (("[LOG] 'before'",), "FunctionTimedOut")


async def test_what_modules_print_while_loading_is_not_repeated_in_calls(learner):
    from tests.engine.runtime.conftest import IMPORTS

    await learner.deploy(
        code=f"{IMPORTS}console.log('loading');\nexport const f = query(() => console.log('called'));\n"
    )
    assert [(await learner.call()).log_lines for _ in range(2)] == [("[LOG] 'called'",)] * 2
