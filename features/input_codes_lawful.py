"""Findings about objections and about who somebody is; part of features/input_codes.py."""

from typing import Final

from features.input_code import Code

LAWFUL: Final[dict[str, Code]] = {
    "unknown_opt_outs": Code(
        "warning", "Objections and consents in words that stand for no category: {categories}.",
        "以下退出或同意的类别无法识别：{categories}。",
        "map them to scoring, contact, audience or the code of a channel (docs/fair-and-lawful.md); until then such an "
        "objection counts against every contact and what it most likely means, and such a consent lifts nothing.",
        "请映射为 scoring、contact、audience 或渠道代码（docs/fair-and-lawful.md）；在此之前，此类退出按拒绝一切联系"
        "（以及最接近的类别）处理，此类同意不生效。",
    ),
    "demographic_left_out": Code(
        "advice", "Attributes that say who somebody is make no feature: {names}.", "以下人口属性不作为特征：{names}。",
        "nothing, if models are not to see them; name them in [fairness] attributes to compare groups, or in its "
        "allow_as_features if one is none, or is to be seen.",
        "若模型不应使用则无需处理；可列入 [fairness] attributes 以比较各群体，若并非人口属性或确需使用，"
        "请列入 [fairness] allow_as_features。",
    ),
    "demographic_seen": Code(
        "advice", "Models see attributes that say who somebody is: {names}.", "模型会使用以下人口属性：{names}。",
        "take them out of [fairness] allow_as_features, or set as_features = false, unless there is a reason that you "
        "could tell the customer.",
        "除非有可以向客户说明的理由，请将其移出 [fairness] allow_as_features，或设 as_features = false。",
    ),
}  # fmt: skip
