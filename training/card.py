"""The model card: what a model is, what it learned from, how it was judged, and where it must not be trusted.

One description, written as Markdown for people who read files and as HTML for those who open them (pictures inside,
nothing from outside). Start reading at `markdown`.
"""

import base64
import html
from collections.abc import Mapping, Sequence

from churn.metrics import CalibrationError, ece
from training.card_reasons import Part, Table, about_reasons
from training.challenger import Challenger
from training.evaluate import METRICS, POOLED
from training.reasons.told import ReasonsTold
from training.treated import TREATED, Tally


def markdown(challenger: Challenger, reasons: ReasonsTold, more: Sequence[Part] = ()) -> str:
    """The card as Markdown; `more` are parts that others add."""
    lines = [f"# {_title(challenger)}", ""]
    for heading, paragraphs, table in _parts(challenger, reasons, more):
        lines += [f"## {heading}", ""]
        lines += [line for paragraph in paragraphs for line in (paragraph, "")]
        if table:
            head, rows = table
            lines += [_row(head), _row(["---"] * len(head)), *(_row(row) for row in rows), ""]
    return "\n".join(lines)


def page(challenger: Challenger, reasons: ReasonsTold, pictures: Mapping[str, bytes], more: Sequence[Part] = ()) -> str:
    """The card as one HTML page that opens off-line."""
    body = [f"<h1>{html.escape(_title(challenger))}</h1>"]
    for heading, paragraphs, table in _parts(challenger, reasons, more):
        body.append(f"<h2>{html.escape(heading)}</h2>")
        body += [f"<p>{html.escape(paragraph)}</p>" for paragraph in paragraphs]
        if table:
            head, rows = table
            cells = ["".join(f"<td>{html.escape(cell)}</td>" for cell in row) for row in rows]
            top = "".join(f"<th>{html.escape(cell)}</th>" for cell in head)
            body.append(f"<table><tr>{top}</tr>" + "".join(f"<tr>{row}</tr>" for row in cells) + "</table>")
    for name, picture in pictures.items():
        source = base64.b64encode(picture).decode()
        body.append(f'<img alt="{html.escape(name)}" src="data:image/png;base64,{source}">')
    style = "body{font:15px/1.5 sans-serif;max-width:52rem;margin:2rem auto}td,th{padding:.2rem .7rem;text-align:left}"
    head = f'<meta charset="utf-8"><title>{html.escape(_title(challenger))}</title><style>{style}</style>'
    return f"<!doctype html><html><head>{head}</head><body>{''.join(body)}</body></html>\n"


def _title(challenger: Challenger) -> str:
    return f"Model card: {challenger.model} of {challenger.bundle.business}"


def _parts(challenger: Challenger, reasons: ReasonsTold, more: Sequence[Part]) -> list[Part]:
    return [
        ("What it answers", _what(challenger), None),
        ("What it learned from", _learned(challenger), None),
        ("How it was judged", _protocol(challenger), _metrics(challenger)),
        ("Do its probabilities mean what they say", _calibration(challenger), _bins(challenger)),
        *about_reasons(reasons, challenger.bundle),
        *more,
        ("Where not to trust it", _limits(), None),
    ]


def _what(challenger: Challenger) -> list[str]:
    bundle = challenger.bundle
    asked = "customers who are not lapsed" if bundle.model == "churn" else "customers who have lapsed"
    comes = (
        "no qualifying event falls into the horizon"
        if bundle.model == "churn"
        else "a qualifying event falls into the horizon"
    )
    return [
        (
            f"How likely is it that {comes}? Asked about {asked}; the horizon is {bundle.horizon_days} days, "
            f"{bundle.gap_days} days after the cutoff. Definition {bundle.definition_id}."
        ),
        (
            f"Bands: medium from {bundle.bands['medium']:.3f}, high from {bundle.bands['high']:.3f}; "
            "of the customers it learned from, 10% lie in high and 40% in high or medium."
        ),
    ]


def _learned(challenger: Challenger) -> list[str]:
    learned, day_of = challenger.learned, challenger.calendar.day_of
    cutoffs = [day_of(cutoff).isoformat() for cutoff in learned.cutoffs]
    return [
        (
            f"Snapshot {learned.hash}: {len(cutoffs)} cutoffs from {cutoffs[0]} to {cutoffs[-1]}, labels as known at "
            f"{day_of(learned.observed_until)}; base rate {challenger.bundle.base_rate:.4f}; "
            f"{len(challenger.bundle.features)} features (set {challenger.bundle.feature_set_hash})"
            f"{_left_out(challenger)}.{_objecting(challenger)}"
        ),
        (
            f"The learner is {_learner(challenger)}, and a calibrator of kind {challenger.bundle.calibrator.kind}. "
            f"Model hash {challenger.hash}."
        ),
        *_treated(challenger),
        *_grade(challenger),
    ]


def _left_out(challenger: Challenger) -> str:
    out = sorted(set(challenger.bundle.features) - set(challenger.fitted.read))
    if not challenger.fitted.read or not out:
        return ""
    return f", of which it does not read {len(out)}: {', '.join(out)}"


