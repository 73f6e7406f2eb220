"""Does a mapped column hold names, phones, e-mails, addresses or identity numbers of people?

Looks at names (of the attribute, and of the source's columns that an expression hands on unchanged) and at distinct
values of `judged`. Attributes of events and profiles are refused; a customer_id is the business's own key, so that it
is warned of; free text is warned of. No value leaves this file. Start reading at `personal_findings`.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePath

import duckdb

from features.input_finding import Finding, finding
from features.personal_words import KINDS, looks_like_a_name, personal_by_name, personal_by_value, personal_within
from features.reading import Rows
from features.sql_text import literal

VALUES = 2_000  # distinct values looked at in a column
SAMPLED_ROWS = 200_000  # of a longer source, rows of so many buckets as give about so many
REFUSED_SHARE, NAMES_SHARE, NAMES = 0.1, 0.7, 10  # share of distinct values; of names most, among so many at least
NEARLY_UNIQUE = 0.02  # people have many names: fewer distinct ones a row are words of a list, unless of two words
KEYS = ("customer_id", "related_customer_id")
REFUSED = ("event_type", "channel", "category", "reason_code", "order_id")
FLAGS = frozenset({"0", "1", "true", "false", "yes", "no", "y", "n", "t", "f", "是", "否", "有", "无"})
_HANDS_ON = frozenset({"trim", "ltrim", "rtrim", "lower", "upper", "cast", "try_cast", "coalesce", "ifnull", "nullif"})
_CALL = re.compile(r"([A-Za-z_0-9]+)\s*\(")
_TELLS = re.compile(r"[<>=|]|\b(case|is|like|ilike|in|between|not)\b", re.IGNORECASE)
_LIKELY = r"[^\s@]@[^\s@]+\.|[0-9][0-9 ()-]{6,}[0-9]"  # a cheap sieve before the exact patterns


@dataclass(frozen=True)
class Mapped:
    """A column as it was mapped: its place in `judged`, its name for people, and what it was made from."""

    rows: Rows
    part: int
    column: str
    name: str
    expression: str

    @property
    def where(self) -> str:
        """The column as `allow_personal` names it: `orders.channel`."""
        return f"{source_key(self.rows)}.{self.name}"


def source_key(rows: Rows) -> str:
    """The short name of a source: the one it was given, or its file without folder and endings, or its table."""
    if rows.source.name is not None:
        return rows.source.name
    if rows.source.path is not None:
        return PurePath(rows.source.path).name.partition(".")[0]
    return rows.source.table or f"source_{rows.position + 1}"


def mapped_columns(rows: Rows) -> Iterator[Mapped]:
    """Every text that a source hands on, attributes of profiles among them."""
    source = rows.source
    has_events = source.event_type is not None
    for column in (*KEYS, *REFUSED, "text") if has_events else KEYS[:1]:
        expression = getattr(source, column)
        if expression is not None:
            yield Mapped(rows, 0, column, column, expression)
    for part, (attribute, expression) in enumerate(sorted(source.attributes.items()), start=int(has_events)):
        yield Mapped(rows, part, "category", attribute, expression)


def personal_findings(
    connection: duckdb.DuckDBPyConnection, sources: Sequence[Rows], *, buckets: int, allowed: Collection[str]
) -> Iterator[Finding]:
    """What of the sources looks like details of people.

    Args:
        connection: DuckDB with `judged`.
        sources: what was read.
        buckets: of the log, into which `judged` is parted.
        allowed: `source.column` that are known to be none.
    """
    needed = set()
    for rows in sources:
        for column in mapped_columns(rows):
            for found in _findings(connection, column, buckets):
                if column.where in allowed:
                    needed.add(column.where)
                    en, zh = KINDS[found.kind]
                    yield finding("personal_allowed", column.where, kind_en=en, kind_zh=zh)
                else:
                    yield found.told
    for where in sorted(set(allowed) - needed):
        yield finding("allowance_unused", where)


@dataclass(frozen=True)
class _Found:
    kind: str
    told: Finding


def _findings(connection: duckdb.DuckDBPyConnection, column: Mapped, buckets: int) -> list[_Found]:
    """The one thing to say of a column, if any: by its name, else by its values."""
    distinct, values = _values(connection, column, buckets)
    if column.column == "text":
        return list(_of_text(column, values))
    if column.column not in KEYS:
        is_flag = {value.strip().lower() for value in values} <= FLAGS
        names = [column.name, *(() if is_flag else _handed_on(column))]  # an attribute's name is that of its feature
        kind = next((kind for name in names if (kind := personal_by_name(name))), None)
        if kind is not None:
            return [_found(kind, "personal_by_name", column)]
    return list(_of_values(column, values, distinct))


def _values(connection: duckdb.DuckDBPyConnection, column: Mapped, buckets: int) -> tuple[float, list[str]]:
    """Distinct values of a column, chosen by hash, and how many of them there are a row."""
    mine = f"source = {column.rows.position} AND part = {column.part}"
    rows = connection.execute(f"SELECT count(*) FROM judged WHERE {mine}").fetchall()[0][0]
    if rows > SAMPLED_ROWS and buckets > 1:
        mine += f" AND bucket < {max(1, buckets * SAMPLED_ROWS // rows)}"
    like = f" AND regexp_matches(text, {literal(_LIKELY)})" if column.column == "text" else ""
    found = connection.execute(
        "SELECT value, count(*) OVER () / sum(n) OVER () FROM "
        f"(SELECT {column.column} AS value, count(*) AS n FROM judged WHERE {mine} AND "
        f"{column.column} IS NOT NULL{like} GROUP BY value) ORDER BY hash(value), value LIMIT {VALUES}"
    ).fetchall()
    return (float(found[0][1]) if found else 0.0), [str(value) for value, _ in found]


def _is_reduced(column: Mapped) -> bool:
    """Whether an expression gives less than the column it reads: a hash, a length, a condition."""
    calls = {name.lower() for name in _CALL.findall(column.expression)}
    return not calls <= _HANDS_ON or bool(_TELLS.search(column.expression))


def _handed_on(column: Mapped) -> list[str]:
    """The source's columns that an expression hands on as they are."""
    if _is_reduced(column):
        return []
    bare = {column.expression.strip().strip('"').lower(), *re.findall(r"\w+", column.expression.lower())}
    return [name for name in column.rows.columns if name.lower() in bare]


