"""What lies beside the simulated shop's log: birthdays, ways to reach customers with their consents, and products.

    birthdays.csv    customer, known_since, birthday (MM-DD)        a source: who told theirs
    contacts.csv     customer_id, email, phone, may_email ...       never a source: addresses of example.com
    products.csv     product_id, category, changed_at, what, name   what became new or better when

Made up, and without any influence: nothing in the shop's dynamics knows them, and the log stays as it is. Phone numbers
are of the range that is kept for films. Start reading at `write_beside`.

Source: https://www.ofcom.org.uk/phones-and-broadband/phone-numbers/numbers-for-drama (mobile: 07700 900000 to 900999).
"""

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd

from features.simulated_customers import CATEGORIES

MAY_EMAIL, MAY_PHONE, MAY_WECHAT, TOLD_BIRTHDAY = 0.7, 0.8, 0.4, 0.6  # shares of customers
CHANGED = (20, 45, 75, 120, 200, 400)  # days before the end of the log at which something changed, by category
LEAP_YEAR = date(2000, 1, 1)  # so that 29 February is among the birthdays


def write_beside(events: pd.DataFrame, folder: Path, *, seed: int, timezone: str) -> dict[str, Path]:
    """Write the three files.

    Args:
        events: the log, columns of EVENTS.
        folder: where to; it is there.
        seed: from which all of it follows.
        timezone: of the local times.

    Returns:
        The files by name: birthdays, contacts, products.
    """
    files = {name: folder / f"{name}.csv" for name in ("birthdays", "contacts", "products")}
    random = np.random.default_rng([seed, 404])
    first = events.groupby("customer_id", sort=True)["event_timestamp"].min()
    local = first.dt.tz_convert(timezone).dt.tz_localize(None)
    days = random.integers(0, 366, len(first))
    born = [f"{LEAP_YEAR + timedelta(days=int(day)):%m-%d}" for day in days]
    since = local.dt.strftime("%Y-%m-%dT%H:%M:%S.%f").to_numpy()
    told = random.random(len(first)) < TOLD_BIRTHDAY
    birthdays = pd.DataFrame({"customer": first.index, "known_since": since, "birthday": born})[told]
    birthdays.to_csv(files["birthdays"], index=False)
    _contacts(list(first.index), random).to_csv(files["contacts"], index=False)
    last = events["event_timestamp"].max().tz_convert(timezone).date()
    _products(last).to_csv(files["products"], index=False)
    return files


def _contacts(ids: list[str], random: np.random.Generator) -> pd.DataFrame:
    count = len(ids)
    consents = {"may_email": MAY_EMAIL, "may_phone": MAY_PHONE, "may_wechat": MAY_WECHAT}
    said = {name: np.where(random.random(count) < share, "true", "false") for name, share in consents.items()}
    reach = {
        "customer_id": ids, "email": [f"{one.lower()}@example.com" for one in ids],
        "phone": [f"+447700900{number % 1000:03}" for number in range(count)],
    }  # fmt: skip
    return pd.DataFrame(reach | said)


def _products(last: date) -> pd.DataFrame:
    rows = [
        {"product_id": f"p{number}", "category": category, "changed_at": str(last - timedelta(days=days)),
         "what": "new" if number % 2 else "improved", "name": f"{category} of the season {number}"}
        for number, (category, days) in enumerate(zip(CATEGORIES, CHANGED, strict=True), start=1)
    ]  # fmt: skip
    return pd.DataFrame(rows)
