"""The id map of a business: which id of a source was whose, as far as we knew when.

    source,source_id,customer_id,known_from
    hotline,+49-17,C0042,2024-03-01T09:00:00+01:00     from then on we knew that this caller is customer C0042

Reads the file of `[id_map]`, refuses it as a whole where a row of it is wrong, and lays it as the table `id_map`:
the time of each id of a source in stretches, each somebody's. Before its first row an id stands for itself. What is
done with it is said in features/rekeying.py. Start reading at `load_map`.
"""

from collections.abc import Mapping
from difflib import get_close_matches

import duckdb

from churn.errors import DataError
from churn.sections import IdMap, Source
from churn.settings import Settings
from features.instants import clock_us_sql, has_offset_sql, offset_us_sql
from features.reading import FILE, ROW, Progress, Rows, load
from features.sql_text import literal, quoted

ID_MAP = "id_map"
EVER_US = -(2**62)  # known ever since
SHOWN = 3  # faults of a kind
_KEY = "source, source_id"


class WrongIdMap(DataError):
    """The id map cannot be used: nobody could say whose an event is."""

    def __init__(self, name: str, faults: list[str], ways: list[str]) -> None:
        shown = faults[0] if len(faults) == 1 else "\n" + "\n".join(f"  {fault}" for fault in faults)
        super().__init__(f"The id map {name} cannot be used: {shown}", mend="; ".join(dict.fromkeys(ways)) + ".")


def load_map(
    connection: duckdb.DuckDBPyConnection, settings: Settings, *, environ: Mapping[str, str], progress: Progress
) -> Rows | None:
    """Read the file of the id map as text; None where the settings name none.

    Raises:
        SourceMissing, UnreadableSource: it cannot be read. WrongIdMap: it lacks a column, or a line is no row.
    """
    wanted = settings.id_map
    if wanted.path is None:
        return None
    nowhere = Source(path=wanted.path, customer_id="''", event_timestamp="''")
    rows = load(connection, nowhere, len(settings.source), root=settings.root, environ=environ, progress=progress)
    columns = [getattr(wanted, name) for name in ("source", "source_id", "customer_id", "known_from")]
    missing = [name for name in columns if name not in rows.columns]
    if missing:
        raise WrongIdMap(
            rows.name,
            [f"it has no column {', '.join(map(repr, missing))}, but {', '.join(rows.columns)}."],
            ["add the column, or name the one that is meant in [id_map]"],
        )
    lines = connection.execute(f"SELECT row_no, why FROM unreadable WHERE source = {rows.position}").fetchall()
    if lines:
        faults = [f"row {row}: {why}" for row, why in sorted(lines)[:SHOWN]]
        raise WrongIdMap(rows.name, faults, ["correct these lines: each needs the fields of the first, in UTF-8"])
    return rows


def lay_map(connection: duckdb.DuckDBPyConnection, rows: Rows | None, settings: Settings, *, known_us: int) -> None:
    """Make the table `id_map`: source, source_id, customer_id, since_us, until_us (null: to this day).

    Args:
        connection: DuckDB.
        rows: what `load_map` read; None gives an empty map.
        settings: names of columns and sources.
        known_us: nobody can know anything from this instant on.

    Raises:
        WrongIdMap: it is empty, names no source of ours, an id is missing, an instant is none, has no zone or lies in
            the future, or an id is two customers' from one instant on. All faults at once.
    """
    if rows is None:
        columns = "source VARCHAR, source_id VARCHAR, customer_id VARCHAR, since_us BIGINT, until_us BIGINT"
        connection.execute(f"CREATE TABLE {ID_MAP} ({columns})")
        return
    connection.execute(f"CREATE TEMP TABLE mapped AS {_typed(rows, settings.id_map)}")
    _check(connection, rows, settings, known_us)
    told = f"SELECT DISTINCT {_KEY}, customer_id, known_us FROM mapped"
    itself = f"SELECT {_KEY}, source_id, {EVER_US} FROM mapped GROUP BY ALL HAVING min(known_us) > {EVER_US}"
    in_turn = f"OVER (PARTITION BY {_KEY} ORDER BY known_us)"
    new = f"SELECT * FROM ({told} UNION ALL {itself}) QUALIFY lag(customer_id) {in_turn} IS DISTINCT FROM customer_id"
    connection.execute(
        f"CREATE TABLE {ID_MAP} AS SELECT {_KEY}, customer_id, known_us AS since_us, "
        f"lead(known_us) {in_turn} AS until_us FROM ({new}) ORDER BY {_KEY}, since_us"
    )
    connection.execute("DROP TABLE mapped")


