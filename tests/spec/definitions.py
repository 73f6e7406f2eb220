"""docs/definitions.md, printed from the drawn cases: `python -m tests.spec.definitions` writes it."""

from collections.abc import Iterator
from pathlib import Path

import churn.grammar
from tests.spec.cases import CHAPTERS
from tests.spec.chapter import LEGEND, Chapter

PAGE = Path(__file__).parents[2] / "docs" / "definitions.md"
HEAD = """# What churn means

This page is printed from `tests/spec/cases.py`, the table that the tests run: what it says, the code does.
`python -m tests.spec.definitions` prints it anew. Words are explained in [GLOSSARY.md](../GLOSSARY.md).
"""


def page() -> str:
    """The whole page."""
    language = (churn.grammar.__doc__ or "").partition("\n\n")[2].rpartition("\n\n")[0]
    parts = [HEAD, f"## How to read the drawings\n\n{LEGEND}\n", *map("\n".join, map(_chapter, CHAPTERS))]
    parts.append(f"## The language of conditions\n\n{language.strip(chr(10))}\n")
    return "\n".join(parts)


def _chapter(chapter: Chapter) -> Iterator[str]:
    yield f"## {chapter.title}\n\n{chapter.text}\n\n```toml\n{chapter.toml}\n```\n"
    yield "| Timeline | Stage | Model | Outcome | Because |"
    yield "| --- | --- | --- | --- | --- |"
    for case in chapter.cases:
        drawn = case.timeline.replace("|", "\\|")
        cells = (f"`{drawn}`", case.stage.replace("_", " "), case.model, case.outcome, case.because)
        yield f"| {' | '.join(cells)} |".replace("|  |", "| |")
    yield ""


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
