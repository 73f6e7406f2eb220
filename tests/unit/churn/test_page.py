"""The frame of all pages: one file in two languages, with what is text escaped and nothing from outside."""

import re

import pytest

from churn.page import both, both_code, frame, part, table


@pytest.mark.parametrize(("language", "shown"), [("en", "en"), ("zh", "zh"), ("fr", "en")])
def test_a_page_shows_one_language_first_and_holds_both(language: str, shown: str) -> None:
    body = [part(("Rows", "行"), table(["a"], [["1"]]), note=("so many", "这么多"))]
    told = frame("<shop>", language=language, heading="h", as_of=both("now", "现在"), body=body, footer=("end", "完"))
    assert f'id="{shown}" checked' in told
    assert told.count(" checked>") == 1
    assert "&lt;shop&gt;" in told
    assert all(words in told for words in ("Rows", "行", "so many", "这么多", "end", "完"))
    assert not re.search(r"<script|https?://", told)
    assert "<p></p>" not in told, "no sentence, no empty line"


def test_texts_are_escaped_and_commands_set_as_code() -> None:
    assert both("<b>", "&") == '<span class="en">&lt;b&gt;</span><span class="zh">&amp;</span>'
    told = both_code("run `churn <x>`", "运行 `churn`", ("then rest", "然后"))
    assert "Run <code>churn &lt;x&gt;</code>" in told
    assert 'class="mend">Then rest</span>' in told
    assert "mend" not in both_code("a", "b")
