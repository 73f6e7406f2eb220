"""The verdict in one sentence, in both languages: for the page, the console and an e-mail. Start at `summary`."""

from collections.abc import Sequence

from churn.page import Two
from monitoring.reason import WORST_FIRST, Reason
from monitoring.verdict import Verdict

SAYS: dict[str, tuple[str, str, str]] = {  # of one, of several, in Chinese
    "stop": ("must not answer", "must not answer", "须停用"),
    "retrain": ("is to be retrained", "are to be retrained", "需要重训"),
    "watch": ("needs a look", "need a look", "需要关注"),
    "cannot_tell": ("cannot be judged", "cannot be judged", "无法判断"),
    "keep": ("holds", "hold", "正常"),
}
MODELS_ZH = {"churn": "流失模型", "reactivation": "召回模型"}
OUTCOMES_ZH = {"stop": "停用", "retrain": "重训", "watch": "关注", "cannot_tell": "无法判断", "keep": "保持"}


def summary(verdicts: Sequence[Verdict], whole: Verdict) -> Two:
    """How many models hold, which do not, what is worst and what to do about it.

    Args:
        verdicts: of each champion.
        whole: of the business.
    """
    models, models_zh = _models(verdicts)
    first = first_of([*([whole] if whole.reasons else []), *verdicts])
    if first is None or first.outcome == "keep":
        return f"{models} Nothing is to be done.", f"{models_zh}无需处理。"
    mend, mend_zh = (text[:1].upper() + text[1:] for text in first.mend)
    what, what_zh = first.what
    return f"{models} {what} Do this first: {mend}", f"{models_zh}{what_zh}请先：{mend_zh}"


def first_of(verdicts: Sequence[Verdict]) -> Reason | None:
    """The reason to act upon first: of the worst, what concerns the business before what concerns one model."""
    reasons = [one.reasons[0] for one in verdicts if one.reasons]
    return min(reasons, key=lambda reason: WORST_FIRST.index(reason.outcome), default=None)


def _models(verdicts: Sequence[Verdict]) -> Two:
    each = {outcome: [one.model for one in verdicts if one.outcome == outcome] for outcome in WORST_FIRST}
    each = {outcome: names for outcome, names in each.items() if names}
    total = len(verdicts)
    if total == 1 or len(each) == 1:
        ((outcome, names),) = each.items()
        one, several, zh = SAYS[outcome]
        en = f"The {names[0]} model {one}." if total == 1 else f"All {total} models {several}."
        return en, f"{MODELS_ZH.get(names[0], names[0])}{zh}。" if total == 1 else f"{total} 个模型均{zh}。"
    parts = [f"{len(names)} {SAYS[outcome][len(names) > 1]} ({', '.join(names)})" for outcome, names in each.items()]
    parts_zh = [
        f"{len(names)} 个{SAYS[outcome][2]}（{'、'.join(MODELS_ZH.get(one, one) for one in names)}）"
        for outcome, names in each.items()
    ]
    return f"Of {total} models {', '.join(parts)}.", f"{total} 个模型中：{'，'.join(parts_zh)}。"
