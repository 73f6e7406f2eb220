"""How the command line speaks: sentences and progress on stderr, results on stdout, JSON where a machine asks."""

import json
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import typer


def say(sentence: str) -> None:
    """A sentence for a person, on stderr, so that stdout stays a result that can be piped."""
    typer.echo(sentence, err=True)


def show(result: Any, *, as_json: bool, text: str) -> None:  # anything JSON can hold
    """The result of a command on stdout: JSON for machines, text for people."""
    typer.echo(json.dumps(result, ensure_ascii=False, indent=2, default=str) if as_json else text)


@contextmanager
def step(what: str) -> Iterator[None]:
    """Say that a step begins and, when it ends well, how long it took."""
    began = time.perf_counter()
    typer.echo(f"  {what} ...", err=True, nl=not sys.stderr.isatty())
    yield
    took = time.perf_counter() - began
    typer.echo(f"\r  {what}: {took:.1f} s" if sys.stderr.isatty() else f"    done in {took:.1f} s", err=True)


def progress(done: int, total: int, what: str) -> None:
    """A bar on a terminal, nothing in a log file."""
    if not sys.stderr.isatty() or total <= 0:
        return
    filled = round(30 * done / total)
    typer.echo(f"\r  [{'#' * filled}{'.' * (30 - filled)}] {done:,}/{total:,} {what}", err=True, nl=done >= total)


def table(rows: Sequence[Mapping[str, Any]], columns: Sequence[str] | None = None) -> str:
    """Rows as a plain text table; numbers to the right, floats to four places, null as a dash."""
    if not rows:
        return "(nothing)"
    columns = list(columns or rows[0])
    cells = [[_cell(row.get(column)) for column in columns] for row in rows]
    widths = [max(len(column), *(len(row[i]) for row in cells)) for i, column in enumerate(columns)]
    right = [all(isinstance(row.get(column), int | float | None) for row in rows) for column in columns]

    def line(texts: Sequence[str]) -> str:
        pairs = zip(texts, widths, right, strict=True)
        return "  ".join(
            text.rjust(width) if to_right else text.ljust(width) for text, width, to_right in pairs
        ).rstrip()

    return "\n".join([line(columns), line(["-" * width for width in widths]), *(line(row) for row in cells)])


def _cell(value: Any) -> str:
    if value is None or value != value:  # noqa: PLR0124  # NaN is not itself
        return "-"
    return f"{value:.4f}" if isinstance(value, float) else str(value)
