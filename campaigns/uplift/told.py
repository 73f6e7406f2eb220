"""What was learned of an action in sentences, English and Chinese: claimed where it is trusted, refused where not.

Reads what campaigns/uplift/keeping.py wrote. Start reading at `sentences`.
"""

from typing import Any, Final

from campaigns.ledger.effect import NEVER_EXPORTED
from campaigns.uplift.gathering import NO_CAMPAIGN, NOT_ALIKE, NOT_AS_MANY, NOT_RANDOMISED, TOO_FEW
from campaigns.uplift.judging import NO_ORDER, NOT_CALIBRATED, TRUSTED

Two = tuple[str, str]
WORDS: Final[dict[str, Two]] = {
    TRUSTED: (
        "trusted: it ranks customers by what the action changes for them, and plans may count on it",
        "可信：能按行动带来的变化对客户排序，计划可以采用",
    ),
    NO_ORDER: (
        "no claim: whether it ranks customers any better than chance cannot be told, as the interval includes none",
        "不作声明：区间包含零，无法判断其排序是否优于随机",
    ),
    NOT_CALIBRATED: (
        "no claim: it ranks customers, but what it tells of some of them is not what was found",
        "不作声明：能够排序，但对部分客户的预测与实际不符",
    ),
    NO_CAMPAIGN: (
        "not learned: the window of no campaign with this action is over",
        "未训练：尚无该行动的活动结束观察期",
    ),
    NOT_RANDOMISED: (
        "not learned: chance held out nobody whom the treated could be compared with",
        "未训练：没有随机留出的客户可供对比",
    ),
    NOT_ALIKE: (
        "not learned: the sides were not alike before the campaign, so chance cannot have decided alone",
        "未训练：两组在活动前就不相似，分组并非完全随机",
    ),
    NOT_AS_MANY: (
        "not learned: the sides are not as many as their chances say, so somebody went missing on one of them",
        "未训练：两组人数与随机比例不符，有一组丢失了客户",
    ),
    NEVER_EXPORTED: (
        "not learned: its lists were never written, so it reached nobody",
        "未训练：名单从未导出，未触达任何人",
    ),
    TOO_FEW: (
        "not learned: too few customers, or too few who came or stayed away, on one side",
        "未训练：某一组的客户数，或其中到店/未到店的客户数过少",
    ),
}
COUNTED: Final[dict[str, Two]] = {
    "campaigns": ("campaigns", "活动数"),
    "treated": ("treated", "已触达"),
    "treated_came": ("of them came", "其中到店"),
    "treated_stayed_away": ("of them stayed away", "其中未到店"),
    "held_out": ("held out", "留出"),
    "held_out_came": ("of them came", "其中到店"),
    "held_out_stayed_away": ("of them stayed away", "其中未到店"),
    "min_side_rows": ("customers a side asked for by [uplift] min_side_rows", "[uplift] min_side_rows 要求每组客户数"),
    "min_side_outcomes": ("of each outcome by min_side_outcomes", "min_side_outcomes 要求每种结果数"),
}


def sentences(told: dict[str, Any], language: str) -> list[str]:
    """What people read of an action, the verdict first.

    Args:
        told: what `keeping.keep` wrote.
        language: en or zh.
    """
    zh = language == "zh"
    lines = [WORDS[told["verdict"]][zh]]
    if counts := told.get("counts"):
        lines.append(("，" if zh else ", ").join(f"{count:,} {COUNTED[name][zh]}" for name, count in counts.items()))
    if judged := told.get("judged"):
        lines += figures(judged, zh=zh)
    lines += [
        f"活动 {name} 未采用：{WORDS[code][1]}" if zh else f"campaign {name} left out, {WORDS[code][0]}"
        for name, code in told.get("left_out", {}).items()
        if told.get("judged") or code == NEVER_EXPORTED
    ]
    return lines


def figures(judged: dict[str, Any], *, zh: bool) -> list[str]:
    """The figures of a model that was judged, each with its interval."""
    average, order, n = points(judged["effect"]), judged["qini"], judged["rows"]
    at = ", ".join(f"{share}: {points(figure)}" for share, figure in judged["top"].items())
    ranked = f"{100 * order['value']:+.3f} ({100 * order['low']:+.3f} … {100 * order['high']:+.3f})"
    wrong = sum(not one["holds"] for one in judged["groups"])
    groups = len(judged["groups"])
    if zh:
        return [
            (
                f"{n:,} 行（{judged['customers']:,} 位客户，{judged['treated']:,} 行已触达）；"
                f"平均变化 {average} 个百分点，不行动时 {judged['base']:.1%} 到店"
            ),
            f"排序优于随机的面积（Qini）{ranked} 个百分点",
            f"排序最高者的变化 {at} 个百分点",
            f"{groups} 组中 {groups - wrong} 组的预测与实际相符",
        ]
    return [
        (
            f"{n:,} rows ({judged['customers']:,} customers, {judged['treated']:,} rows treated); on average the "
            f"action changes {average} points, {judged['base']:.1%} come if nobody acts"
        ),
        f"area over a random order (Qini) {ranked} points",
        f"change for those ranked highest, {at} points",
        f"{groups - wrong} of {groups} groups were told what was found",
    ]


def points(figure: dict[str, float]) -> str:
    """A change in percentage points, with its interval."""
    return f"{100 * figure['value']:+.2f} ({100 * figure['low']:+.2f} … {100 * figure['high']:+.2f})"
