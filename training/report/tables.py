"""The report's tables as HTML: learners, months, slices, customers kept out, groups. Start reading at `learners`."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

from churn.page import both, table
from training.report.fairness import times
from training.report.jury import OURS, ours_of
from training.report.pictures import whisker
from training.report.words import CELLS, SHORT, dimension, figure, learner, name, reason

SHOWN = ("log_loss", "roc_auc", "pr_auc", "brier", "ece", "ece_by_chance", "lift_10")
PARTS = ("brier", "reliability", "resolution", "uncertainty", "within_bins")
MONEY = ("profit", "max_profit", "expected_max_profit")
RATES = ("flagged_share", "false_positive_rate", "false_negative_rate", "base_rate")
Entry = Mapping[str, Any]


def number(one: Entry | None, places: int = 3) -> str:
    """A figure with its interval below it."""
    if not one or one["value"] is None:
        return "–"
    text = f"{one['value']:,.{places}f}"
    if one["low"] is None or one["high"] is None:
        return text
    return f"{text}<small>{one['low']:,.{places}f} … {one['high']:,.{places}f}</small>"


def verdict(entry: Entry, rival: str, metric: str = "log_loss") -> str:
    """Who is better, in words, with the colour of the answer."""
    found = entry["against"].get(rival, {}).get(metric)
    if found is None:
        return ""
    return f'<span class="{found["verdict"]}">{both(*SHORT[found["verdict"]])}</span>'


def learners(entry: Entry, without: Entry) -> str:
    """All learners on all rows: figures with intervals, and who beats whom by log loss."""
    head = [
        both("learner", "方法"),
        both("by log loss", "按对数损失"),
        both("by ROC AUC", "按 ROC AUC"),
        *(figure(one) for one in SHOWN),
    ]
    rows = []
    for code in sorted(entry["learners"], key=lambda one: (one != OURS, entry["learners"][one]["log_loss"]["value"])):
        figures = entry["learners"][code]
        mark = " ★" if code == entry.get("best") else ""
        verdicts = [verdict(entry, code, metric) for metric in ("log_loss", "roc_auc")]
        shown = [number(figures[one], 4 if one in PARTS else 3) for one in SHOWN]
        rows.append([learner(code) + mark, *verdicts, *shown])
    silent = {code: f'<span class="quiet">{reason(str(why))}</span>' for code, why in without.items() if why}
    rows += [[learner(code), why, *[""] * (len(SHOWN) + 1)] for code, why in silent.items()]
    star = both(
        "★ lowest log loss. Beaten, or ahead of us: by more than a standard error of the difference; within: neither.",
        "★ 对数损失最低。被击败或领先：差异大于一个标准误；相当：两者皆非。",
    )
    return f"<section>{table(head, rows)}</section><p class='quiet'>{star}</p>"


def figures_of(entry: Entry, wanted: Sequence[str], places: int) -> str:
    """Some figures of all learners."""
    head = [both("learner", "方法"), *(figure(one) for one in wanted)]
    rows = [
        [learner(code), *(number(one[wanted_one], places) for wanted_one in wanted)]
        for code, one in entry["learners"].items()
    ]
    return f"<section>{table(head, rows)}</section>"


def parts(entries: Iterable[tuple[str, Entry]], first: str) -> str:
    """Parts of the rows, ours beside the best rival of each: a line a part.

    Args:
        entries: the part's name, HTML already, and its figures.
        first: heading of the names.
    """
    entries = list(entries)
    spans = [one["learners"][ours_of(one)]["roc_auc"] for _, one in entries if not one["abstained"]]
    low = min([float(one["low"] or one["value"]) for one in spans], default=0.5)
    high = max([float(one["high"] or one["value"]) for one in spans], default=1.0)
    head = [first, both("rows", "行数"), both("rate", "实际率"), "ROC AUC", "", figure("log_loss"), "ECE",
            both("best rival by log loss", "对数损失最佳对手")]  # fmt: skip
    rows = [[title, *_part(one, low, high)] for title, one in entries]
    return f"<section>{table(head, rows)}</section>"


def _part(entry: Entry, low: float, high: float) -> list[str]:
    n, rate = f"{entry['n']:,}", "–" if entry["base_rate"] is None else f"{entry['base_rate']:.1%}"
    if entry["abstained"]:
        return [n, rate, f'<span class="quiet">{reason(str(entry["abstained"]))}</span>', "", "", "", ""]
    shown = ours_of(entry)
    ours = entry["learners"][shown]
    rivals = {code: one["log_loss"]["value"] for code, one in entry["learners"].items() if code != shown}
    rival = min(rivals, key=lambda code: rivals[code], default=None)
    against = "" if rival is None else f"{learner(rival)} {rivals[rival]:.4f}<br>{verdict(entry, rival)}"
    if shown != OURS:
        against = f"{both('shown', '所示')}: {learner(shown)}<br>{against}"
    drawn = whisker(ours["roc_auc"], low, high)
    return [n, rate, number(ours["roc_auc"]), drawn, number(ours["log_loss"], 4), number(ours["ece"]), against]


def months(entries: Sequence[Entry]) -> str:
    """Each test cutoff by itself."""
    return parts(((escape(one["cutoff"]), one) for one in entries), both("cutoff", "截止日"))


def slices(entries: Sequence[Entry]) -> str:
    """Each dimension in a table of its own."""
    dimensions = dict.fromkeys(one["dimension"] for one in entries)
    return "".join(
        f"<h3>{dimension(code)}</h3>" + parts(((name(o["name"]), o) for o in entries if o["dimension"] == code), "")
        for code in dimensions
    )


def customers(entry: Entry) -> str:
    """Customers seen in training and not; then the model that never saw a fifth of them."""
    natural = parts(
        [
            (both("were in training rows", "训练中出现过"), entry["seen"]),
            (both("were in none (new)", "从未出现（新）"), entry["unseen"]),
        ],
        both("customers", "客户"),
    )
    kept = entry["kept_out"]
    if kept["abstained"]:
        return f'{natural}<p class="quiet">{reason(kept["abstained"])}</p>'
    cells = parts(((both(code, CELLS.get(code, code)), one) for code, one in kept["cells"].items()), "")
    title = both(
        f"{kept['share']:.0%} of the customers kept out of training ({kept['cutoff'][:10]})",
        f"{kept['share']:.0%} 的客户不参与训练（{kept['cutoff'][:10]}）",
    )
    return f"{natural}<h3>{title}</h3>{cells}{_memory(kept['gain_of_having_seen_them'])}"


def _memory(gain: Entry | None) -> str:
    if not gain:
        return ""
    one = gain["log_loss"]
    told = f"{one['value']:+.4f} ({one['low']:+.4f} … {one['high']:+.4f})"
    return "<p>" + both(
        f"Having seen these very customers in training changes log loss on their test rows by {told}; above 0: it "
        "helps.",
        f"训练时见过这些客户，使其测试行的对数损失改变 {told}；大于 0 表示有帮助。",
    ) + "</p>"  # fmt: skip


def groups(attribute: Entry, flag: str) -> str:
    """The groups of one attribute by one flag: rates, ratios, figures."""
    head = [escape(attribute["attribute"]), both("rows", "行数"), *(figure(one) for one in RATES),
            both("ratio flagged", "标记比"), both("ratio of false positives", "误报比"),
            both("ratio of false negatives", "漏报比"), "ROC AUC", "ECE"]  # fmt: skip
    rows = []
    for one in attribute["groups"]:
        reference = " " + both("(reference)", "（参照）") if one["group"] == attribute["reference"] else ""
        title, n = name(one["group"]) + reference, f"{one['n']:,}"
        if one["abstained"]:
            rows.append([title, n, f'<span class="quiet">{reason(one["abstained"])}</span>', *[""] * 8])
            continue
        found = one.get("ratios", {}).get(flag, {})
        ours, ratios = one["learners"][ours_of(one)], [_ratio(found.get(measure)) for measure in RATES[:3]]
        rates = [number(one["rates"][flag][rate]) for rate in RATES]
        rows.append([title, n, *rates, *ratios, number(ours["roc_auc"]), number(ours["ece"])])
    return f"<h3>{escape(attribute['attribute'])} · {escape(flag)}</h3><section>{table(head, rows)}</section>"


def _ratio(one: Entry | None) -> str:
    unbounded = one is not None and one["value"] is None and one["low"] is not None
    told = escape(times(one)) if one and unbounded else number(one, 2)
    return f'<span class="behind">{told}</span>' if one and one["named"] else told
