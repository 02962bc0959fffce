from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lessons.catalogue import Lesson, lesson
from lessons.requests import BODY_BYTES_MAX, COMPILED_BYTES_MAX, Refused, compiled_names, parse_edit
from sandbox.engine import limits

TRASH_CAN = lesson("trash-can")
EDIT = {"base_revision": 1, "files": {"src/App.tsx": "// mine"}, "compiled": {"src/App.js": "// mine"}}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


def refusal(lesson: Lesson, message: object) -> Refused:
    body = message if isinstance(message, bytes) else json.dumps(message).encode()
    with pytest.raises(Refused) as refused:
        parse_edit(body, lesson)
    return refused.value


def test_an_edit_is_read(lesson: Lesson) -> None:
    edit = parse_edit(json.dumps(EDIT).encode(), lesson)
    assert (edit.base_revision, dict(edit.files), dict(edit.compiled)) == tuple(EDIT.values())


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"\xff\xfe",
        b"{",
        b"[" * 100_000,
        [],
        "text",
        {},
        {**EDIT, "base_revision": "1"},
        {**EDIT, "base_revision": True},
        {**EDIT, "base_revision": 1.5},
        {**EDIT, "base_revision": 0},
        {**EDIT, "files": ["src/App.tsx"]},
        {**EDIT, "files": {"src/App.tsx": 7}},
        {**EDIT, "files": {"src/App.tsx": "\ud800"}},
        {**EDIT, "files": {"../../settings.py": ""}},
        {**EDIT, "files": {"convex/http.ts": ""}},
        {**EDIT, "files": {"convex/_generated/server.js": ""}},
        {**EDIT, "compiled": None},
        {**EDIT, "compiled": {"convex/signups.js": ""}},
        {**EDIT, "compiled": {"src/Other.js": ""}},
    ],
    ids=lambda message: repr(message)[:60],
)
def test_anything_else_is_refused_in_a_sentence(lesson: Lesson, message: object) -> None:
    refused = refusal(lesson, message)
    assert (refused.status, refused.error) == (400, "bad-request")
    assert refused.message.endswith(".")


@pytest.mark.parametrize(
    "message",
    [
        {**EDIT, "files": {"src/App.tsx": "x" * (limits.PROJECT_BYTES_MAX + 1)}},
        {**EDIT, "files": {"src/App.tsx": "ế" * (limits.PROJECT_BYTES_MAX // 3 + 1)}},
        {**EDIT, "compiled": {"src/App.js": "x" * (COMPILED_BYTES_MAX + 1)}},
        b" " * (BODY_BYTES_MAX + 1),
    ],
    ids=["files", "files of long characters", "compiled", "body"],
)
def test_too_much_is_refused_as_too_large(lesson: Lesson, message: object) -> None:
    assert refusal(lesson, message).status == 413


@given(JSON | st.dictionaries(st.sampled_from(list(EDIT)), JSON))
def test_no_json_whatever_does_more_than_be_refused(message: object) -> None:
    with contextlib.suppress(Refused):
        parse_edit(json.dumps(message).encode(), TRASH_CAN)


def test_only_what_the_panes_load_is_compiled() -> None:
    paths = ["convex/signups.ts", "src/App.tsx", "src/parts/List.jsx", "src/types.d.ts", "src/notes.md"]
    assert compiled_names(paths) == {"src/App.js", "src/parts/List.js"}
