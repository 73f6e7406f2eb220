"""`churn campaign plan` end to end: scores, values, consents and opt-outs read, a list chosen, reasons told, files.

Run: python -m benchmarks.plan_million FOLDER [--customers 1000000] [--profile]

A drawn business is laid out in FOLDER once: an order of each customer and the opt-outs of one in fifty, ingested as any
log is; scores, values, contacts and the one feature that consents ask for. Then the command's own function runs in a
process of its own. Seconds of processor and peak memory are printed. Start reading at `main`.
"""

import argparse
import cProfile
import multiprocessing
import pstats
import resource
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd

from campaigns.plan.planning import Asked
from churn.action_sections import Action, Campaigns
from churn.sections import Business, Contacts, Ingest, Source
from churn.settings import Settings
from churn.tables import INSTANT, SCORES, VALUES
from cli.campaign_plan import plan
from features.sources import ingest

NOW = datetime(2025, 3, 1, tzinfo=UTC)
KINDS = ("coupon", "gift", "trial", "points", "call", "visit", "after_sale", "personal", "discount", "discount")
MONEY = (  # contact, offer, take-up
    (0.1, 10, 0.2), (2, 15, 0.2), (0.1, 5, 0.1), (0.05, 2, 0.06), (3, 0, 0.12), (8, 0, 0.3), (3, 0, 0.1),
    (0.05, 0, 0.05), (0.1, 20, 0.28), (0.1, 7, 0.15),
)  # fmt: skip


def shop(folder: Path) -> Settings:
    """Settings of the business: ten actions of made-up figures."""
    actions = tuple(
        Action(
            code=f"action_{place}", kind=kind, channel="phone" if contact >= 3 else "sms", en=f"Action {place}",
            zh=f"行动{place}", contact_amount=contact, offer_amount=offer, take_up_ratio=take_up,
            take_up_range=(take_up / 2, 1.5 * take_up), cool_down_days=30,
        )
        for place, (kind, (contact, offer, take_up)) in enumerate(zip(KINDS, MONEY, strict=True))
    )  # fmt: skip
    names = ("customer_id", "event_type", "event_timestamp", "event_id", "category", "amount")
    log = Source(path="log.parquet", **{one: one for one in names})
    choices = Campaigns(price_by_need=True, price_by_need_reason="a drawn business, to be timed")
    return Settings(
        artifacts=folder / "artifacts", root=folder, source=(log,), ingest=Ingest(), action=actions, campaigns=choices,
        contacts=Contacts(path="contacts.csv", may_email="may_email", may_phone="may_phone"),
        business=Business(slug="million", timezone="Asia/Shanghai", clock="log"),
    )  # fmt: skip


def lay_out(settings: Settings, count: int) -> None:
    """Draw the business and write its files."""
    folder, rng = settings.root, np.random.default_rng(1)
    folder.mkdir(parents=True, exist_ok=True)
    ids = np.array([f"c{place:07}" for place in range(count)], dtype=object)
    out = rng.permutation(count)[: count // 50]
    log = pd.DataFrame({"customer_id": ids, "event_type": "order", "category": None, "amount": 50.0})
    gone = pd.DataFrame({"customer_id": ids[out], "event_type": "opt_out", "category": "contact"})
    log = pd.concat([log, gone], ignore_index=True)
    log["event_timestamp"] = pd.to_datetime(NOW) - pd.to_timedelta(rng.integers(3600, 300 * 86_400, len(log)), unit="s")
    log["event_timestamp"] = log["event_timestamp"].astype(INSTANT)
    log["event_id"] = [f"e{place}" for place in range(len(log))]
    log.to_parquet(folder / "log.parquet")
    yes = np.array(["false", "true"])
    contacts = {name: yes[(rng.random(count) < 0.8).astype(int)] for name in ("may_email", "may_phone")}
    pd.DataFrame({"customer_id": ids, **contacts}).to_csv(folder / "contacts.csv", index=False)
    ingest(settings, environ={})
    is_churn = rng.random(count) < 0.6
    chance = np.where(is_churn, rng.beta(1, 3, count), rng.beta(1, 12, count))
    scores = pd.DataFrame({
        "customer_id": ids, "model": np.where(is_churn, "churn", "reactivation"), "probability": chance,
        "stage": np.where(is_churn, rng.choice(["active", "lapsing", "loyal"], count), "lapsed"), "band": "medium",
        "probability_low": chance * 0.8, "probability_high": np.minimum(chance * 1.2, 1), "cutoff": NOW,
        "horizon_days": 90, "scored_at": NOW, "valid_until": NOW + timedelta(hours=36), "score_id": ids,
    }).reindex(columns=SCORES.names)  # fmt: skip
    for column in SCORES:
        if column.dtype == INSTANT:
            scores[column.name] = pd.to_datetime(scores[column.name], utc=True).astype(INSTANT)
        elif column.dtype == "float64":
            scores[column.name] = scores[column.name].astype(float)
    values = pd.DataFrame(
        {"customer_id": ids, "expected_value_amount": rng.gamma(2, 40, count), "value_tier": "middle"}
    )
    known = pd.DataFrame({"customer_id": ids, "complaint_unsolved_oldest_days": np.nan})
    artifacts = settings.folder
    put(scores, artifacts / "scores" / "batch" / f"{NOW:%Y-%m-%dT%H%M%SZ}.parquet")
    put(values.reindex(columns=VALUES.names), artifacts / "tables" / "values.parquet")
    put(known, artifacts / "features" / "current.parquet")


def put(frame: pd.DataFrame, path: Path) -> None:
    """Write a table."""
    path.parent.mkdir(parents=True, exist_ok=True)
    frame.to_parquet(path, index=False)


def timed(folder: Path, asked: Asked, is_profiled: bool) -> None:
    """Run the command and print what it took."""
    settings, began, wall, profile = shop(folder), time.process_time(), time.perf_counter(), cProfile.Profile()
    if is_profiled:
        profile.enable()
    told = plan(settings, asked, dry_run=False, replace=True, by=None).text.splitlines()[0]
    profile.disable()
    took, wall = time.process_time() - began, time.perf_counter() - wall
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"{asked.campaign}: {took:.1f} s of processor, {wall:.1f} s in all, peak {peak:.2f} GiB\n{told}", flush=True)
    if is_profiled:
        pstats.Stats(profile).sort_stats("cumtime").print_stats(45)


def main() -> None:
    """Lay out once, then plan with money short, and with contacts short too."""
    options = argparse.ArgumentParser()
    options.add_argument("folder", type=Path)
    options.add_argument("--customers", type=int, default=1_000_000)
    options.add_argument("--profile", action="store_true")
    given = options.parse_args()
    if not (given.folder / "contacts.csv").exists():
        lay_out(shop(given.folder), given.customers)
    money, contacts = given.customers * 0.05, given.customers // 12
    for asked in (Asked("budget", money), Asked("both", money, (str(contacts), f"phone={contacts // 20}"))):
        one = multiprocessing.get_context("spawn").Process(target=timed, args=(given.folder, asked, given.profile))
        one.start()
        one.join()


if __name__ == "__main__":
    main()
