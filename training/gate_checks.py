"""The conditions of the gate, each from means and their draws to a sentence in English and Chinese.

Those that look at segments: training/gate_segments.py. Start reading at `against_champion`.
"""

from collections.abc import Iterator

import numpy as np

from churn.metrics import log_loss, roc_auc
from training.evidence import Footprint, Rival, Unlike
from training.gate_seen import Seen
from training.gate_verdict import LOST, Check, check, failed, skipped, some_of

RIVAL_ZH = {"recency_rule": "沉默天数规则", "base_rate": "平均比率"}
LOST_ZH = "请恢复其数据源或列后重新训练，或按无现任处理：churn promote --afresh"
NO_WORSE = {  # rules that ask for no gain, and what they call the champion
    "renew": ("an old champion", "过时的现任"),
    "features_changed": ("the champion, which reads other features", "特征不同的现任"),
}


def beats(seen: Seen) -> Iterator[Check]:
    """It must rank and say better than the rule and the base rate; the rule itself need not beat itself."""
    evidence = seen.evidence
    outcome, ours = evidence.rows.outcome, evidence.probability
    for rival, theirs in evidence.rivals.items():
        name, zh = f"beats_{rival}", RIVAL_ZH.get(rival, rival)
        if evidence.learner == rival or (evidence.learner == "recency_rule" and rival == "base_rate"):
            yield skipped(name, f"it is the {evidence.learner.replace('_', ' ')} itself", "它就是该规则本身")
            continue
        loss, bar = log_loss(outcome, ours), log_loss(outcome, theirs)
        auc, auc_bar = roc_auc(outcome, ours), roc_auc(outcome, theirs)
        better = loss < bar and auc > auc_bar
        told = f"log_loss {loss:.4f} against {bar:.4f}, roc_auc {auc:.4f} against {auc_bar:.4f}"
        why = f"it {'beats' if better else 'does not beat'} the {rival.replace('_', ' ')}: {told}"
        yield check(name, better, why, f"{'优于' if better else '未优于'}{zh}：{told.replace(' against ', ' 对 ')}")


def against_champion(seen: Seen, rule: str) -> Iterator[Check]:
    """Better than the champion beyond doubt, or, where that one is old, no worse; and no dearer."""
    champion = seen.champion
    if champion is None:
        yield _no_champion(seen, rule)
        yield from _lost(seen, rule)
        return
    difference, low, high = seen.of("loss champion")
    theirs = seen.loss_of(champion.probability)
    bar = seen.limits.min_gain_ratio * theirs
    told = (
        f"log loss {theirs + difference:.4f} against {theirs:.4f} of {champion.name} on the same "
        f"{len(seen.evidence.rows)} rows; {seen.limits.confidence:.0%} of the difference lies in "
        f"[{low:+.4f}, {high:+.4f}]"
    )
    zh = (
        f"同样 {len(seen.evidence.rows)} 行上对数损失 {theirs + difference:.4f}，现任（{champion.name}）{theirs:.4f}；"
        f"差值的 {seen.limits.confidence:.0%} 区间 [{low:+.4f}, {high:+.4f}]"
    )
    if rule in NO_WORSE:
        fine, (who, who_zh) = low <= 0 and difference <= bar, NO_WORSE[rule]
        words = (f"no sign of being worse than {who}", f"没有比{who_zh}更差的迹象")
        words = words if fine else (f"worse than {who}", f"比{who_zh}更差")
    else:
        fine = high < -bar
        words = (f"better by more than {bar:.4f} beyond doubt", f"确定地好过 {bar:.4f} 以上")
        words = words if fine else (f"not better by {bar:.4f} beyond doubt", f"未能确定地好过 {bar:.4f}")
        words = ("clearly worse", "明显更差") if low > 0 else words
    yield check("against_champion", fine, f"{words[0]}: {told}", f"{words[1]}：{zh}")
    yield _profit(seen)


def _no_champion(seen: Seen, rule: str) -> Check:
    champion: Rival | Unlike | None = seen.evidence.champion
    if rule == "again":
        return skipped("against_champion", "it serves already", "它已在服务")
    if champion is None:
        return skipped("against_champion", "nobody serves yet", "尚无现任模型")
    if rule == "afresh":
        why = "a person let it be judged as if nobody served"
        return skipped("against_champion", why, "有人决定按无现任处理")
    why, zh = getattr(champion, "why", ""), getattr(champion, "why_zh", "")
    if rule == "features_changed":
        why = f"they cannot be compared row by row: {why}; beating rule and base rate decides"
        return skipped("against_champion", why, f"无法逐行比较：{zh}；以优于规则和平均比率为准")
    if rule == "first":
        return skipped("against_champion", why, zh)
    return failed("against_champion", f"it cannot be compared: {why}", f"无法比较：{zh}")


