"""What the site shows of performance: the line over all versions, each version's figures, and every cohort.

Start reading at `sections`.
"""

from collections.abc import Iterator, Sequence
from html import escape

from churn.page import Two, both, table
from monitoring.findings import Findings, Whole
from monitoring.ledger.cohort import Cohort, Ledger
from monitoring.ledger.cohort_table import cohort_table, untreated_table
from monitoring.ledger.realised import Interval, Realised
from monitoring.section import Section
from monitoring.site.plots import Limit, Mark, Series, dots, line

FIGURES: dict[str, Two] = {
    "roc_auc": ("ROC AUC", "ROC AUC"),
    "pr_auc": ("PR AUC (average precision)", "PR AUC（平均精确率）"),
    "lift": ("lift of the top tenth", "前十分之一的提升度"),
    "log_loss": ("log loss", "对数损失"),
    "brier": ("Brier", "Brier 分数"),
    "ece": ("ECE (10 equal-mass bins)", "ECE（10 个等量分箱）"),
    "expected_rate": ("expected rate", "预期比率"),
    "actual_rate": ("actual rate", "实际比率"),
    "rate_ratio": ("actual / expected", "实际 / 预期"),
    "profit_per_customer": (
        "profit a customer, contacting from break-even on", "每位客户的利润（从盈亏平衡点起联系）",
    ),
}  # fmt: skip
PROMISED = {"lift": "lift_10"}  # where the back-test has another name for it
WHY: dict[str, Two] = {
    "other_definition": ("under another definition of churn", "依据其他流失定义"),
    "no_outcome": ("of customers whom the log does not know any more", "客户已不在日志中"),
}
EACH: Two = ("Each mature cohort with its 90 % interval.", "各已成熟批次及其 90% 区间。")
CLOSED: Two = (
    "Closed: its answers are pruned, or spoke of another definition of churn.",
    "已封存：评分已清理，或依据旧的流失定义。",
)
NOTE: Two = (
    f"Answers of a local week (month where weeks are small) whose gap and horizon are over. {CLOSED[0]}",
    f"一批即一个本地自然周（周量小时为月）的评分；数字仅涉及间隔期与预测期已结束者。{CLOSED[1]}",
)
WITHOUT_CAMPAIGNS: Two = (
    (
        "Untreated: answers whose customers no campaign was to contact before the outcome; those held out by chance "
        "stand for the contacted. A campaign that works makes a good model seem to tell too much. Verdicts go by all."
    ),
    "未触达：在结果确定前没有活动要联系的客户；随机对照组代表被触达者。有效的活动会使好模型看似高估风险。结论依据全部评分。",
)
FAULTS: dict[str, Two] = {
    "torn": ("lines that are no answer (torn, or changed)", "损坏或被改动的行"),
    "unfinished": (
        "a last line without its end: being written, or cut by a kill",
        "最后一行未写完（正在写入，或进程被终止）",
    ),
    "no_cutoff": ("scores without a cutoff", "没有截止时间的评分"),
    "wrong_value": ("scores with a value that cannot be", "取值不可能的评分"),
    "no_parquet": ("no batch of ours, or half of one", "不是有效的批次文件"),
    "no_file": ("cannot be opened", "无法打开"),
    "no_cohort": ("a cohort of the ledger whose answers are gone", "台账批次文件损坏，且其评分已清理"),
}


def sections(findings: Sequence[Findings], ledgers: Sequence[Realised]) -> Iterator[Section]:
    """What became of the answers, model by model, newest version first."""
    for found in findings:
        model, ledger = found.champion.model, found.ledger
        mine = [one for one in ledgers if one.model == model]
        body = "".join(_version(found, one) for one in mine) or f"<p>{both('No answers yet.', '尚无评分记录。')}</p>"
        lines = _lines(found, ledger) if ledger is not None else ""
        yield Section(
            "performance", "outcomes", ("Did the scores come true?", "评分是否应验？"), lines + body, model=model
        )
        if ledger is not None and ledger.cohorts:
            yield Section("performance", "cohorts", ("Cohort by cohort", "逐批结果"), cohort_table(ledger), NOTE, model)
            if without := untreated_table(ledger):
                title = ("With campaigns and without", "有活动与无活动")
                yield Section("performance", "untreated", title, without, WITHOUT_CAMPAIGNS, model)


