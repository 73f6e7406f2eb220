"""A shop without a fault, and ways to spoil it: what the tests of the input-data report read."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

from churn.clock import StoppedClock
from churn.definition import ChurnDefinition
from features.input_report import InputReport
from features.sources import ingest
from tests.orders_csv import shop

START = datetime(2023, 1, 1, tzinfo=UTC)
COLUMNS = ("customer_id", "at", "known", "amount", "kind")
Row = tuple[str, datetime, datetime, str, str]


def sound(days: int = 600, customers: int = 360) -> list[Row]:
    """A shop without a fault: waking hours, every day, most customers come back, all is known within the hour."""
    random, rows = Random(7), []
    for _ in range(customers * 6):
        day, hour, second = random.randrange(days), 8 + random.randrange(14), random.randrange(3600)
        at = START + timedelta(days=day, hours=hour, seconds=second)
        who, amount = f"c{random.randrange(customers):03d}", str(5 + random.randrange(40))
        rows.append((who, at, at + timedelta(minutes=random.randrange(50)), amount, "order"))
    return rows


def look(root: Path, rows: list[Row], mapping: dict[str, object] | None = None, **definition: object) -> InputReport:
    """Ingest these rows; what was found."""
    lines = "".join(f"{c},{a.isoformat()},{k.isoformat()},{amount},{kind}\n" for c, a, k, amount, kind in rows)
    (root / "orders.csv").write_text(",".join(COLUMNS) + "\n" + lines, encoding="utf-8")
    source: dict[str, object] = {
        "path": "orders.csv", "customer_id": "customer_id", "event_type": "kind", "event_timestamp": "at",
        "ingested_at": "known", "amount": "amount",
    }  # fmt: skip
    wanted = {key: value for key, value in (source | (mapping or {})).items() if value is not None}
    settings = shop(root, wanted).model_copy(update={"definition": ChurnDefinition(**definition)})
    return ingest(settings, environ={}, wall=StoppedClock(datetime(2026, 1, 1, tzinfo=UTC))).found


def shifted(rows: list[Row], hours: float) -> list[Row]:
    return [(c, a + timedelta(hours=hours), k + timedelta(hours=hours), amount, kind) for c, a, k, amount, kind in rows]


def gone(rows: list[Row], first: int, last: int) -> list[Row]:
    """Without the days from first to last."""
    return [row for row in rows if not first <= (row[1] - START).days < last]


def midnight(row: Row, hour: int = 0) -> Row:
    at = row[1].replace(hour=hour, minute=0, second=0)
    return row[0], at, at, row[3], row[4]


def late(rows: list[Row], share: int, **by: float) -> list[Row]:
    """One in so many known later."""
    return [(c, a, a + timedelta(**by) if n % share == 0 else k, m, kind) for n, (c, a, k, m, kind) in enumerate(rows)]


def repriced(rows: list[Row], share: int, amount: str) -> list[Row]:
    return [(c, a, k, amount if n % share == 0 else m, kind) for n, (c, a, k, m, kind) in enumerate(rows)]