def _lost(seen: Seen, rule: str) -> Iterator[Check]:
    champion = seen.evidence.champion
    if rule == "features_changed" and isinstance(champion, Unlike) and champion.lost:
        some = some_of(champion.lost)
        why = f"the log no longer gives features that the champion reads, and nobody left them out: {some}"
        yield failed(LOST, why, f"日志不再提供现任模型使用的特征，且未在设置中排除：{some}；{LOST_ZH}")


def _profit(seen: Seen) -> Check:
    if "profit" not in seen.names:
        why = "what a contact is worth is not set ([costs]), or not asked of this model"
        return skipped("profit", why, "未设置 [costs]，或此模型不计利润")
    gained, low, high = seen.of("profit")
    told = f"{gained:+.4f} a customer, {seen.limits.confidence:.0%} of it in [{low:+.4f}, {high:+.4f}]"
    word, zh = ("clearly less profit", "利润明显更少") if high < 0 else ("no clear loss of profit", "利润没有明显减少")
    return check("profit", high >= 0, f"{word}: {told}", f"{zh}：每位客户 {told.split(' a customer', maxsplit=1)[0]}")


def calibration(seen: Seen) -> Iterator[Check]:
    """Do probabilities mean what they say? As well as the base rate, whose level moves too, they need to.

    The interval of the error is the basic one: draws only ever add to an absolute gap, so its mean is too high.
    """
    outcome, base = seen.evidence.rows.outcome, seen.evidence.rivals.get("base_rate")
    moved = 0.0 if base is None else abs(float(outcome.mean() - base.mean()))
    bins = [place for place, name in enumerate(seen.names) if name.startswith("bin ")]
    found = float(np.abs(seen.means.value[bins]).mean())
    drawn = np.abs(seen.means.drawn[:, bins]).mean(axis=1)
    low, high = (max(0.0, 2 * found - float(np.quantile(drawn, edge))) for edge in (1 - seen.alpha / 2, seen.alpha / 2))
    allowed = max(seen.limits.max_ece, moved)
    told = f"ECE {found:.4f} in [{low:.4f}, {high:.4f}], allowed {allowed:.4f} (the rate itself moved by {moved:.4f})"
    zh = f"ECE {found:.4f}，区间 [{low:.4f}, {high:.4f}]，允许 {allowed:.4f}（比率自身变化 {moved:.4f}）"
    yield check("calibration", low <= allowed, told, zh)
    level, low, high = seen.of("level")
    allowed = max(seen.limits.max_level_error, moved)
    beyond = low > allowed or high < -allowed
    told = f"mean probability less rate {level:+.4f} in [{low:+.4f}, {high:+.4f}], allowed {allowed:.4f}"
    zh = f"平均概率减实际比率 {level:+.4f}，区间 [{low:+.4f}, {high:+.4f}]，允许 {allowed:.4f}"
    yield check("level", not beyond, told, zh)


def footprint(seen: Seen) -> Iterator[Check]:
    """Small and quick enough to be served."""
    found: Footprint | None = seen.evidence.footprint
    if found is None:
        yield skipped("footprint", "not measured", "未测量")
        return
    limits, size_mb = seen.limits, found.size_bytes / 1e6
    fine = (
        found.trees <= limits.max_trees
        and size_mb <= limits.max_model_mb
        and found.latency_p99_ms <= limits.max_latency_ms
    )
    told = (
        f"{found.trees} trees (at most {limits.max_trees}), {size_mb:.2f} MB (at most {limits.max_model_mb:g}), "
        f"one score p99 {found.latency_p99_ms:.2f} ms of CPU (at most {limits.max_latency_ms:g})"
    )
    zh = (
        f"{found.trees} 棵树（上限 {limits.max_trees}），{size_mb:.2f} MB（上限 {limits.max_model_mb:g}），"
        f"单次评分 p99 {found.latency_p99_ms:.2f} 毫秒 CPU（上限 {limits.max_latency_ms:g}）"
    )
    yield check("footprint", fine, told, zh)
