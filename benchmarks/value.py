"""Lifetime value on past cohorts: total, error, rank and coverage by estimator, beside what customers spent before.

    python -m benchmarks.value examples/cdnow/churn.toml --months 6      a business that was ingested
    python -m benchmarks.value --customers 1000000                       time and memory of so many made-up customers

`within` is the share in the interval as first promised, before any widening, and so of each group of customers (once,
again: days with orders; lapsed by the business's rule); n is customers. The last lines are of the interval that serves:
its width was chosen on cohorts before the newest, and is told of the newest. Nothing is tuned here: what a cohort is
expected to spend was learned from what was over by its instant.
"""

import argparse
import resource
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd

from campaigns.value.bands import TAILS
from campaigns.value.cohorts import Past, cohorts_of
from campaigns.value.coverage import Held, shares
from campaigns.value.judge import Choice, judged
from campaigns.value.lifetime import lifetime
from campaigns.value.probability_model import ProbabilityModel, money_leans
from campaigns.value.two_part import TwoPart
from churn.calendar import Calendar
from churn.definition import ChurnDefinition, Lifecycle, StageRules
from churn.events import Events
from churn.settings import load
from churn.value_sections import Valuing
from features.log import read_log_manifest
from features.parts import Part, log_parts
from training.btyd.visits import fit_visits

UNTIL = datetime(2026, 1, 1, tzinfo=UTC)
YEARS_DAYS = 3 * 365
PARTS = 64


@dataclass(frozen=True)
class MadeUp:
    """A part of a log of customers who come at rates of their own and leave at some time."""

    number: int
    customers: int

    def read(self) -> Events:
        """The part's events."""
        random = np.random.default_rng(self.number)
        start, life = random.uniform(0, YEARS_DAYS, self.customers), random.exponential(500, self.customers)
        counts = 1 + random.poisson(random.gamma(0.7, 0.01, self.customers) * np.minimum(life, YEARS_DAYS - start))
        who = np.repeat(np.arange(self.customers), counts)
        first = np.append(0, np.cumsum(counts)[:-1])
        share = random.uniform(0, 1, len(who))
        share[first] = 0.0
        day = start[who] + share * np.minimum(life, YEARS_DAYS - start)[who]
        when = pd.to_datetime(UNTIL - timedelta(days=YEARS_DAYS)) + pd.to_timedelta(day, unit="D")
        level = random.lognormal(3.5, 0.6, self.customers)
        frame = pd.DataFrame(
            {
                "customer_id": np.char.add(f"p{self.number:02d}-", who.astype(str)).astype(object),
                "event_type": "order",
                "event_timestamp": pd.DatetimeIndex(when).as_unit("us"),
                "amount": level[who] * random.lognormal(0, 0.5, len(who)),
            }
        )
        return Events.from_frame(frame)


def told(past: Past) -> None:
    """Print how each estimator fared on each past cohort."""
    choice = judged(past, (TwoPart(), ProbabilityModel(fit_visits, past.horizon_days)))
    print(f"serves: {choice.estimator or choice.why}; visits and money a visit lean {money_leans(past.now):+.2f}")
    for one in choice.judgements:
        head = f"{one.cutoff[:10]}  {one.estimator:<10} n {one.customers:>7,}"
        if one.why:
            print(f"{head}  says nothing: {one.why}")
            continue
        covered = f"{shares(one.held)[0]:.3f} ({_by_group(one.held, 0)})" if one.held else "-"
        print(
            f"{head}  total {one.total_error_ratio:+7.1%}  MAE {one.mean_absolute_amount:10.2f}  "
            f"loss {one.loss:10.2f}  rank {one.rank:.3f}  within {covered}"
        )
    _interval(choice)


def _by_group(held: Sequence[Held], tail: int) -> str:
    return ", ".join(f"{one.group} {one.within[tail] / one.customers:.3f} of {one.customers:,}" for one in held)


def _interval(choice: Choice) -> None:
    newest, tail = choice.newest, choice.tail
    if newest is None or tail is None:
        print("interval: none is told" if tail is None else "interval: held to no cohort")
        return
    by = ", ".join(one.cutoff[:10] for one in choice.widths) or "nobody, the first is taken"
    how = "" if not choice.widths or choice.apart else ", which overlap with the newest"
    print(f"interval: {1 - 2 * TAILS[tail]:.0%} wide, chosen by {by}{how}")
    print(f"  held {shares(newest.held)[tail]:.3f} of {newest.cutoff[:10]}: {_by_group(newest.held, tail)}")


def sized(customers: int, months: int) -> None:
    """Print what everybody's lifetime value costs."""
    parts: list[Part] = [MadeUp(number, customers // PARTS) for number in range(PARTS)]
    made = time.process_time()
    for part in parts:
        part.read()
    made = time.process_time() - made
    lifecycle = Lifecycle(ChurnDefinition(qualifying=("order",)), StageRules(), Calendar("UTC"), ())
    days, began = Valuing(horizon_months=months).horizon_days, time.process_time()
    past = cohorts_of(parts, lifecycle, instant=UNTIL, observed_until=UNTIL, horizon_days=days)
    read = time.process_time() - began - made
    life = lifetime(past, (TwoPart(), ProbabilityModel(fit_visits, days)))
    whole = time.process_time() - began - made
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(
        f"{len(past.now):,} customers, served by {life.choice.estimator or life.choice.why}: cohorts {read:.0f} s, all "
        f"{whole:.0f} s CPU (making them up, {made:.0f} s, left out), peak {peak:.2f} GiB"
    )


def main() -> None:
    """Run from the command line."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("config", nargs="?", type=Path)
    asked.add_argument("--months", type=int, default=12)
    asked.add_argument("--customers", type=int, default=0)
    given = asked.parse_args()
    if given.customers:
        sized(given.customers, given.months)
        return
    settings = load(given.config)
    until = read_log_manifest(settings.folder).observed_until
    days = Valuing(horizon_months=given.months).horizon_days
    told(
        cohorts_of(
            log_parts(settings.folder), settings.lifecycle, instant=until, observed_until=until, horizon_days=days
        )
    )


if __name__ == "__main__":
    main()
