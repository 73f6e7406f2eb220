"""What the site shows of performance: what became of the answers of each version. Start reading at `sections`."""

from collections.abc import Iterator, Sequence
from html import escape

from churn.page import Two, both, table
from monitoring.findings import Findings
from monitoring.ledger.realised import Interval, Realised
from monitoring.section import Section
from monitoring.site.plots import dots

FIGURES: dict[str, Two] = {
    "roc_auc": ("ROC AUC", "ROC AUC"),
    "log_loss": ("log loss", "对数损失"),
    "brier": ("Brier", "Brier 分数"),
    "ece": ("ECE (10 equal-mass bins)", "ECE（10 个等量分箱）"),
    "expected_rate": ("expected rate", "预期比率"),
    "actual_rate": ("actual rate", "实际比率"),
    "rate_ratio": ("actual / expected", "实际 / 预期"),
}


def sections(findings: Sequence[Findings], ledgers: Sequence[Realised]) -> Iterator[Section]:
    """What became of the answers, model by model, newest version first."""
    title = ("Did the scores come true?", "评分是否应验？")
    for found in findings:
        mine = [one for one in ledgers if one.model == found.champion.model]
        body = "".join(_ledger(found, one) for one in mine) or f"<p>{both('No answers yet.', '尚无评分记录。')}</p>"
        yield Section("performance", "outcomes", title, body, model=found.champion.model)


def _ledger(found: Findings, one: Realised) -> str:
    head = f"<p><b>{escape(one.version)}</b>: {_state(one)}{_waiting(one)}</p>"
    if one.state != "mature":
        return head
    promised = found.champion.backtest if one.version == found.champion.version else {}
    rows = [
        [both(*words), _interval(one.figures[name]), _number(promised.get(name))]
        for name, words in FIGURES.items()
        if name in one.figures
    ]
    columns = [both("figure", "指标"), both("realised (90 % interval)", "实际（90% 区间）"), both("back-test", "回测")]
    picture = dots(one.bins, title=("Told against happened", "预测与实际"))
    return f'{head}<div class="side">{table(columns, rows)}{picture}</div>'


def _state(one: Realised) -> str:
    if one.state == "immature":
        return ""
    if one.state == "too_few":
        return both(
            f"{one.n} are mature, {one.positives} came true: too few to say.",
            f"{one.n} 个已成熟，其中 {one.positives} 个应验：太少，无法判断。",
        )
    return both(f"{one.n:,} answers are mature.", f"{one.n:,} 个评分已成熟。")


def _waiting(one: Realised) -> str:
    told = []
    if one.first_mature_at is not None:
        day = f"{one.first_mature_at:%Y-%m-%d}"
        told.append(
            both(
                f" {one.immature:,} answers are immature; the first can be judged on {day}.",
                f" {one.immature:,} 个评分尚未成熟；最早可于 {day} 判断。",
            )
        )
    if one.left_out:
        why = ", ".join(f"{n} {why.replace('_', ' ')}" for why, n in one.left_out.items())
        told.append(both(f" Left out: {why}.", f" 未计入：{why}。"))
    return "".join(told)


def _interval(figure: Interval) -> str:
    return f"{figure.value:.4f} ({figure.low:.4f} – {figure.high:.4f})"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:,.4g}"
