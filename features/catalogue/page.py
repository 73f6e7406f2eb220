"""The catalogue as a page for people: docs/features.md, for a log that has everything the catalogue knows.

Printed by scripts/docs.py; a test holds it to the code. Reads no event. Start reading at `features_page`.
"""

from itertools import groupby
from typing import Final

from churn.definition import Lifecycle
from churn.reasons import GROUPS
from features.catalogue import catalogue
from features.feature_set import FeatureSet

EVERYTHING: Final = {  # the kinds and living columns of the simulated shop
    "order": {"amount", "channel", "category", "quantity", "discount_amount"},
    "return": {"amount"},
    "visit": {"channel"},
    "email_open": {"category"},
    "email_click": {"category"},
    "support_ticket": {"reason_code", "channel"},
    "complaint": {"reason_code"},
    "survey": {"score"},
    "review": {"score"},
    "points_earned": {"amount"},
    "points_redeemed": {"amount"},
    "referral": {"related_customer_id"},
    "campaign_contact": {"category"},
    "profile.acquisition_channel": {"category"},
    "profile.region": {"category"},
}
HEAD: Final = """# Features

What a log gets that has every kind of event the catalogue knows, as the simulated shop's has ({count} features). A log
gets only those that its events can fill. A business names its kinds freely: the qualifying kind gives the names
(`order_...`; `activity_...` where several qualify), and a kind the catalogue has no page for gets its counts and the
days since. Windows reach from a local midnight to the cutoff and are cut to `[definition] lookback_days`; days since,
tenure and everything "ever" look back without bound. A count or a total of nothing is 0; a mean, a ratio or a day of
nothing is null. A ratio of two windows compares daily rates. `category` marks a text as a stable code.

"""


def features_page() -> str:
    """docs/features.md."""
    shown = catalogue(list(EVERYTHING), EVERYTHING, Lifecycle())
    return HEAD.format(count=len(shown)) + "\n".join(_chapters(shown)) + "\n"


def _chapters(shown: FeatureSet) -> list[str]:
    out: list[str] = []
    for code, members in groupby(sorted(shown, key=lambda one: list(GROUPS).index(one.group)), lambda one: one.group):
        reason = GROUPS[code]
        out += [f"## {reason.en[:1].upper()}{reason.en[1:]} · {reason.zh} (`{code}`)", ""]
        out += ["| Feature | Meaning | 含义 | Unit |", "| --- | --- | --- | --- |"]
        out += [f"| `{one.name}` | {one.en} | {one.zh} | {one.unit} |" for one in members]
        out.append("")
    return out[:-1]