def _of_values(column: Mapped, values: list[str], distinct: float) -> Iterator[_Found]:
    is_key = column.column in KEYS or column.column == "order_id"
    kinds = Counter(kind for value in values if (kind := personal_by_value(value, is_key=is_key)))
    if is_key and kinds["phone"] and _are_numbered(values):
        del kinds["phone"]
    names = [value for value in values if looks_like_a_name(value)]
    are_people = distinct >= NEARLY_UNIQUE or all(" " in value.strip() for value in names)
    if len(values) >= NAMES and len(names) >= NAMES_SHARE * len(values) and are_people:
        kinds["name"] = len(names)
    for kind, matches in kinds.most_common(1):
        share = matches / len(values)
        if column.column in KEYS:
            if share >= REFUSED_SHARE:
                yield _found(kind, "key_is_personal", column, share=share, expression=column.expression)
        elif share >= REFUSED_SHARE:
            yield _found(kind, "personal_values", column, share=share)
        elif kind in {"email", "phone"} and not is_key:
            yield _found(kind, "some_personal_values", column, count=matches, distinct=len(values))


def _are_numbered(values: list[str]) -> bool:
    """Whether numbers share their beginning, as those that a counter gave do and phones do not."""
    heads = {value.strip()[:4] for value in values}
    return len(heads) < max(2, min(12, len(values) // 4))


def _of_text(column: Mapped, values: list[str]) -> Iterator[_Found]:
    kinds = Counter(kind for value in values if (kind := personal_within(value)))
    for kind, matches in kinds.most_common(1):
        yield _found(kind, "text_holds_personal", column, count=matches)


def _found(kind: str, code: str, column: Mapped, **facts: object) -> _Found:
    en, zh = KINDS[kind]
    return _Found(kind, finding(code, column.where, kind_en=en, kind_zh=zh, **facts))