def _objecting(challenger: Challenger) -> str:
    count = challenger.learned.manifest.get("opted_out_customers", 0)
    return f" Customers who objected to scoring are left out ({count:,})." if count else ""


def _treated(challenger: Challenger) -> list[str]:
    """What became of rows that a campaign touched, by role; the figures are those of the test rows that are left."""
    found = challenger.params.get(TREATED, {})
    return [f"{role.capitalize()}: {Tally(**one).sentence}" for role, one in found.items()]


def _learner(challenger: Challenger) -> str:
    return {
        "lightgbm": (
            f"a ridge logistic regression written as step trees, with {challenger.bundle.trees} boosted trees on top "
            f"of it (LightGBM, no class weights){_share(challenger)}"
        ),
        "bg_nbd": "the modified BG/NBD model of when customers come and leave, written as trees",
        "recency_rule": "the recency rule, an isotonic fit of days since the last qualifying event, written as a tree",
    }[challenger.bundle.learner]


def _share(challenger: Challenger) -> str:
    share = challenger.params.get("bg_nbd_share", 0.0)
    others = ", of whose log-odds the modified BG/NBD model of when customers come and leave, written as trees, has "
    return f"{others}a share of {share:.0%}, found on held-out customers" if share else ""


def _grade(challenger: Challenger) -> list[str]:
    """The grade in both languages, and what the ladder saw."""
    bundle, ladder = challenger.bundle, challenger.params.get("ladder")
    if bundle.grade is None or ladder is None:
        return []
    seen = "; ".join(
        f"{rung['learner']}: {rung['why_not']}"
        if rung["why_not"]
        else f"{rung['learner']} skill {rung['skill']:.3f}, surely {rung['low']:.3f} to {rung['high']:.3f}"
        for rung in ladder["rungs"]
    )
    return [
        f"Grade: {bundle.grade.sentence(bundle.learner)}. {bundle.grade.sentence(bundle.learner, 'zh')}。",
        f"Chosen on training rows, by {ladder['judged_on']} ({ladder['customers']} customers): {seen}.",
    ]


def _protocol(challenger: Challenger) -> list[str]:
    cutoffs = ", ".join(challenger.calendar.day_of(cutoff).isoformat() for cutoff in challenger.test.cutoffs)
    return [
        (
            f"Tested at {cutoffs} (snapshot {challenger.test.hash}). Every label that fitted, stopped or calibrated "
            "anything had matured by the first of them. The number of trees and the calibrator were found on customers "
            f"held out by a hash of their id. {_who_was_judged(challenger)}"
        ),
        "ECE: 10 bins of equal mass. The rivals learned from the same rows.",
    ]


def _who_was_judged(challenger: Challenger) -> str:
    if challenger.judged is None:
        return "The model judged here is the model registered: it was not fitted again."
    train = challenger.train
    newest = challenger.calendar.day_of(train.cutoffs[-1])
    theirs, ours = (challenger.params.get(f"{who}bg_nbd_share", 0.0) for who in ("judged_", ""))
    share = f", a share of BG/NBD of {theirs:.0%} instead of {ours:.0%}" if theirs != ours else ""
    return (
        f"The figures are of a sibling with the same recipe and number of trees{share}, which learned from snapshot "
        f"{train.hash}, whose {len(train.cutoffs)} cutoffs end at {newest}. The model registered "
        "was then fitted to the newest mature outcomes, the test's among them, and calibrated on held-out customers."
    )


def _metrics(challenger: Challenger) -> Table:
    head = ["learner", "n", "base rate", *(name.replace("_", " ") for name in METRICS)]
    several = any(one["cutoff"] == POOLED for one in challenger.results)
    shown = [one for one in challenger.results if not several or one["cutoff"] == POOLED]
    numbers = ("base_rate", *METRICS)
    return head, [[one["learner"], str(one["n"]), *(_number(one[name]) for name in numbers)] for one in shown]


def _calibration(challenger: Challenger) -> list[str]:
    cutoffs = len(challenger.test.cutoffs)
    return [
        (
            f"All test rows of its {cutoffs} cutoff{'' if cutoffs == 1 else 's'}, pooled, by probability in 10 bins of "
            f"equal mass. ECE {_found(challenger).ece:.4f} is the mean distance between told and happened, by n."
        )
    ]


def _bins(challenger: Challenger) -> Table:
    head = ["bin", "n", "mean probability", "what happened"]
    return head, [
        [str(place), str(one.n), _number(one.mean_score), _number(one.base_rate)]
        for place, one in enumerate(_found(challenger).bins, start=1)
    ]


def _found(challenger: Challenger) -> CalibrationError:
    return ece(challenger.test_rows.outcome, challenger.probabilities[challenger.bundle.learner])


def _limits() -> list[str]:
    return [
        (
            "It knows customers only through the event log; who has no qualifying event yet is not scored. It was "
            "judged on the past: a campaign, a price or a season it never saw can make it wrong, which "
            "`churn monitor` watches. "
            "Its reasons say what its score rests on, not what would happen if that changed."
        ),
    ]


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"
