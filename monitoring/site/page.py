"""The front page, `monitoring/report.html`: the verdict, its reasons, and what they rest on. One file, no script.

Reads findings and verdicts, gives a text. Start reading at `page`.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from html import escape
from string import Template

from churn.page import code
from churn.page_style import STYLE as COMMON
from churn.reasons import GROUPS
from churn.stages import FIVE, Stage
from monitoring.drift.shift import FeatureDrift, ScoreDrift
from monitoring.findings import Findings
from monitoring.ledger.realised import Interval, Realised
from monitoring.reason import Reason, worst
from monitoring.site.plots import dots, shares
from monitoring.site.style import STYLE as SITE
from monitoring.verdict import Verdict

PICTURES, ROWS = 6, 25
SAYS = {
    "keep": "Everything is as the champions expect it.",
    "watch": "Something moved. No new model is needed yet.",
    "retrain": "Train again: scores or outcomes have left the back-test behind.",
    "stop": "Do not score with this: mend the data first.",
    "cannot_tell": "Too little to judge by.",
}
FIGURES = {
    "roc_auc": "ROC AUC",
    "log_loss": "log loss",
    "brier": "Brier",
    "ece": "ECE (10 equal-mass bins)",
    "expected_rate": "expected rate",
    "actual_rate": "actual rate",
    "rate_ratio": "actual / expected",
}
DOCUMENT = Template("""<!doctype html>
<html lang="$language"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>$title</title><style>$style</style></head>
<body><main>
<header class="$outcome"><p class="badge">$badge</p><div><h1>$business</h1><p>$says</p>
<p class="quiet">As of $when by the $clock clock.$silent</p></div></header>
$models$stages
<footer>PSI: population stability index on all rows; bins are deciles of the reference, and one each for values it never
saw and for null. A feature's bar is the greater of [monitoring] psi_watch and what the feature does from cutoff to
cutoff anyway, plus three times what chance adds for so few rows. What each verdict means: docs/operations.md.</footer>
</main></body></html>
""")


def page(
    findings: Sequence[Findings],
    verdicts: Sequence[Verdict],
    ledgers: Sequence[Realised],
    links: dict[str, str],
    *,
    business: str,
    language: str,
    now: datetime,
    clock: str,
    abstentions: Mapping[str, int],
    stages: Mapping[Stage, int],
) -> str:
    """The page.

    Args:
        findings: of each model.
        verdicts: in the same order.
        ledgers: realised performance of every model version.
        links: model to the file of its Evidently report, beside the page.
        business: whose.
        language: en or zh, of the features' descriptions.
        now: the instant judged.
        abstentions: answers without a number, by code.
        stages: customers in each stage now; empty where the features of now do not tell.
        clock: wall or log.
    """
    outcome = worst([verdict.outcome for verdict in verdicts])
    models = [
        _model(found, verdict, [one for one in ledgers if one.model == verdict.model], links, language)
        for found, verdict in zip(findings, verdicts, strict=True)
    ]
    return DOCUMENT.substitute(
        title=escape(f"{business}: {outcome}"),
        language="zh" if language == "zh" else "en",
        style=COMMON + SITE,
        outcome=outcome,
        badge=outcome.replace("_", " "),
        business=escape(business),
        says=SAYS[outcome],
        when=f"{now:%Y-%m-%d %H:%M} UTC",
        clock=clock,
        silent=_silent(abstentions),
        models="".join(models),
        stages=_stages(stages),
    )


def _model(found: Findings, verdict: Verdict, ledgers: Sequence[Realised], links: dict[str, str], language: str) -> str:
    title = f"{verdict.model} <small>{escape(verdict.version)} · {found.rows:,} customers now</small>"
    return (
        f'<section><h2><span class="badge small {verdict.outcome}">{verdict.outcome.replace("_", " ")}</span> '
        f"{title}</h2>{_reasons(verdict.reasons)}"
        f"<h3>Did the scores come true?</h3>{_ledgers(found, ledgers)}"
        f"<h3>Scores</h3>{_scores(found.score)}"
        f"<h3>Features</h3>{_features(found, language)}{_link(links.get(verdict.model))}</section>"
    )


def _stages(stages: Mapping[Stage, int]) -> str:
    if not stages:
        return ""
    rows = [
        [stage.value.replace("_", " "), f"{FIVE[stage].zh} {FIVE[stage].en}", f"{count:,}"]
        for stage, count in stages.items()
    ]
    table = _table(["stage", "of the five that the trade speaks of", "customers now"], rows)
    return f"<section><h2>Where customers stand</h2>{table}</section>"


def _silent(abstentions: Mapping[str, int]) -> str:
    if not abstentions:
        return ""
    told = ", ".join(f"{escape(code)} {count:,}" for code, count in abstentions.items())
    return f" Answers without a number, by reason: {told}."


def _link(name: str | None) -> str:
    return f'<p><a href="{escape(name)}">Evidently\'s report of these columns</a></p>' if name else ""


def _reasons(reasons: Sequence[Reason]) -> str:
    if not reasons:
        return "<p>No reason to do anything.</p>"
    rows = [
        f'<li class="{one.outcome}"><b>{escape(one.what[0])}</b> <span class="figure">{one.number:g} against '
        f"{one.threshold:g}</span><br>{code(one.mend[0])}</li>"
        for one in reasons
    ]
    return f'<ul class="reasons">{"".join(rows)}</ul>'


def _ledgers(found: Findings, ledgers: Sequence[Realised]) -> str:
    if not ledgers:
        return "<p>No answers yet.</p>"
    return "".join(_ledger(found, one) for one in ledgers)


def _ledger(found: Findings, one: Realised) -> str:
    waiting = ""
    if one.first_mature_at is not None:
        waiting = f" {one.immature:,} answers are immature; the first can be judged on {one.first_mature_at:%Y-%m-%d}."
    if one.left_out:
        waiting += " Left out: " + ", ".join(f"{n} {why.replace('_', ' ')}" for why, n in one.left_out.items()) + "."
    told = {"immature": "", "too_few": f" {one.n} are mature, {one.positives} came true: too few to say."}
    head = f"<p><b>{escape(one.version)}</b>:{told.get(one.state, f' {one.n:,} answers are mature.')}{waiting}</p>"
    if one.state != "mature":
        return head
    promised = found.champion.backtest if one.version == found.champion.version else {}
    rows = [
        [words, _interval(one.figures[name]), _number(promised.get(name))]
        for name, words in FIGURES.items()
        if name in one.figures
    ]
    table = _table(["figure", "realised (90 % interval)", "back-test"], rows)
    return f'{head}<div class="side">{table}{dots(one.bins, title=("told against happened", "预测与实际"))}</div>'


def _scores(score: ScoreDrift | None) -> str:
    if score is None:
        return "<p>No customer of now has a score of this champion.</p>"
    rows = [
        ["customers with a score", f"{score.n:,}"],
        ["share of the cohort", f"{score.coverage:.0%}"],
        ["mean score when it learned", f"{score.mean_then:.4f}"],
        ["mean score now", f"{score.mean_now:.4f}"],
        ["PSI (chance alone)", f"{score.psi:.4f} ({score.floor:.4f})"],
    ]
    picture = shares(
        score.counts_then, score.counts_now, title=("scores then and now", "训练时与当前的评分"), with_null=False
    )
    return f'<div class="side">{_table(["", ""], rows)}{picture}</div>'


def _features(found: Findings, language: str) -> str:
    pictures = "".join(_picture(found, one, language) for one in found.features[:PICTURES] if one.is_judged)
    head = ["feature", "group", "PSI", "bar", "null then", "null now", "median then", "median now", ""]
    rows = [_feature(one) for one in found.features[:ROWS]]
    rest = len(found.features) - ROWS
    more = f'<p class="quiet">and {rest} more, all further below their bar.</p>' if rest > 0 else ""
    return f'<div class="grid">{pictures}</div><div class="features">{_table(head, rows)}</div>{more}'


def _feature(one: FeatureDrift) -> list[str]:
    said = "moved" if one.has_moved else ("" if one.is_judged else "by the calendar")
    group = GROUPS[one.group].en if one.group in GROUPS else one.group
    nulls = [f"{one.null_then:.0%}", f"{one.null_now:.0%}"]
    medians = [_number(one.median_then), _number(one.median_now)]
    return [one.feature, group, f"{one.psi:.4f}", f"{one.bar:.4f}", *nulls, *medians, said]


def _picture(found: Findings, one: FeatureDrift, language: str) -> str:
    text = found.champion.bundle.texts.get(one.feature)
    words = (text.zh if language == "zh" else text.en) if text else one.feature
    picture = shares(one.counts_then, one.counts_now, title=(one.feature, one.feature))
    return f"<div>{picture}<p>{escape(words)}<br>PSI {one.psi:.3f}</p></div>"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    top = "".join(f"<th>{escape(name)}</th>" for name in head)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    heading = f"<thead><tr>{top}</tr></thead>" if any(head) else ""
    return f"<table>{heading}<tbody>{body}</tbody></table>"


def _interval(figure: Interval) -> str:
    return f"{figure.value:.4f} ({figure.low:.4f} to {figure.high:.4f})"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:,.4g}"
