"""A campaign from score to effect, on a shop whose truth is known: what was expected, what was told, what was true.

Run: python benchmarks/worked_campaign.py --folder F [--customers 8000] [--seed 61] [--budget 3000] [--take-up 0.1]

    simulate up to a day --> churn run --> churn campaign plan, export --> the shop goes on, the treated get a coupon
    --> churn ingest --> churn campaign effect;    beside it the same shop with everybody treated, and with nobody

The commands are those that a user types, on files that a till would write; only this script sees the truth: from the
state on the day of the plan the shop is run on under the same dice, so the difference is what the coupon did. The
take-up is a guess, as it would be; what the report suggests afterwards stands beside the true one. Prints JSON.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from features.simulated_beside import write_beside
from features.simulated_calendar import shop_calendar
from features.simulated_campaigns import campaign_of_the_day
from features.simulated_customers import COUPON, Shop, State, open_shop
from features.simulated_day import Sighting
from features.simulated_export import write_sources
from features.simulated_log import customer_ids, event_frame
from features.simulation import SimulationSettings, step

ROOT = Path(__file__).resolve().parents[1]
DAY, DAYS, MARGIN, COST, OFFER, CAMPAIGN = 1000, 60, 0.3, 0.1, 5.0, "worked"
ACTION = """
[[action]]
code = "coupon"
kind = "coupon"
channel = "app"
en = "A coupon"
zh = "优惠券"
contact_amount = {cost}
offer_amount = {offer}
take_up_ratio = {take_up}
take_up_range = [{low}, {high}]
taken_anyway_ratio = 0.3
margin_ratio = {margin}
window_days = {days}

[value]
margin_ratio = {margin}

"""
Seen = list[tuple[int, list[Sighting]]]


@dataclass
class World:
    """A shop, what was seen of it, and where it stands."""

    shop: Shop
    state: State
    seen: Seen

    def on(self, days: int, first: np.ndarray | None = None) -> "World":
        """So many days later; on the first of them these actions are taken beside the shop's own."""
        state, seen = self.state, list[tuple[int, list[Sighting]]]()
        for nth in range(days):
            planned = campaign_of_the_day(self.shop, state)
            actions, name = planned.actions, planned.campaign
            if nth == 0 and first is not None:
                actions, name = np.where(first > 0, first, actions).astype(np.int8), CAMPAIGN
            day = state.day
            state, sightings = step(self.shop, state, actions, campaign=name)
            seen.append((day, sightings))
        return World(self.shop, state, [*self.seen, *seen])

    def spent(self, since: int) -> pd.DataFrame:
        """Orders and money of each customer since a day, by id."""
        until = pd.Timestamp(int(self.shop.calendar.midnight_us[self.state.day]), unit="us", tz="UTC")
        late = [one for one in self.seen if one[0] >= since]
        rows = event_frame(late, self.shop.calendar, customers=self.shop.customers, until=until, seed=self.shop.seed)
        orders = rows[rows["event_type"] == "order"].groupby("customer_id")["amount"]
        return orders.agg(["size", "sum"]).reindex(customer_ids(self.shop.customers), fill_value=0)

    def write(self, folder: Path) -> None:
        """The log as the till writes it."""
        until = pd.Timestamp(int(self.shop.calendar.midnight_us[self.state.day]), unit="us", tz="UTC")
        calendar, customers = self.shop.calendar, self.shop.customers
        rows = event_frame(self.seen, calendar, customers=customers, until=until, seed=self.shop.seed)
        write_sources(rows, folder / "artifacts" / "demo-source", timezone="Asia/Shanghai")
        write_beside(rows, folder / "artifacts" / "demo-source", seed=self.shop.seed, timezone="Asia/Shanghai")


