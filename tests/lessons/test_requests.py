from __future__ import annotations

import contextlib
import json
from dataclasses import replace

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
        {**EDIT, "files": {"convex/bad-name.ts": ""}},
        {**EDIT, "files": {"src/../convex/x.ts": ""}},
        {**EDIT, "files": {"src/a\u0000b.ts": ""}},
        {**EDIT, "files": {"src/.hidden.ts": ""}},
        {**EDIT, "files": {"src/notes.md": ""}},
        {**EDIT, "files": {"other/x.ts": ""}},
        {**EDIT, "files": {"src/" + "a" * 100 + ".ts": ""}},
        {**EDIT, "files": {"src/App.tsx": "", "src/app.js": ""}},
        {**EDIT, "files": {f"src/f{number}.ts": "" for number in range(200)}},
        {**EDIT, "removed": "src/App.tsx"},
        {**EDIT, "removed": [7]},
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


def test_a_project_may_have_files_of_its_own_and_lose_the_starters(lesson: Lesson) -> None:
    files = {"convex/http.ts": "", "src/parts/a-list.tsx": ""}
    message = {**EDIT, "files": files, "compiled": {"src/parts/a-list.js": ""}, "removed": ["src/App.tsx"]}
    edit = parse_edit(json.dumps(message).encode(), lesson)
    assert (edit.files, edit.removed) == (files, {"src/App.tsx"})


def test_a_locked_file_stays(lesson: Lesson) -> None:
    locked = replace(lesson, locked=frozenset({"convex/schema.ts"}))
    refused = refusal(locked, {**EDIT, "removed": ["convex/schema.ts"]})
    assert refused.message == '"convex/schema.ts" cannot be removed in this lesson.'


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