def unreadable(whole: Whole) -> Iterator[Section]:
    """Files among the scores of which something cannot be read."""
    if whole.unreadable:
        rows = [
            [escape(one.file), f"{one.lines:,}" if one.lines else both("all of it", "整个文件"), both(*FAULTS[one.why])]
            for one in whole.unreadable
        ]
        head = [both("file", "文件"), both("lines", "行数"), both("what is wrong", "问题")]
        title = ("Answers that nobody can read", "无法读取的评分")
        yield Section("performance", "unreadable", title, table(head, rows))


def _lines(found: Findings, ledger: Ledger) -> str:
    """Pictures over the mature cohorts; none for one cohort alone."""
    judged = ledger.judged
    if len(judged) < 2:
        return ""
    labels = [one.name for one in judged]
    marks = _marks(judged, ledger)
    promised = found.champion.backtest.get("roc_auc")
    limits = [Limit(promised, ("promised by the back-test", "回测承诺"))] if promised is not None else []
    pictures = [
        line([_series(judged, "roc_auc", FIGURES["roc_auc"])], labels, title=("ROC AUC", "ROC AUC"), limits=limits,
             marks=marks, is_wide=True, caption=EACH),
        line([_series(judged, "actual_rate", FIGURES["actual_rate"]),
              _bare(judged, "expected_rate", ("expected rate", "预期比率"))], labels,
             title=("Expected and actual rate", "预期与实际比率"), marks=marks, as_percent=True),
        line([_series(judged, "log_loss", FIGURES["log_loss"]), _base(judged)], labels,
             title=("Log loss against the bare rate's", "对数损失与平均比率的对比"), marks=marks),
        line([_series(judged, "lift", FIGURES["lift"])], labels, title=FIGURES["lift"], marks=marks, from_zero=True),
    ]  # fmt: skip
    if all("profit_per_customer" in _of(one) for one in judged):
        profit = _series(judged, "profit_per_customer", FIGURES["profit_per_customer"])
        pictures.append(line([profit], labels, title=("Realised profit a customer", "每位客户的实际利润"), marks=marks))
    return f'{pictures[0]}<div class="grid">{"".join(pictures[1:])}</div>'


def _of(cohort: Cohort) -> dict[str, Interval]:
    return cohort.became.figures if cohort.became is not None else {}


def _series(judged: Sequence[Cohort], name: str, words: Two) -> Series:
    told = [_of(one)[name] for one in judged]
    return Series(words, [one.value for one in told], [one.low for one in told], [one.high for one in told])


def _bare(judged: Sequence[Cohort], name: str, words: Two) -> Series:
    return Series(words, [_of(one)[name].value for one in judged], tone="then")


def _base(judged: Sequence[Cohort]) -> Series:
    values = [one.became.base_log_loss if one.became else None for one in judged]
    return Series(("telling everybody the rate", "对所有人都报平均比率"), values, tone="then")


def _marks(judged: Sequence[Cohort], ledger: Ledger) -> list[Mark]:
    """Where a version took over from another."""
    found = []
    for version, day in list(ledger.took_over.items())[1:]:
        at = next((place for place, one in enumerate(judged) if one.last_day >= day), None)
        if at is not None:
            found.append(Mark(at, (f"from here {version}", f"此后为 {version}")))
    return found


def _version(found: Findings, one: Realised) -> str:
    head = f"<p><b>{escape(one.version)}</b>: {_state(one)}{_waiting(one)}</p>"
    if one.state != "mature":
        return head
    promised = found.champion.backtest if one.version == found.champion.version else {}
    rows = [
        [both(*words), interval(one.figures[name]), _number(promised.get(PROMISED.get(name, name)))]
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
        why = [", ".join(f"{n:,} {WHY[why][side]}" for why, n in one.left_out.items()) for side in (0, 1)]
        told.append(both(f" Left out: {why[0]}.", f" 未计入：{why[1]}。"))
    return "".join(told)


def interval(figure: Interval) -> str:
    """A figure with its interval."""
    return f"{figure.value:.4f} ({figure.low:.4f} – {figure.high:.4f})"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:,.4g}"
