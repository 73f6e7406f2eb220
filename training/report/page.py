"""The page of a back-test, `report.html`: who won, how sure that is, and where it does not hold. One file, no script.

Reads what report.json holds. Both languages are in it. Start reading at `page`.
"""

from collections.abc import Mapping
from html import escape
from typing import Any

from churn.page import both, frame
from training.report import tables
from training.report.fairness import times
from training.report.jury import OURS, ours_of
from training.report.pictures import calibration, gains
from training.report.words import FIGURES, LEARNERS, MODELS, VERDICTS, cohort, in_chinese, reason

Entry = Mapping[str, Any]
MORE_STYLE = """
small{display:block;color:var(--quiet);font-size:11px} td:last-child{white-space:normal;text-align:left}
.ahead{color:var(--fine)} .behind{color:var(--error);font-weight:600} .within{color:var(--quiet)}
.whisker{width:120px;height:14px} .verdict{background:var(--card);border-radius:8px;padding:12px 18px;margin:12px 0}
h2{border-top:1px solid var(--line);padding-top:24px} h3{margin:24px 0 6px} .grid figure{max-width:420px}
@media (max-width:640px){main{padding:16px 12px 32px} th,td{padding:4px 8px}}
"""
FOOTER = (
    "What each number means: docs/backtest.md. report.json holds the same numbers. Made by churn backtest.",
    "各数字含义见 docs/backtest.md；report.json 含相同数字。由 churn backtest 生成。",
)


def page(document: Entry) -> str:
    """The page."""
    business, definition = document["business"]["name"], document["definition"]
    protocol = "".join(
        f"<p>{both(*words)}</p>" for words in zip(document["protocol"]["en"], document["protocol"]["zh"], strict=True)
    )
    return frame(
        f"{business}: back-test",
        language=document["language"],
        heading=escape(business) + both(": back-test", "：回测"),
        as_of=both(
            f"Horizon {definition['horizon_days']} days, gap {definition['gap_days']}; "
            f"definition {document['definition_id']}.",
            f"结果期 {definition['horizon_days']} 天，间隔 {definition['gap_days']} 天；定义 "
            f"{document['definition_id']}。",
        ),
        body=[
            *(f'<div class="verdict">{_says(model)}</div>' for model in document["models"]),
            f"<details open><summary>{both('How this was judged', '评判方式')}</summary>{protocol}</details>",
            *(_model(model) for model in document["models"]),
        ],
        footer=FOOTER,
        style=MORE_STYLE,
    )


def _says(model: Entry) -> str:
    """The outcome in a sentence or two, also where a rival won."""
    title = f"<b>{both(*MODELS[model['model']])}</b>"
    entry = model.get("pooled")
    if entry is None or entry["abstained"]:
        whys = sorted(set(model["without_numbers"].values())) or [(entry or {}).get("abstained") or "no figures"]
        en, zh = "; ".join(whys), "；".join(in_chinese(one) for one in whys)
        return f"{title}: {both(f'no answer: {en}.', f'无法评判：{zh}。')} {_grade(model)}"
    if OURS not in entry["learners"]:
        return f"{title}: {_without_ours(entry, model['learners'].get(OURS) or 'too few rows')} {_grade(model)}"
    sentences = [_against(entry, verdict) for verdict in ("behind", "within", "ahead")]
    ours = entry["learners"][OURS]
    first = both(
        f"log loss {ours['log_loss']['value']:.4f}, ROC AUC {ours['roc_auc']['value']:.3f}, ECE "
        f"{ours['ece']['value']:.3f} "
        f"on {entry['n']:,} rows of {entry['customers']:,} customers.",
        f"对数损失 {ours['log_loss']['value']:.4f}，ROC AUC {ours['roc_auc']['value']:.3f}，ECE "
        f"{ours['ece']['value']:.3f}，"
        f"共 {entry['n']:,} 行、{entry['customers']:,} 位客户。",
    )
    return f"{title}: {first} {' '.join(one for one in sentences if one)} {_grade(model)}"