def _typed(rows: Rows, wanted: IdMap) -> str:
    """SELECT of the map's columns, with the instant by its own offset or by the zone of the settings."""
    instant = quoted(wanted.known_from)
    told = f"nullif(trim({instant}), '') AS told, {clock_us_sql(instant)} AS clock"
    far = 2**61
    offset = "NULL" if wanted.timezone is None else offset_us_sql("clock", wanted.timezone, -far, far)
    texts = {"source": wanted.source, "source_id": wanted.source_id, "customer_id": wanted.customer_id}
    columns = ", ".join(f"nullif(trim({quoted(column)}), '') AS {name}" for name, column in texts.items())
    since = f"CASE WHEN has_offset THEN clock WHEN clock IS NOT NULL THEN clock - ({offset}) END"
    return (
        f"SELECT *, CASE WHEN told IS NULL THEN {EVER_US} ELSE {since} END AS known_us FROM ("
        f"SELECT {FILE} AS file, {ROW} AS row_no, {columns}, {told}, "
        f"{has_offset_sql(instant)} AS has_offset FROM {rows.table})"
    )


def _check(connection: duckdb.DuckDBPyConnection, rows: Rows, settings: Settings, known_us: int) -> None:
    """Gather what is wrong, each kind with its first rows and its mend."""
    names = [source.name for source in settings.source if source.name] + list(settings.id_map.live_sources)
    ours = ", ".join(literal(name) for name in names) or "NULL"
    twice = f"SELECT {_KEY}, known_us FROM mapped GROUP BY ALL HAVING count(DISTINCT customer_id) > 1"
    checks = {
        "source_id IS NULL OR customer_id IS NULL": ("an id is empty", "give source_id and customer_id in each row"),
        f"source IS NULL OR source NOT IN ({ours})": ("{source!r} is no source", _source_mend(connection, names, ours)),
        "told IS NOT NULL AND clock IS NULL": (
            "{told!r} is no date or time, year first",
            "write known_from as 2024-03-01 or 2024-03-01T09:00:00+01:00",
        ),
        "clock IS NOT NULL AND known_us IS NULL": (
            "{told!r} has no time zone",
            'write the offset (+01:00, Z), or name the zone: `timezone = "Europe/London"` in [id_map]',
        ),
        f"known_us >= {known_us}": ("{told!r} lies in the future", "leave out what we do not know yet"),
        f"({_KEY}, known_us) IN ({twice})": (
            "{source_id!r} of {source} is two customers' from {told} on",
            "keep one row for an id and an instant",
        ),
    }
    faults, ways = [], []
    for condition, (fault, way) in checks.items():
        found = connection.execute(
            f"SELECT row_no, source, source_id, told FROM mapped WHERE {condition} ORDER BY file, row_no LIMIT {SHOWN}"
        ).fetchall()
        for row, source, source_id, told in found:
            faults.append(f"row {row}: " + fault.format(source=source or "", source_id=source_id, told=told) + ".")
            ways.append(way)
    if connection.execute("SELECT count(*) FROM mapped").fetchall() == [(0,)]:
        faults, ways = ["it holds no rows."], ["add rows, or leave out `path` in [id_map]"]
    if faults:
        raise WrongIdMap(rows.name, faults, ways)


def _source_mend(connection: duckdb.DuckDBPyConnection, names: list[str], ours: str) -> str:
    """How to mend an unknown source: the nearest name, or giving names at all."""
    unknown = connection.execute(f"SELECT min(source) FROM mapped WHERE source NOT IN ({ours})").fetchall()[0][0]
    near = get_close_matches(unknown or "", names, n=1)
    hint = f"did you mean {near[0]!r}? " if near else ""
    given = ", ".join(dict.fromkeys(names)) or "none has one"
    return f"{hint}give each [[source]] whose ids are mapped a `name`, and that name in the map (names: {given})"
