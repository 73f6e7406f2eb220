"""What every part shows on the pages of a run. A new part is a line here; one that fails leaves the others alone.

Start reading at `every_section`.
"""

from collections.abc import Callable, Iterable
from functools import partial

from churn.settings import Settings
from monitoring.before.sections import sections as about_before
from monitoring.business.content_sections import sections as about_content
from monitoring.business.leaving_sections import sections as about_leaving
from monitoring.business.outlook_sections import sections as about_forecast
from monitoring.business.returning_sections import sections as about_returning
from monitoring.business.sections import sections as about_business
from monitoring.data.arrival_sections import sections as about_arrivals
from monitoring.data.sections import sections as about_data
from monitoring.drift.sections import sections as about_drift
from monitoring.ledger.sections import sections as about_outcomes
from monitoring.ledger.sections import unreadable as about_unreadable
from monitoring.looking import Look
from monitoring.reading.windows import snapshot_cutoffs
from monitoring.section import Section
from monitoring.site.card import sections as about_models

Give = Callable[[], Iterable[Section]]


def every_section(settings: Settings, seen: Look) -> list[Section]:
    """The sections of all parts, in the order in which pages show them; front page and history are the site's own.

    Args:
        settings: whose.
        seen: what there is to show.
    """
    found, champions = seen.findings, [one.champion for one in seen.findings]
    cutoffs = {one.model: seen.tried("pages", partial(snapshot_cutoffs, one), (), model=one.model) for one in champions}
    parts: list[Give] = [
        partial(about_data, found, seen.current.stages, seen.answers.abstentions),
        partial(about_arrivals, seen.whole.incoming, seen.now),
        partial(about_drift, found),
        partial(about_outcomes, found, seen.ledgers),
        partial(about_unreadable, seen.whole),
        partial(about_before, found),
        partial(about_business, seen.whole.stock),
        partial(about_models, champions, cutoffs, settings.folder, settings.lifecycle.calendar),
    ]
    hazards, horizon = seen.whole.hazards, settings.definition.horizon_days
    if hazards is not None:
        parts += [
            partial(about_forecast, hazards), partial(about_leaving, hazards),
            partial(about_returning, hazards, horizon), partial(about_content, hazards),
        ]  # fmt: skip
    return [one for give in parts for one in seen.tried("pages", partial(_listed, give), [])]


def _listed(give: Give) -> list[Section]:
    return list(give())
