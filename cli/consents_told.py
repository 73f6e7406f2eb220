"""What is known of consents, told where a list is made: without any nobody is contacted, and that has a mend."""

import os
from collections.abc import Iterable

from churn.settings import Settings

UNKNOWN = (
    (
        "No consent is known: set [contacts] path, may_phone (sms, phone), may_email, consents = {...}; "
        "docs/data-contract.md. Until then nobody is contacted by these channels."
    ),
    (
        "尚无联系同意：请设置 [contacts] 的 path、may_phone（短信、电话）、may_email、consents = {...}；"
        "见 docs/data-contract.md。在此之前不会通过这些渠道联系任何人。"
    ),
)


def consents_told(settings: Settings, customers: Iterable[str]) -> list[str]:
    """A line on consents; none where no action needs any.

    Args:
        settings: whose `[contacts]` names the file.
        customers: whom the list is about.

    Raises:
        NoConsents: the file cannot be read.
    """
    zh = settings.business.language == "zh"
    wanted = sorted({one.channel for one in settings.action} - set(settings.campaigns.no_consent_needed))
    if not wanted:
        return []
    if settings.contacts.path is None:
        return [UNKNOWN[zh]]
    from features.consents import channel_consents

    found = channel_consents(settings, os.environ, wanted)
    mine = found[found.index.isin(set(customers))]
    each = ", ".join(f"{channel} {int(mine[channel].sum()):,}" for channel in wanted)
    if zh:
        return [f"联系同意：文件含 {len(found):,} 位客户，其中 {len(mine):,} 位在此列；同意数：{each}。"]
    return [
        f"Consents: {len(found):,} customers in the file, {len(mine):,} of them looked at here; they agreed to {each}."
    ]
