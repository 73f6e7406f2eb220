"""What came in of objections, and of who customers are: words that nobody knows, attributes that models do not see.

Start reading at `lawful_findings`.
"""

from collections.abc import Iterator

import duckdb

from churn.settings import Settings
from features.demographic_words import is_demographic, left_out
from features.input_finding import Finding, finding
from features.input_sources import MEANT
from features.mapping import PROFILE
from features.opt_outs import KINDS, category_of, nearest

NAMED = 8  # so many words are told, the commonest
FEW = 2  # a word that seldom might be somebody's own


def lawful_findings(connection: duckdb.DuckDBPyConnection, settings: Settings) -> Iterator[Finding]:
    """Objections in words that stand for no category, and attributes that are demographic.

    Args:
        connection: DuckDB with `judged` of features/judging.py.
        settings: of the business.
    """
    kinds = ", ".join(f"'{kind}'" for kind in KINDS)
    said = connection.execute(
        f"SELECT category, count(*) FROM judged WHERE {MEANT} AND event_type IN ({kinds}) AND category IS NOT NULL "
        "GROUP BY category ORDER BY count(*) DESC, category"
    ).fetchall()
    strange = [_told(word, int(count)) for word, count in said if category_of(word) is None]
    if strange:
        more = " ..." if len(strange) > NAMED else ""
        yield finding("unknown_opt_outs", categories=", ".join(strange[:NAMED]) + more)
    found = connection.execute(
        f"SELECT DISTINCT event_type FROM judged WHERE {MEANT} AND starts_with(event_type, '{PROFILE}') ORDER BY ALL"
    ).fetchall()
    names = [str(kind).removeprefix(PROFILE) for (kind,) in found]
    demographic = [name for name in names if is_demographic(name)]
    out = {*left_out(demographic, settings.wanted), *settings.wanted.leave_out_attributes}
    for code, told in (
        ("demographic_left_out", [name for name in demographic if name in out]),
        ("demographic_seen", [name for name in demographic if name not in out]),
    ):
        if told:
            yield finding(code, names=", ".join(told))


def _told(word: str, count: int) -> str:
    near = nearest(word)
    shown = word if count >= FEW or near else "(one of its own)"
    return f"{shown} ({count:,}{f', {near}?' if near else ''})"
