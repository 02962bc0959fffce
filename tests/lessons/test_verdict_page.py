"""A verdict as the page shows it, and as it comes back from an event."""

from __future__ import annotations

from django.template.loader import render_to_string

from lessons import verdict_page
from lessons.verdict import Advice, Place, Step, Verdict

CALL = {
    "kind": "call",
    "who": "alice",
    "path": "signups:archive",
    "shown_args": '{"id": "<i>k57</i>"}',
    "result": "refused: <script>",
    "refused": True,
    "reads": [{"table": "signups", "index": None, "documents": 20, "bytes": 1}],
    "writes": [
        {"table": "signups", "id": "k57", "before": {"_id": "k57", "bus": 1}, "after": {"_id": "k57", "at": 2}},
        {"table": "signups", "id": "k58", "before": None, "after": {"_id": "k58"}},
    ],
}
VERDICT = Verdict(
    False, "Called `archive`.", "<b>No</b>.", "Yes.", Place("convex/signups.ts", 24, 1),
    (Step("alice: archive", CALL), Step("live list → 2 rows", {"kind": "emission", "who": "bob"})),
    "restore-writes-null", "null-is-missing", (), 7,
)  # fmt: skip


def html(verdict: Verdict) -> str:
    shown = verdict_page.shown(verdict, 2, 5, verdict_page.in_a_sentence(verdict, 2, 3, 4))
    return render_to_string("lessons/_check_result.html", {"result": shown, "task": {"number": 2}})


def test_rows_stand_with_what_they_were_and_the_first_difference_marked() -> None:
    first, second = verdict_page.shown(VERDICT, 2, 5).evidence[0].writes
    assert [(cell.field, cell.before, cell.after, cell.is_first) for cell in first.cells] == [
        ("bus", "1", None, True), ("at", None, "2", False)
    ]  # fmt: skip
    assert (first.what, second.what, second.cells[0].is_first) == ("changed", "inserted", False)


def test_what_learner_code_made_is_text() -> None:
    text = html(VERDICT)
    assert "<script>" not in text
    assert "<i>" not in text
    assert "&lt;b&gt;No&lt;/b&gt;" in text


def test_the_page_says_the_whole_in_one_sentence() -> None:
    assert "3 of 4 tasks pass. Task 2 does not pass: &lt;b&gt;No&lt;/b&gt;." in html(VERDICT)


def test_the_idea_behind_it_the_seed_and_a_replay_are_offered() -> None:
    text = html(VERDICT)
    assert "Null empties an optional field." in text
    assert "began with 7" in text
    assert 'data-replay="2"' in text
    assert 'data-finding="restore-writes-null"' in text
    assert "Evidence: 1 call · 2 rows · 1 emission · revision 5" in text


def test_advice_stands_beside_a_pass() -> None:
    tip = Advice("tip", "actionable", "Looked.", "It reads all.", "An index.", Place("convex/a.ts", 3, 1))
    text = html(Verdict(True, "Called.", "Fine.", "", advice=(tip,)))
    assert "Could be better" in text
    assert "convex/a.ts, line 3" in text
    assert "data-proved" in text
    assert "data-replay" not in text


def test_a_verdict_survives_being_kept() -> None:
    kept = Verdict(True, "a", "b", "c", advice=(Advice("tip", "informative", "d", "e", "f", Place("x", 1, 1)),))
    assert Verdict.from_json(VERDICT.to_json()) == VERDICT
    assert Verdict.from_json(kept.to_json()) == kept
    old = {"passed": True, "did": "", "happened": "", "expected": "", "look_at": None, "evidence": ["one"]}
    assert Verdict.from_json(old).evidence == (Step("one"),)
