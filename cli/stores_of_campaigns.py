"""The stores that the room `campaigns` writes, for cli/stores.py."""

from features.erasure.audiences import erase_from_audiences
from features.erasure.campaigns import erase_from_campaigns
from features.erasure.due import erase_from_due
from features.erasure.store import Store


def campaign_stores() -> tuple[Store, ...]:
    """Plans, lists, hold-outs and effects; audiences; segments."""
    return (
        Store(
            "campaigns", "who was planned for, treated or held out; lists; what each campaign did",
            ("campaigns/*/treatments.*", "campaigns/*/decisions.parquet", "campaigns/*/list-*.csv",
             "campaigns/*/listed.parquet", "campaigns/*/manifest.json", "campaigns/*/exports.json",
             "campaigns/*/effect.*", "campaigns/*/plan.html"),
            "for ever", erase=erase_from_campaigns,
        ),
        Store(
            "lists of the day", "who was due on which day, and why", ("campaigns/due/*/tasks*",),
            "for ever", erase=erase_from_due,
        ),
        Store(
            "audiences", "who is on which list for a platform, by id; the lists lie where `--out` said",
            ("campaigns/audiences/*/*",), "`[audiences] keep_days`", erase=erase_from_audiences,
        ),
        _audits(),
        Store(
            "segments", "sizes of saved segments, the RFM grid and what changed: counts, nobody's row",
            ("campaigns/segments/*",), "until the next `churn campaign segments`", back_up=False,
            anew="churn campaign segments --rfm --drift",
        ),
        Store(
            "report on value", "who estimates value and on which evidence, tiers, channels: figures of groups",
            ("campaigns/value/*",), "until the next `churn campaign value`", back_up=False, anew="churn campaign value",
        ),
        Store(
            "uplift", "what each action changes, as learned from campaigns: models and figures, nobody's row",
            ("campaigns/uplift/*/*",), "until the next `churn campaign uplift`", back_up=False,
            anew="churn campaign uplift",
        ),
        Store(
            "report of categories", "how well offers of categories did: counts, nobody's row",
            ("campaigns/categories/*",), "until the next `churn campaign categories`", back_up=False,
            anew="churn campaign categories",
        ),
        _bend(),
    )  # fmt: skip


def _bend() -> Store:
    return Store(
        "bend", "how far campaigns bend the labels: counts and rates, nobody's row",
        ("campaigns/bend/*",), "until the next `churn campaign bend`", back_up=False, anew="churn campaign bend",
    )  # fmt: skip


def _audits() -> Store:
    return Store(
        "audits", "offers by group: counts and means, nobody's row", ("campaigns/audit/*",),
        "until the next `churn campaign audit`", back_up=False, anew="churn campaign audit",
    )  # fmt: skip
