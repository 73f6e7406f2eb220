"""`churn campaign bend`: how far campaigns bend the labels that models learn from, and which rule is in force."""

import json
from typing import TYPE_CHECKING

from churn.settings import Settings
from cli.outcome import Outcome

if TYPE_CHECKING:
    from campaigns.learning.bend import Bend


def bend(settings: Settings) -> Outcome:
    """Tell it, and write page and JSON below the artifacts."""
    from campaigns.learning.advice import WORDS as RULES
    from campaigns.learning.advice import advised
    from campaigns.learning.bend import bends
    from campaigns.learning.bend_page import bend_page
    from churn.cutoffs import newest_mature
    from cli.opened import open_log
    from features.atomic import write_text
    from features.holders import read_holders
    from features.treatments import read_treatments

    log = open_log(settings)
    first, until = log.manifest.first_event_at, log.manifest.observed_until
    cutoffs = newest_mature(first, until, log.lifecycle, settings.training)
    planned, holders = read_treatments(settings.folder), read_holders(settings.folder)
    found = bends(log.parts, planned, log.lifecycle, cutoffs, until, holders)
    rules = {model: advised(found, model) for model in dict.fromkeys(one.model for one in found)}
    told = {"treated_rows": settings.training.treated_rows, "advised": rules, "bends": [one.as_json() for one in found]}
    folder = settings.folder / "campaigns" / "bend"
    folder.mkdir(parents=True, exist_ok=True)
    write_text(folder / "bend.json", json.dumps(told, indent=2))
    write_text(folder / "bend.html", bend_page(found, settings, log.now))
    rule = f"Retraining rule in force: {settings.training.treated_rows} ([training] treated_rows)."
    advice = [f"{model}: {RULES[name][0]}." for model, name in rules.items()]
    return Outcome("\n".join([*map(_line, found), *advice, rule, f"Page: {folder / 'bend.html'}"]), told)


def _line(one: "Bend") -> str:
    from campaigns.learning.bend import WORDS

    where = "all cutoffs" if one.cutoff is None else f"{one.cutoff:%Y-%m-%d} UTC"
    share = f"{one.rows:,} rows, {one.treated / one.rows:.1%} treated"
    head = f"{one.model}, {where}: {share}; naive rate {one.naive_rate:.2%}"
    if one.bend is None or one.low is None or one.high is None or one.untreated_rate is None:
        return f"{head}; {WORDS[one.why_not or ''][0]}."
    interval = f"{100 * one.low:+.2f} to {100 * one.high:+.2f}"
    return f"{head}, without campaigns {one.untreated_rate:.2%}: bent by {100 * one.bend:+.2f} points ({interval})."
