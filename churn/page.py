"""The frame of every page for people: one file, no script, nothing from outside, English and Chinese by a switch.

    both(en, zh)   a text in two languages, of which one is shown
    part(...)      a heading, a note and what stands under it
    frame(...)     the whole page
    turned(...)    a page that was written before, in the language of who looks, with a way back

Texts in, a text out; what is passed as `str` is HTML already unless it says otherwise. Start reading at `frame`.
"""

from collections.abc import Sequence
from html import escape
from string import Template
from typing import Final, Literal

from churn.page_style import STYLE

Two = tuple[str, str]
Tone = Literal["error", "warning", "advice", "fine", "none"]
DOCUMENT: Final = Template("""<!doctype html>
<html lang="$language"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<title>$title</title><style>$style</style></head>
<body><main>
$top
<header class="$tone"><h1>$heading</h1>$says<p class="quiet">$as_of</p></header>
$body
<footer>$footer</footer>
</main></body></html>
""")

SWITCH: Final = Template("""<div class="language"><label><input type="radio" name="language" id="en"$en> English</label>
<label><input type="radio" name="language" id="zh"$zh> 中文</label></div>""")


def frame(
    title: str,
    *,
    language: str,
    heading: str,
    as_of: str,
    body: Sequence[str],
    footer: Two,
    tone: Tone = "advice",
    says: str = "",
    style: str = "",
    top: str = "",
) -> str:
    """A page.

    Args:
        title: of the window, plain text.
        language: that is shown first, en or zh.
        heading: HTML.
        as_of: what it rests on, HTML.
        body: its parts, HTML.
        footer: where to read on.
        tone: colour of the heading's edge; none: grey.
        says: the outcome in a sentence, HTML; none where empty.
        style: beside the common sheet.
        top: above the heading, HTML: navigation of a site that has a page a language; the switch where empty.
    """
    checked = {one: " checked" if (one == "zh") == (language == "zh") else "" for one in ("en", "zh")}
    return DOCUMENT.substitute(
        title=escape(title), language=language, style=STYLE + style, tone=tone, heading=heading,
        top=top or SWITCH.substitute(checked), says=f"<p>{says}</p>" if says else "", as_of=as_of,
        body="\n".join(body), footer=both(*footer),
    )  # fmt: skip


def turned(page: str, language: str, way_back: str = "") -> str:
    """A page that `frame` made, with another language first; one with navigation of its own stays as it is.

    Args:
        page: HTML.
        language: en or zh.
        way_back: above the switch, HTML.
    """
    for chosen in ("en", "zh"):
        checked = {one: " checked" if one == chosen else "" for one in ("en", "zh")}
        switch = SWITCH.substitute(checked)
        if switch in page:
            wanted = SWITCH.substitute({one: " checked" if one == language else "" for one in ("en", "zh")})
            return page.replace(f'<html lang="{chosen}">', f'<html lang="{language}">').replace(
                switch, f"{way_back}{wanted}", 1
            )
    return page


def part(title: Two, content: str, *, note: Two | None = None) -> str:
    """A part of a page: heading, note, content (HTML)."""
    told = f'<p class="quiet">{both(*note)}</p>' if note else ""
    return f"<h2>{both(*title)}</h2>{told}{content}"


def both(en: str, zh: str) -> str:
    """A text in English and in Chinese, one of which is shown; escaped here."""
    return f'<span class="en">{escape(en)}</span><span class="zh">{escape(zh)}</span>'


def code(text: str) -> str:
    """A sentence, its first letter large, with its commands set as code; escaped here."""
    parts = escape(text[:1].upper() + text[1:]).split("`")
    return "".join(f"<code>{part}</code>" if place % 2 else part for place, part in enumerate(parts))


def both_code(en: str, zh: str, more: Two = ("", "")) -> str:
    """A sentence in both languages with its commands set as code, and quieter what to do about it; escaped here."""
    mends = [f' <span class="mend">{code(one)}</span>' if one else "" for one in more]
    return f'<span class="en">{code(en)}{mends[0]}</span><span class="zh">{code(zh)}{mends[1]}</span>'


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table; its cells are HTML already. A column without a name has no heading, and no name at all no head."""
    top = "".join(f"<th>{name}</th>" if name else "<td></td>" for name in head)
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    above = f"<thead><tr>{top}</tr></thead>" if any(head) else ""
    return f"<table>{above}<tbody>{body}</tbody></table>"
