"""`churn definition preview`: what a definition would call churn, counted before anything is trained."""

from functools import partial
from typing import TYPE_CHECKING

from cli.console import step, table
from cli.outcome import Outcome

if TYPE_CHECKING:
    from churn.settings import Settings


def preview(settings: "Settings") -> Outcome:
    """Past churners and stayers, returners and those who stayed away, cutoff by cutoff, against the minimum."""
    from churn.cutoffs import cutoffs_back, earliest_cutoff
    from churn.preview import preview as counted
    from cli.opened import open_log
    from features.heirs import heirs_among, outcomes
    from features.holders import read_holders

    with step("reading the event log"):
        log = open_log(settings)
    calendar, training = log.lifecycle.calendar, settings.training
    first = earliest_cutoff(log.manifest.first_event_at, calendar, training)
    cutoffs = cutoffs_back(log.as_of, every_days=training.every_days, calendar=calendar, first=first)
    events = log.events
    became = partial(outcomes, heirs=heirs_among(events, events.customers, read_holders(settings.folder)))
    found = counted(events, log.lifecycle, cutoffs, log.manifest.observed_until, training, outcomes=became)
    found["cutoff"] = [calendar.day_of(cutoff).isoformat() for cutoff in found["cutoff"]]
    found["positive_share"] = (found["positives"] / found["n"].where(found["n"] > 0)).astype("Float64")
    counts = found.astype(object).where(found.notna(), None).to_dict("records")
    rows = [{str(name): value for name, value in row.items()} for row in counts]
    definition = log.lifecycle.definition
    none_yet = f"No cutoff yet: the log is shorter than [training] min_history_days = {training.min_history_days}."
    text = f"""{settings.business.name}, {definition.id}: {", ".join(definition.qualifying)} counts; horizon \
{definition.horizon_days} days, gap {definition.gap_days}; lapsed by {definition.lapse.rule}.
Enough means {training.min_rows} rows and {training.min_positives} of each outcome at that cutoff alone; \
a dash stands where the horizon is not over.

{table(rows) if rows else none_yet}"""
    return Outcome(text=text, as_json=rows)