def main() -> None:
    """Run the campaign, print what was expected, told and true."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--customers", type=int, default=8000)
    parser.add_argument("--seed", type=int, default=61)
    parser.add_argument("--budget", type=float, default=3000.0)
    parser.add_argument("--take-up", type=float, default=0.1)
    asked = parser.parse_args()
    folder, world = asked.folder, opened(asked.customers, asked.seed)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "churn.toml").write_text(settings(asked.take_up), encoding="utf-8")
    world.write(folder)
    churn(folder, "run")
    planned = churn(folder, "campaign", "plan", "--id", CAMPAIGN, "--budget", str(asked.budget))
    churn(folder, "campaign", "export", "--id", CAMPAIGN)
    rows = pd.read_parquet(folder / "artifacts" / "demo" / "campaigns" / CAMPAIGN / "treatments.parquet")
    as_it_was = world.on(DAYS + 1, coupons(world, rows.loc[rows["is_treated"], "customer_id"]))
    as_it_was.write(folder)
    churn(folder, "ingest")
    told = churn(folder, "campaign", "effect", "--id", CAMPAIGN)[CAMPAIGN]
    print(json.dumps({"plan": brief(planned), "told": told, "true": truth(world, rows)}, indent=2, ensure_ascii=False))


def opened(customers: int, seed: int) -> World:
    """The shop on the day of the plan."""
    settings = SimulationSettings(customers=customers, seed=seed)
    calendar = shop_calendar(settings.first, settings.days + 400, settings.timezone)
    return World(*open_shop(calendar, customers, settings.days, seed), []).on(DAY)


def settings(take_up: float) -> str:
    """The demo's churn.toml with one action of our own."""
    text = (ROOT / "churn.toml").read_text(encoding="utf-8")
    before, _, rest = text.partition("\n[[action]]\n")
    rest = rest[rest.index("\n[campaigns]") :]
    parts = [part for part in (before + rest).split("\n[") if not part.startswith("value]")]
    action = ACTION.format(
        cost=COST, offer=OFFER, take_up=take_up, low=take_up / 2, high=take_up * 2, margin=MARGIN, days=DAYS
    )
    return "\n[".join(parts).replace("\n[campaigns]", action + "[campaigns]", 1)


def coupons(world: World, treated: Iterable[str]) -> np.ndarray:
    """A coupon for each of these customers."""
    return np.where(np.isin(customer_ids(world.shop.customers), list(treated)), COUPON, 0).astype(np.int8)


def truth(world: World, rows: pd.DataFrame) -> dict[str, Any]:
    """What the coupon did to those it was planned for: everybody of them treated, against nobody of them."""
    ids = rows["customer_id"].to_numpy(dtype=object)
    with_all = world.on(DAYS, coupons(world, ids)).spent(world.state.day).loc[ids]
    with_none = world.on(DAYS, np.zeros(world.shop.customers, dtype=np.int8)).spent(world.state.day).loc[ids]
    came = (with_all["size"] > 0).to_numpy() * 1.0 - (with_none["size"] > 0)
    money = (with_all["sum"] - with_none["sum"]).to_numpy()
    turnable = np.where(rows["model"] == "churn", rows["probability"], 1 - rows["probability"])
    treated = int(rows["is_treated"].sum())
    cost = treated * COST + OFFER * float((with_all["size"] > 0).to_numpy()[rows["is_treated"]].sum())
    return {
        "share_that_came_difference": float(came.mean()), "revenue_difference": float(money.mean()),
        "saved_of_the_treated": float(came.mean() * treated), "take_up": float(came.mean() / turnable.mean()),
        "profit_of_the_treated": float(MARGIN * money[rows["is_treated"]].sum() - cost),
        "days": DAYS, "planned_on": str(world.shop.calendar.first + timedelta(days=world.state.day)),
    }  # fmt: skip


def brief(planned: dict[str, Any]) -> dict[str, Any]:
    """The plan without its long lists."""
    return {name: one for name, one in planned.items() if not isinstance(one, list) and len(json.dumps(one)) < 1500}


def churn(folder: Path, *command: str) -> Any:  # what a command prints as JSON
    """Run a command of the product as a user does."""
    line = [sys.executable, "-m", "cli", *command, "-c", str(folder / "churn.toml"), "--json"]
    done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 20, 21, 22, 23):
        raise SystemExit(f"churn {' '.join(command)}: {done.stderr[-2000:]}")
    return json.loads(done.stdout)


if __name__ == "__main__":
    main()
