"""Who customers are, as far as they told: the latest value of each attribute of their profile."""

from features.catalogue.kinds import PROFILE
from features.catalogue.present import Present
from features.demographic_words import left_out
from features.feature import Feature
from features.feature_set import grouped


def features(log: Present) -> list[Feature]:
    """One feature an attribute: a code where it is text, the number where it is one."""
    out: list[Feature] = []
    names = [attribute.name.removeprefix(PROFILE) for attribute in log.attributes]
    without = {*log.wanted.leave_out_attributes, *left_out(names, log.wanted)}
    for attribute, name in zip(log.attributes, names, strict=True):
        if name in without:
            continue
        text = log.has("category", attribute.name)
        value = attribute.point("latest", "category") if text else attribute.point("last", "amount")
        out += grouped(
            "profile",
            value.named(
                attribute.slug,
                en=f"profile: {attribute.en}",
                zh=f"客户属性：{attribute.zh}",
                unit="category" if text else "number",
            ),
        )
    return out
