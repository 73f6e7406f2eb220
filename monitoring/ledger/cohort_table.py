"""The table of cohorts: state, who answered, expected and actual rate, figures, and what was said before a correction.

Start reading at `cohort_table`.
"""

from html import escape

from churn.page import Two, both, table
from monitoring.ledger.cohort import Cohort, Correction, Ledger
from monitoring.ledger.realised import Interval

MOST = 40  # newest cohorts in the table; the pictures show all
STATES: dict[str, Two] = {
    "immature": ("immature", "尚未成熟"),
    "partly_mature": ("partly mature", "部分成熟"),
    "mature": ("mature", "已成熟"),
    "too_few": ("too few", "太少"),
}
HEAD: tuple[Two, ...] = (
    ("cohort", "批次"),
    ("state", "状态"),
    ("answers", "评分数"),
    ("judged", "已判断"),
    ("expected rate", "预期比率"),
    ("actual rate", "实际比率"),
    ("ROC AUC", "ROC AUC"),
    ("log loss (bare rate)", "对数损失（平均比率）"),
)
WITHOUT: tuple[Two, ...] = (
    ("cohort", "批次"),
    ("treated (nobody held out beside them)", "被触达（无对照组）"),
    ("held out", "对照组"),
    ("expected, all", "预期（全部）"),
    ("actual, all", "实际（全部）"),
    ("ECE, all", "ECE（全部）"),
    ("expected, untreated", "预期（未触达）"),
    ("actual, untreated", "实际（未触达）"),
    ("ECE, untreated", "ECE（未触达）"),
)
CHANGED: dict[str, Two] = {
    "log": ("the log changed", "日志有变"),
    "answers": ("answers were forgotten or came late", "评分被删除或迟到"),
}
NOTHING = "–"


def cohort_table(ledger: Ledger) -> str:
    """Every cohort a row, newest first; under it what was said of some before something of their time changed."""
    rows = [_row(one) for one in reversed(ledger.cohorts[-MOST:])]
    more = len(ledger.cohorts) - MOST
    told = both(f"{more} older cohorts are not listed.", f"另有 {more} 个更早的批次未列出。") if more > 0 else ""
    after = f'<p class="quiet">{told}</p>' if told else ""
    again = [_correction(one, was) for one in reversed(ledger.cohorts) for was in one.corrections]
    return table([both(*words) for words in HEAD], rows) + after + (f"<ul>{''.join(again)}</ul>" if again else "")


def untreated_table(ledger: Ledger) -> str:
    """Cohorts in whose time campaigns contacted customers, newest first: everybody beside those left alone."""
    told = [one for one in reversed(ledger.cohorts[-MOST:]) if one.untreated is not None]
    return table([both(*words) for words in WITHOUT], [_both_sides(one) for one in told]) if told else ""


def _both_sides(cohort: Cohort) -> list[str]:
    left = cohort.untreated
    assert left is not None
    every = cohort.became.figures if cohort.became is not None else {}
    names = ("expected_rate", "actual_rate", "ece")
    columns = [_interval(side.get(name)) for side in (every, left.became.figures) for name in names]
    alone = "" if not left.unrepresented else f" ({left.unrepresented:,})"
    return [escape(cohort.name), f"{left.treated:,}{alone}", f"{left.held_out:,}", *columns]


def _row(cohort: Cohort) -> list[str]:
    became = cohort.became
    figures = became.figures if became is not None else {}
    expected = figures["expected_rate"].value if "expected_rate" in figures else cohort.expected_rate
    loss = NOTHING
    if became is not None and became.base_log_loss is not None:
        loss = f"{figures['log_loss'].value:.3f} ({became.base_log_loss:.3f})"
    return [
        f'{escape(cohort.name)}<br><span class="quiet">{escape(", ".join(cohort.versions))}</span>',
        _state(cohort),
        f"{cohort.answers:,}",
        f"{became.n:,}" if became is not None else NOTHING,
        f"{expected:.3f}" if expected is not None else NOTHING,
        _interval(figures.get("actual_rate")),
        _interval(figures.get("roc_auc")),
        loss,
    ]


def _state(cohort: Cohort) -> str:
    en, zh = STATES[cohort.state]
    if cohort.state == "immature":
        en, zh = f"{en} until {cohort.first_mature_at:%Y-%m-%d}", f"{zh}，至 {cohort.first_mature_at:%Y-%m-%d}"
    elif cohort.state == "partly_mature":
        share, day = f"{cohort.mature_share:.0%}", f"{cohort.mature_at:%Y-%m-%d}"
        en, zh = f"{en}: {share}, the rest by {day}", f"{zh}：{share}，其余至 {day}"
    told = both(en, zh)
    if cohort.is_closed:
        told += f'<br><span class="quiet">{both("closed", "已封存")}</span>'
    if cohort.corrections:
        told += f'<br><span class="quiet">{both("judged again, see below", "已重新判断，见下")}</span>'
    return told


def _correction(cohort: Cohort, one: Correction) -> str:
    auc = one.before.figures.get("roc_auc")
    was = f"ROC AUC {auc.value:.4f}, " if auc is not None else ""
    day, share = f"{one.found_at:%Y-%m-%d}", one.before.positives / max(one.before.n, 1)
    why_en, why_zh = CHANGED[one.why]
    en = f"judged again on {day}, {why_en}. Before the correction: {was}{one.before.n:,} judged, rate {share:.3f}."
    zh = f"{day} 重新判断（{why_zh}）。更正前：{was}判断 {one.before.n:,} 个，比率 {share:.3f}。"
    return f"<li>{both(f'{cohort.name}: {en}', f'{cohort.name}：{zh}')}</li>"


def _interval(figure: Interval | None) -> str:
    return NOTHING if figure is None else f"{figure.value:.3f} ({figure.low:.3f} – {figure.high:.3f})"
