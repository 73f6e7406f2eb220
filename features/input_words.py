"""Words of the input-data report's page in both languages, and how a sentence becomes HTML.

Start reading at `both`.
"""

from html import escape
from typing import Final

SEVERITY: Final = {"error": ("Error", "错误"), "warning": ("Warning", "警告"), "advice": ("Advice", "建议")}


def both(en: str, zh: str) -> str:
    """A text in English and in Chinese, one of which is shown."""
    return f'<span class="en">{escape(en)}</span><span class="zh">{escape(zh)}</span>'


def code(text: str) -> str:
    """A sentence, its first letter large, with its commands set as code."""
    parts = escape(text[:1].upper() + text[1:]).split("`")
    return "".join(f"<code>{part}</code>" if place % 2 else part for place, part in enumerate(parts))


def table(head: list[str], rows: list[list[str]]) -> str:
    """A table; its cells are HTML already."""
    top = "".join(f"<th>{name}</th>" for name in head)
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"


def duration(seconds: float) -> str:
    """A length of time in the unit that suits it."""
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if abs(seconds) >= size:
            return f"{seconds / size:,.1f} {unit}"
    return f"{seconds:,.0f} s"
