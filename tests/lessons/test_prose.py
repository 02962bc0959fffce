from __future__ import annotations

import pytest

from lessons import prose

FILES = ("convex/signups.ts",)


def test_raw_html_and_script_links_stay_text() -> None:
    html = prose.render("<b>x</b> [y](javascript:alert(1))")
    assert "<b>" not in html
    assert "href" not in html


def test_a_link_to_a_project_file_opens_it_in_the_editor() -> None:
    html = prose.render("See [the list](convex/signups.ts) and [its end](convex/signups.ts#L12).", FILES)
    assert '<a href="#editor" data-go-to="convex/signups.ts" data-line="0">the list</a>' in html
    assert 'data-line="12">its end</a>' in html


def test_a_link_to_a_file_that_is_not_there_is_refused_with_its_line() -> None:
    with pytest.raises(prose.UnknownFile, match=r"src/None\.tsx") as refused:
        prose.render("One.\n\nTwo [three](src/None.tsx).", FILES)
    assert refused.value.line == 2


def test_a_link_that_leaves_the_course_gets_a_tab_of_its_own() -> None:
    html = prose.render("[out](https://example.org/a)")
    assert 'target="_blank" rel="noopener noreferrer"' in html


def test_words_of_code_blocks_and_addresses_do_not_count() -> None:
    assert prose.count_words("Two words\n\n```ts\nconst many = words;\n```\n\nand [one link](convex/a.ts).") == 5


def test_a_verdict_marks_up_code_and_nothing_else() -> None:
    shown = prose.code_spans("`a<b>` <img src=x> ![i](http://x/y) **bold**")
    assert shown == "<code>a&lt;b&gt;</code> &lt;img src=x&gt; ![i](http://x/y) **bold**"
