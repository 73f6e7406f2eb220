"""How often does `churn monitor` cry wolf, and what does it catch? Weekly verdicts on a business after `churn run`.

Run: python benchmarks/verdicts.py -c churn.toml [--weeks 20]. Features of each past week are computed as they would
have been then, scored with the champion, and judged: sound; on a twentieth of the customers; and, every tenth week,
with one column broken in each way. Outcomes are left out: the question is what features and scores alone say. Prints,
for each case, weeks by verdict, and for the broken ones how often the column was named.
"""

import argparse
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from churn.settings import Settings, load
from cli.opened import OpenLog, open_log
from features.snapshots import current
from monitoring.champion import Champion, champions
from monitoring.drift.reference import reference
from monitoring.ledger.cohort import Books
from monitoring.looking import find, has_newer_outcomes
from monitoring.reading.customers import numbers_of
from monitoring.reading.newest import Told
from monitoring.reading.seen import RowsOfNow, seen_of
from monitoring.verdict import Verdict, judge
from training.fit import raw_scores
from training.registry import MlflowRegistry

Break = Callable[[pd.Series], pd.Series | None]
WAYS: dict[str, Break] = {
    "30 % null": lambda column: column.where(np.arange(len(column)) % 10 >= 3),
    "all null": lambda column: column * np.nan,
    "missing": lambda _: None,
    "text": lambda column: column.astype(str) + " x",
    "one infinite": lambda column: column.where(np.arange(len(column)) != len(column) // 2, np.inf),
    "x 100": lambda column: column * 100,
    "x 1.3": lambda column: column * 1.3,
    "constant": lambda column: column * 0 + float(column.median()),
    "10 % zeroed": lambda column: column.where(np.arange(len(column)) % 10 != 0, 0.0),
}
BROKEN_EVERY = 10  # weeks
BROKEN = ("order_total_90d", "order_count_365d", "order_days_since")


def scored(champion: Champion, booster: str, mine: pd.DataFrame) -> Told:
    """The champion's scores of its cohort."""
    prepared = champion.bundle.prepare(mine[list(champion.bundle.features)].to_numpy(dtype=np.float64))
    customers = numbers_of(pa.array(mine["customer_id"].astype(str)))
    return Told(customers, champion.bundle.probability(raw_scores(booster, prepared)))


@dataclass(frozen=True)
class Judge:
    """One champion, ready to be judged on rows of any week."""

    settings: Settings
    log: OpenLog
    champion: Champion
    booster: str

    def verdict(self, rows: pd.DataFrame, now: datetime) -> Verdict:
        """What monitoring says of these rows, without outcomes."""
        mine = rows[rows["model"] == self.champion.model].reset_index(drop=True)
        told = scored(self.champion, self.booster, mine) if self._can_be_scored(mine) else Told.nothing()
        newer = has_newer_outcomes(self.settings, self.champion, replace(self.log.manifest, observed_until=now))
        then = reference(self.champion, self.settings.folder / "monitoring" / "cache")
        seen = seen_of(mine, then, sample_rows=self.settings.monitoring.sample_rows)
        hashed = self.champion.bundle.feature_set_hash
        of_now = RowsOfNow(now, hashed, len(rows), len(rows), {}, {self.champion.model: seen})
        found = find(self.settings, self.champion, then, of_now, told, Books({}), now, newer_outcomes=newer)
        return judge(found, self.settings.monitoring)

    def _can_be_scored(self, rows: pd.DataFrame) -> bool:
        return all(name in rows and rows[name].dtype == np.float64 for name in self.champion.bundle.features)


def broken(rows: pd.DataFrame, name: str, way: Break) -> pd.DataFrame:
    """The rows with one column broken."""
    column = way(rows[name])
    return rows.drop(columns=name) if column is None else rows.assign(**{name: column})


def moved(verdict: Verdict) -> str:
    """The features that a verdict names, without their figures."""
    told = " ".join(reason.what[0] for reason in verdict.reasons if reason.code == "features_moved")
    return ", ".join(word for word in told.split() if "_" in word)


def main() -> None:
    """Judge week after week and print what was said."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-c", "--config", default="churn.toml")
    parser.add_argument("--weeks", type=int, default=20)
    given = parser.parse_args()
    settings = load(given.config)
    log, registry = open_log(settings), MlflowRegistry(settings)
    for champion in champions(settings.folder, settings.business.slug):
        name, version = champion.version.split("/")
        judging = Judge(settings, log, champion, registry.get(name, int(version)).booster)
        judged_weeks(judging, given.weeks)


def judged_weeks(judging: Judge, weeks: int) -> None:
    """All cases of one champion."""
    said: dict[str, Counter[str]] = {}
    named: Counter[str] = Counter()
    same, reasons, few = 0, Counter[str](), Counter[str]()
    random = np.random.default_rng(7)
    for back in range(weeks):
        now = judging.log.lifecycle.calendar.plus_days(judging.log.as_of, -7 * back)
        rows = current(judging.log.events, judging.log.features, judging.log.lifecycle, now)
        sound = judging.verdict(rows, now)
        reasons.update(reason.code for reason in sound.reasons)
        reasons.update([moved(sound)] if moved(sound) else [])
        said.setdefault("sound", Counter())[sound.outcome] += 1
        some = judging.verdict(rows[random.random(len(rows)) < 0.05].reset_index(drop=True), now)
        said.setdefault("sound, a twentieth of the customers", Counter())[some.outcome] += 1
        same += some.outcome in {sound.outcome, "cannot_tell"}
        few.update([moved(some)] if moved(some) else [])
        for case, way in WAYS.items() if back % BROKEN_EVERY == 0 else ():
            asked = rows[rows["model"] == judging.champion.model].reset_index(drop=True)
            for column in BROKEN:
                judged = judging.verdict(broken(asked, column, way), now)
                said.setdefault(case, Counter())[judged.outcome] += 1
                named[case] += any(column in reason.what[0] for reason in judged.reasons)
    print(f"{judging.champion.version}: {weeks} weeks, last {judging.log.as_of:%Y-%m-%d}; when sound: {dict(reasons)}")
    for case, outcomes in said.items():
        told = f"; column named in {named[case]} of {outcomes.total()}" if case in WAYS else ""
        print(f"  {case}: {dict(outcomes)}{told}")
    print(f"  a twentieth agrees, or cannot tell, in {same} of {weeks} weeks; named there: {dict(few)}")


if __name__ == "__main__":
    main()