def _without_ours(entry: Entry, why: str) -> str:
    """The model of all features keeps silent in some fold: why, and how good the best of the others is."""
    best = str(entry["best"])
    en, zh = LEARNERS.get(best, (best, best))
    loss = entry["learners"][best]["log_loss"]["value"]
    return both(
        f"the model of all features has no figures at every cutoff: {why}. Best by log loss: {en}, {loss:.4f}, "
        f"on {entry['n']:,} rows of {entry['customers']:,} customers.",
        f"全特征模型并非在每个截止日都有结果：{in_chinese(why)}。按对数损失最佳：{zh}，{loss:.4f}，"
        f"共 {entry['n']:,} 行、{entry['customers']:,} 位客户。",
    )


def _grade(model: Entry) -> str:
    """Who would have served in the newest fold, and its grade."""
    grade = model["folds"][-1]["params"].get("grade") if model["folds"] else None
    return both(f"Grade: {grade['en']}.", f"评级：{grade['zh']}。") if grade else ""


def _against(entry: Entry, verdict: str) -> str:
    found = [code for code, one in entry["against"].items() if one["log_loss"]["verdict"] == verdict]
    if not found:
        return ""
    names = [LEARNERS.get(code, (code, code)) for code in found]
    en, zh = VERDICTS[verdict]
    told = both(f"{', '.join(one[0] for one in names)}: {en}.", f"{'、'.join(one[1] for one in names)}：{zh}。")
    return f'<span class="{verdict}">{told}</span>'


def _model(model: Entry) -> str:
    head = f"<h2>{both(*MODELS[model['model']])} <small>{cohort(model['cohort'])}</small></h2>"
    missing = "".join(f"<p>{escape(day)}: {reason(why)}</p>" for day, why in model["without_numbers"].items())
    entry = model.get("pooled")
    if entry is None:
        return head + missing
    if entry["abstained"]:
        return f"{head}{missing}<p>{reason(entry['abstained'])}</p>"
    return "".join(
        [
            head,
            missing,
            tables.learners(entry, model["learners"]),
            _pictures(entry),
            _titled("Brier score in parts", "Brier 分数的分解", tables.figures_of(entry, tables.PARTS, 4)),
            _money(entry),
            _titled("Month by month", "逐月", tables.months(model["months"])),
            _titled("Customers it had seen, and had not", "见过与未见过的客户", tables.customers(model["customers"])),
            _titled("Part by part", "分部分", tables.slices(model["slices"])),
            _fairness(model["fairness"]),
        ]
    )


def _titled(en: str, zh: str, content: str) -> str:
    return f"<h3>{both(en, zh)}</h3>{content}"


def _pictures(entry: Entry) -> str:
    told = calibration(
        entry["calibration"][ours_of(entry)],
        both("Calibration (ten bins of equal mass)", "校准（十个等量箱）"),
        both("across: probability told", "横轴：所报概率"),
        both("up: share that came true, 95%", "纵轴：实际比例，95%"),
    )
    labels = {code: LEARNERS.get(code, (code, code)) for code in entry["gains"]}
    curves = {code: entry["gains"][code] for code in sorted(entry["gains"], key=lambda one: one != OURS)}
    found = gains(
        curves,
        labels,
        both("Cumulative gains", "累计增益"),
        both("across: share of customers reached", "横轴：触达客户比例"),
        both("up: share of outcomes found", "纵轴：找到的结果比例"),
    )
    return f'<div class="grid">{told}{found}</div>'


def _money(entry: Entry) -> str:
    if "profit" not in entry["learners"][ours_of(entry)]:
        return ""
    return _titled("Profit per customer", "每位客户的利润", tables.figures_of(entry, tables.MONEY, 2))


def _fairness(entry: Entry) -> str:
    if not entry["attributes"]:
        return ""
    named = [_named(one) for one in entry["named"]]
    told = "".join(f'<p class="behind">{one}</p>' for one in named) or "<p>" + both(
        "No group is treated differently beyond four fifths and chance.", "没有群体的差别超出五分之四规则与偶然。"
    ) + "</p>"  # fmt: skip
    shown = "".join(tables.groups(one, flag) for one in entry["attributes"] for flag in entry["flags"])
    return _titled("Groups of customers treated alike?", "各群体是否被同等对待？", told + shown)


def _named(one: Entry) -> str:
    who, measure, ratio = f"{one['attribute']} {one['group']} ({one['flag']})", one["measure"], times(one)
    return both(
        f"{who}: {FIGURES[measure][0]} {ratio} times that of {one['against']}.",
        f"{who}：{FIGURES[measure][1]}为 {one['against']} 的 {ratio} 倍。",
    )
