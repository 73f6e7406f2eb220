"""What the list of a day, and the reading of opt-outs, cost for so many customers.

Run: python benchmarks/due.py [--customers 1000000] [--json]

Everybody has five orders, one contact and two other events; six in ten told a birthday, one in four has a notice of
points, one in ten a tier that is at risk, one in twenty opted out of scores or of contact. The log is written by
`features.sources.ingest`, which is not measured; scores and rows of features lie there as the loop would write them.
CPU-seconds of this process and its peak memory; `--folder` keeps the shop for a second run.
"""

import argparse
import json
import resource
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from churn.action_sections import Action, Campaigns
from churn.calendar import DAY_US, to_us
from churn.sections import Business, Contacts, Source
from churn.settings import Settings
from churn.tables import INSTANT, SCORES
from cli.campaign_due import due
from features.opt_outs import opt_outs
from features.sources import ingest

NOW = datetime(2025, 3, 1, 16, tzinfo=UTC)  # a local midnight
COLUMNS = ("customer_id", "event_type", "event_timestamp", "amount", "quantity", "category", "channel")
SEED = 7


def actions() -> tuple[Action, ...]:
    """Every kind of occasion but complaints, which the log has none of."""
    common = {"channel": "store", "en": "care", "zh": "关怀", "cool_down_days": 0}
    kinds = {
        "birthday": {"before_days": 3}, "anniversary": {"before_days": 3}, "holiday": {"holidays": ("03-02",)},
        "thanks": {"orders": (1, 5), "within_days": 7}, "after_sale": {"after_days": 7, "within_days": 14},
        "regular_contact": {"every_days": 180}, "points_lapsing": {}, "tier_lapsing": {},
    }  # fmt: skip
    return tuple(Action(code=kind, kind=kind, **common, **more) for kind, more in kinds.items())


def shop(folder: Path, customers: int) -> Settings:
    """A business of which log, scores and rows of now are there; written unless the folder has it."""
    source = Source(path="log.parquet", **{name: name for name in COLUMNS})
    contacts = Contacts(path="contacts.csv", may_email="may_email", may_phone="may_phone")
    settings = Settings(
        artifacts=folder / "artifacts", root=folder, source=(source,), contacts=contacts, action=actions(),
        business=Business(slug="due", timezone="Asia/Shanghai", clock="log"), campaigns=Campaigns(),
    )  # fmt: skip
    if (folder / "log.parquet").exists():
        return settings
    ids = np.array([f"C{number:07d}" for number in range(customers)], dtype=object)
    _log(ids).to_parquet(folder / "log.parquet")
    pd.DataFrame({"customer_id": ids, "may_email": "true", "may_phone": "true"}).to_csv(
        folder / "contacts.csv", index=False
    )
    ingest(settings, environ={})
    scores = pd.DataFrame({"customer_id": ids, "probability": 0.3, "model": "churn", "stage": "active"})
    scores = scores.assign(cutoff=NOW, scored_at=NOW, valid_until=NOW + timedelta(hours=36), horizon_days=90)
    scores = scores.reindex(columns=SCORES.names)
    for column in SCORES:
        if column.dtype in (INSTANT, "float64"):
            scores[column.name] = scores[column.name].astype(column.dtype if column.dtype != INSTANT else INSTANT)
    rows = pd.DataFrame({"customer_id": ids, "complaint_unsolved_oldest_days": np.nan})
    for frame, path in ((scores, f"scores/batch/{NOW:%Y-%m-%dT%H%M%SZ}.parquet"), (rows, "features/current.parquet")):
        (settings.folder / path).parent.mkdir(parents=True, exist_ok=True)
        frame.to_parquet(settings.folder / path, index=False)
    return settings


def _log(ids: np.ndarray) -> pd.DataFrame:
    rng = np.random.default_rng(SEED)
    plan = [("order", 5, 1.0), ("visit", 2, 1.0), ("campaign_contact", 1, 1.0), ("profile.birthday", 1, 0.6),
            ("points_expiring", 1, 0.25), ("tier_status", 1, 0.1), ("opt_out", 1, 0.05)]  # fmt: skip
    parts = []
    for kind, times, share in plan:
        who = np.repeat(ids[rng.random(len(ids)) < share], times)
        part = pd.DataFrame({"customer_id": who, "event_type": kind})
        ago_us = (rng.random(len(who)) * 365 * DAY_US).astype(np.int64)
        part["event_timestamp"] = pd.to_datetime(to_us(NOW) - 1 - ago_us, unit="us", utc=True).astype(INSTANT)
        part["amount"] = np.where(kind in ("order", "points_expiring"), rng.gamma(2, 50, len(who)).round(2), np.nan)
        part["quantity"] = np.where(kind in ("points_expiring", "tier_status"), 365.0, np.nan)
        days = pd.to_datetime(rng.integers(0, 365, len(who)), unit="D").strftime("%m-%d")
        of = {"profile.birthday": days, "opt_out": rng.choice(["scoring", "contact"], len(who))}
        part["category"] = np.asarray(of.get(kind), dtype=object) if kind in of else None
        part["channel"] = "sms" if kind == "campaign_contact" else None
        parts.append(part)
    return pd.concat(parts, ignore_index=True)


def measured(settings: Settings, customers: int) -> dict[str, float]:
    """CPU-seconds, wall-clock seconds and peak memory of one list and of one reading of opt-outs."""
    began, wall = time.process_time(), time.perf_counter()
    objections = opt_outs(settings)
    read, read_wall = time.process_time(), time.perf_counter()
    told = due(settings, None).as_json
    done, done_wall = time.process_time(), time.perf_counter()
    return {
        "customers": customers, "opt_outs": len(objections), "opt_outs_cpu_s": round(read - began, 1),
        "opt_outs_wall_s": round(read_wall - wall, 1), "tasks": told["tasks"], "due_cpu_s": round(done - read, 1),
        "due_wall_s": round(done_wall - read_wall, 1),
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3),
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        figures = measured(shop(asked.folder or Path(name), asked.customers), asked.customers)
    print(json.dumps({"figures": figures}) if asked.json else pd.Series(figures).to_string())


if __name__ == "__main__":
    main()
