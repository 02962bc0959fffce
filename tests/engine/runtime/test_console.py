"""Log lines look as Convex prints them and stay within their bounds."""

from __future__ import annotations

import re

import pytest

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ("'hello', { a: 1 }", "'hello' {\n  a: 1\n}"),
        ("", ""),
        ("\"it's\", 'a\\nb\\\\', '\\x01'", "'it\\'s' 'a\\nb\\\\' '\\x01'"),
        ("1, -0, 1e21, NaN, 5n, true, null, undefined", "1 -0 1e+21 NaN 5n true null undefined"),
        ("[], {}, [1, 'a', [2]]", "[] {} [ 1, 'a', [ 2 ] ]"),
        ("{ 'b-c': 1, d: { e: [] } }", "{\n  'b-c': 1,\n  d: {\n    e: []\n  }\n}"),
        ("[1, { a: 2 }]", "[\n  1,\n  {\n    a: 2\n  }\n]"),
        ("[1, , 3]", "[ 1, , 3 ]"),
        ("'abc'.match(/b/)", "[ 'b', index: 1, input: 'abc', groups: undefined ]"),
        ("() => 1, function named() {}, class C {}", "[Function (anonymous)] [Function: named] [Function: C]"),
        ("new Error('x'), Symbol('s'), /re/g", "[Error: x] Symbol(s) /re/g"),
        (
            "new Error('x', { cause: 1 }), Object.assign(new Error('y'), { n: 1 })",
            "{ [Error: x] [cause]: 1 } { [Error: y] n: 1 }",
        ),
        (
            "Object(1), Object('s'), new WeakMap(), new Uint8Array()",
            "Object(1) Object('s') WeakMap { ? } Uint8Array [Uint8Array] {}",
        ),
        ("{ inspect: () => 'mine' }", "mine"),
        ("new Map([['a', 1]]), new Set([1, 'b'])", "Map (1) {\n  'a' => 1\n} Set (2) {\n  1,\n  'b'\n}"),
        ("new (class Point { x = 1 })(), Object.create(null)", "Point {\n  x: 1\n} [Object: null prototype] {}"),
        ("(() => { const a: any = {}; a.self = a; return a; })()", "{\n  self: [Circular]\n}"),
        ("[[[[[[1]]]]], [[[[{}]]]]]", "[ [ [ [ [ [Array] ] ] ] ], [ [ [ [ [Object] ] ] ] ] ]"),
        ("{ [Symbol('k')]: 1 }", "{\n  [Symbol(k)]: 1\n}"),
        ("new Date(0)", "Thu Jan 01 1970 00:00:00 GMT+0000 (Coordinated Universal Time)"),
        ("{ get boom() { throw 1; } }", "[unprintable]"),
    ],
)
async def test_arguments_are_rendered(learner, arguments, line):
    assert await learner.log(f"console.log({arguments});") == [f"[LOG] {line}"]


async def test_every_level_has_its_name(learner):
    body = "console.debug(1); console.info(1); console.log(1); console.warn(1); console.error(1);"
    assert await learner.log(body) == [f"[{level}] 1" for level in ("DEBUG", "INFO", "LOG", "WARN", "ERROR")]


async def test_a_timer_is_printed_with_its_label(learner):
    first, again, ended, gone = await learner.log(
        "console.time('t'); console.timeLog('t', [1]); console.time('t'); console.timeEnd('t'); console.timeEnd();"
    )
    assert re.fullmatch(r"\[INFO\] t: \d+ms \[ 1 \]", first)
    assert again == "[WARN] Timer 't' already exists"
    assert re.fullmatch(r"\[INFO\] t: \d+ms", ended)
    assert gone == "[WARN] Timer 'default' does not exist"


async def test_methods_that_convex_lacks_are_absent(learner):
    body = "return ['table', 'count', 'dir', 'group', 'assert'].map((name) => typeof (console as any)[name]);"
    assert await learner.run(body) == ["undefined"] * 5


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
