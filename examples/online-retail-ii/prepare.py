"""Turn the published Online Retail II workbook into the table that examples/online-retail-ii/churn.toml reads.

    python examples/online-retail-ii/prepare.py online_retail_II.xlsx data/online_retail_ii

Takes the workbook with its two sheets (needs openpyxl), or one CSV file a sheet, first year first. Lines without a
customer, and lines of the first sheet that the second repeats (1 to 9 December 2010), are left out. One row comes out
for each customer, minute and kind: purchase, or cancellation where the quantity is negative.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

NAME = "events.csv.gz"
RENAMED = {"Invoice": "InvoiceNo", "Price": "UnitPrice", "Customer ID": "CustomerID"}  # the sheets differ by edition
NEEDED = ["Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country"]


def lines_of(published: Sequence[Path]) -> list[pd.DataFrame]:
    """The sheets, in order of time, under one set of column names."""
    if len(published) == 1 and published[0].suffix == ".xlsx":
        sheets = list(pd.read_excel(published[0], sheet_name=None).values())
    else:
        sheets = [pd.read_csv(path) for path in published]
    named = [sheet.rename(columns=RENAMED) for sheet in sheets]
    for sheet in named:
        if missing := sorted(set(NEEDED) - set(sheet.columns)):
            raise SystemExit(
                f"A sheet has no columns {', '.join(missing)}; it has {', '.join(map(str, sheet.columns))}"
            )
    return [sheet.assign(InvoiceDate=pd.to_datetime(sheet["InvoiceDate"])) for sheet in named]


def events_of(sheets: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """One row for each customer, minute and kind."""
    whole = []
    for sheet, following in zip(sheets, [*sheets[1:], None], strict=True):
        end = pd.Timestamp.max if following is None else following["InvoiceDate"].min()
        whole.append(sheet[sheet["InvoiceDate"] < end])
    lines = pd.concat(whole, ignore_index=True)
    lines = lines[lines["CustomerID"].notna() & (lines["UnitPrice"] >= 0)]
    lines = lines.assign(
        customer_id=lines["CustomerID"].astype("int64"),
        time=lines["InvoiceDate"].dt.floor("min"),
        kind=(lines["Quantity"] < 0).map({True: "cancellation", False: "purchase"}),
        amount=lines["Quantity"] * lines["UnitPrice"],
    )
    events = lines.groupby(["time", "customer_id", "kind"], as_index=False).agg(
        lines=("Quantity", "size"), items=("Quantity", "sum"), amount=("amount", "sum"), country=("Country", "first")
    )
    events = events.assign(amount=events["amount"].round(2))
    return events[["customer_id", "time", "kind", "lines", "items", "amount", "country"]]


def prepare(published: Sequence[Path], folder: Path) -> Path:
    """Write the table; the same workbook gives the same bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / NAME
    events_of(lines_of(published)).to_csv(path, index=False, compression={"method": "gzip", "mtime": 0})
    return path


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("published", type=Path, nargs="+", help="the workbook, or a CSV file a sheet")
    parser.add_argument("folder", type=Path, help="where the table goes: $CHURN_DATA/online_retail_ii")
    given = parser.parse_args()
    print(prepare(given.published, given.folder))


if __name__ == "__main__":
    main()
