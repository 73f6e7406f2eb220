"""What an audience of so many customers costs: contacts read, spelt, hashed and cut into files.

Run: python benchmarks/audiences.py [--customers 1000000] [--json]

Everybody has an address and a number, invented; one in ten refused. CPU and memory of reading `[contacts]`, of both
digests a customer, and of the files; scores and events are not read (`benchmarks/everyone.py` has those).
"""

import argparse
import json
import resource
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from campaigns.audiences.files import parts_of
from campaigns.audiences.forms import GOOGLE
from campaigns.audiences.hashing import identifiers
from churn.audience_sections import Audiences
from churn.sections import Contacts
from churn.settings import Settings

COLUMNS = {name: name for name in ("email", "phone", "may_email", "may_phone")}


def shop(folder: Path, customers: int) -> Settings:
    """A business of which nothing but contact details is there."""
    ids = [f"C{number:07d}" for number in range(customers)]
    emails = [f"Person.{number}@Example.com" for number in range(customers)]
    phones = [f"138 {number // 10_000:04d} {number % 10_000:04d}" for number in range(customers)]
    told = pd.DataFrame({"customer_id": ids, "email": emails, "phone": phones, "may_email": "yes", "may_phone": "yes"})
    told.to_csv(folder / "contacts.csv", index=False)
    return Settings(contacts=Contacts(path="contacts.csv", **COLUMNS), audiences=Audiences(country="CN"), root=folder)


def measured(customers: int) -> dict[str, float]:
    """CPU-seconds, peak memory and size of one audience."""
    with tempfile.TemporaryDirectory() as name:
        settings = shop(Path(name), customers)
        ids = [f"C{number:07d}" for number in range(customers)]
        began = time.process_time()
        found = identifiers(settings, GOOGLE, ids, refused=set(ids[::10]), channels_refused={}, environ={})
        hashed = time.process_time()
        rows = found.rows[found.rows["why_not"].isna()].drop(columns="why_not")
        parts = parts_of(rows, GOOGLE, "list", None)
        done = time.process_time()
    return {
        "customers": customers, "on_the_list": len(rows), "hashing_cpu_s": round(hashed - began, 1),
        "files_cpu_s": round(done - hashed, 1), "megabytes": round(sum(len(one.content) for one in parts) / 1e6, 1),
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3),
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    figures = measured(asked.customers)
    print(json.dumps({"figures": figures}) if asked.json else pd.Series(figures).to_string())


if __name__ == "__main__":
    main()
