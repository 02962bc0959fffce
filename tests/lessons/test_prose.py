from __future__ import annotations

import pytest

from lessons import prose


def test_a_task_is_taken_out_of_the_running_text() -> None:
    rendered = prose.render("Before\n\n::: task 1\nDo *it*\n:::\n\nAfter\n")
    assert rendered.html == "<p>Before</p>\n<p>After</p>\n"
    assert rendered.tasks == {1: "<p>Do <em>it</em></p>\n"}


def test_raw_html_and_script_links_stay_text() -> None:
    html = prose.render("<b>x</b> [y](javascript:alert(1))").html
    assert "<b>" not in html
    assert "href" not in html


def test_a_task_that_comes_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="twice"):
        prose.render("::: task 1\na\n:::\n::: task 1\nb\n:::\n")


def test_a_verdict_marks_up_code_and_nothing_else() -> None:
    shown = prose.code_spans("`a<b>` <img src=x> ![i](http://x/y) **bold**")
    assert shown == "<code>a&lt;b&gt;</code> &lt;img src=x&gt; ![i](http://x/y) **bold**"
