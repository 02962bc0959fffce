"""`performance` with marks and measures; `addEventListener` and the like on the global object; codes of exceptions."""

# ruff: noqa: E501 – the learner's code is laid out as TypeScript

from __future__ import annotations

import pytest

from tests.engine.runtime.conftest import NOW_MS

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_marks_and_measures_are_kept_and_cleared(learner):
    body = """
    const mark = performance.mark("a", { startTime: 3, detail: { b: [1] } });
    const measure = performance.measure("m", { start: "a", duration: 4 });
    const spans = [performance.measure("n", "a", "a").duration, performance.measure("o", { start: 1, end: 5 }).duration];
    const named = performance.getEntriesByName("a").length, all = performance.getEntries().length;
    performance.clearMarks("a");
    performance.clearMeasures();
    return [{ ...mark.toJSON() }, measure.startTime, measure.duration, spans, named, all, performance.getEntries().length,
      mark instanceof PerformanceMark, mark instanceof PerformanceEntry, String(measure), JSON.stringify(performance)];
    """
    entry = {"name": "a", "entryType": "mark", "startTime": 3, "duration": 0, "detail": {"b": [1]}}
    seen = ["[object PerformanceMeasure]", f'{{"timeOrigin":{NOW_MS:.0f}}}']
    assert await learner.run(body) == [entry, 3, 4, [0, 4], 1, 4, 0, True, True, *seen]


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("performance.measure('m', 'none')", 'SyntaxError: Cannot find mark: "none"'),
        ("performance.measure('m', { start: 1, end: 2, duration: 1 })", "TypeError: Cannot specify"),
        ("performance.mark('m', { startTime: -1 })", "TypeError: Cannot construct PerformanceMark"),
        ("(performance as any).mark()", "TypeError: Failed to execute 'mark' on 'Performance': 1 argument required"),
        ("new (Performance as any)()", "TypeError: Illegal constructor"),
    ],
)
async def test_what_cannot_be_measured_says_why(learner, code, text):
    assert (await learner.error(f"{code};")).message.startswith(f"Uncaught {text}")


async def test_the_global_object_takes_listeners(learner):
    body = """
    const seen: any[] = [];
    const listener = (event: any) => seen.push(event.target === globalThis);
    const { addEventListener: add, removeEventListener: remove, dispatchEvent: dispatch } = EventTarget.prototype as any;
    const world: any = globalThis;
    add("a", listener);
    world.dispatchEvent(new Event("a"));
    world.removeEventListener("a", listener);
    dispatch(new Event("a"));
    return [seen, typeof Object.getOwnPropertyDescriptor(new Event("a"), "isTrusted")!.get];
    """
    assert await learner.run(body) == [[True], "function"]


async def test_exceptions_have_the_codes_of_old(learner):
    body = """
    const codes = ["IndexSizeError", "AbortError", "URLMismatchError", "DataCloneError", "Other"].map((name) => new DOMException("", name).code);
    return [codes, DOMException.INUSE_ATTRIBUTE_ERR, DOMException.prototype.NO_MODIFICATION_ALLOWED_ERR, DOMException.URL_MISMATCH_ERR];
    """
    assert await learner.run(body) == [[1, 20, 21, 25, 0], 10, 7, 21]


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("structuredClone(new ArrayBuffer(1), { transfer: [] })", "structuredClone with transfer not supported\n"),
        ("(globalThis as any).Convex.jsSyscall('none', {})", "Unknown JS syscall: none\n"),
    ],
)
async def test_what_is_not_to_be_caught_fails_the_function(learner, code, text):
    error = await learner.error(f"try {{ {code}; }} catch {{ return 'caught'; }}")
    assert f"{error.message}\n" == text
