"""Turn the published CDNOW_master.txt into the table that examples/cdnow/churn.toml reads.

    python examples/cdnow/prepare.py CDNOW_master.txt data/cdnow

The file has four columns of fixed width and no header: customer, day as YYYYMMDD, CDs, dollars. Rows stay as they are:
several purchases of a customer on one day are several rows, and some cost nothing.
"""

import argparse
import csv
import gzip
import io
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

NAME = "cdnow_until_1998-03.csv.gz"
COLUMNS = ("customer_id", "date", "cds", "amount")
UNTIL = date(1998, 4, 1)  # later purchases stay unseen, to judge what was foretold


def purchases(master: Path, until: date = UNTIL) -> Iterator[tuple[str, str, int, float]]:
    """The rows of the published file before a day."""
    with master.open(encoding="ascii") as lines:
        for number, line in enumerate(lines, start=1):
            fields = line.split()
            if not fields:
                continue
            if len(fields) != len(COLUMNS):
                raise SystemExit(f"{master}, line {number}: four columns were expected, found {line!r}")
            customer, day, cds, amount = fields
            bought = datetime.strptime(day, "%Y%m%d").date()  # noqa: DTZ007 (a day, no instant)
            if bought < until:
                yield customer, bought.isoformat(), int(cds), float(amount)


def prepare(master: Path, folder: Path, until: date = UNTIL) -> Path:
    """Write the table; the same file gives the same bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / NAME
    with path.open("wb") as raw, gzip.GzipFile(fileobj=raw, mode="wb", filename="", mtime=0) as packed:
        writer = csv.writer(io.TextIOWrapper(packed, encoding="utf-8", newline="", write_through=True))
        writer.writerow(COLUMNS)
        writer.writerows(purchases(master, until))
    return path


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("master", type=Path, help="CDNOW_master.txt, as published")
    parser.add_argument("folder", type=Path, help="where the table goes: $CHURN_DATA/cdnow")
    parser.add_argument("--until", type=date.fromisoformat, default=UNTIL, help="leave out this day and later ones")
    given = parser.parse_args()
    print(prepare(given.master, given.folder, given.until))


if __name__ == "__main__":
    main()
