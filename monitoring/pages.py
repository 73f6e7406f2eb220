"""The pages of a run, for people: one site in two languages, and Evidently's page a model. Start reading at `pages`."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from churn.settings import Settings
from features.atomic import write_json
from monitoring.history import History, read
from monitoring.looking import Look, Say
from monitoring.reason import worst
from monitoring.runs import run_folder
from monitoring.sample_report import sample_report
from monitoring.section import shown_at
from monitoring.sections import every_section
from monitoring.site import front, history
from monitoring.site.lead import lead_to
from monitoring.site.site import Site, write_site
from monitoring.summary import summary
from monitoring.verdict import Verdict

REPORT = Path("monitoring") / "report.html"


def pages(
    settings: Settings, seen: Look, verdicts: Sequence[Verdict], whole: Verdict, progress: Say, run: Path
) -> Site:
    """Write the pages of a run.

    Args:
        settings: whose.
        seen: what there is to show.
        verdicts: of each champion; of one whose file cannot be read there are no findings.
        whole: of the business.
        progress: told what is going on.
        run: folder of the run, still a draft.
    """
    tried, business, folder = seen.tried, settings.business, settings.folder
    calendar = settings.lifecycle.calendar
    made = {
        one.champion.model: tried("pages", partial(sample_report, settings, one, seen, progress, run), None)
        for one in seen.findings
    }
    reports = {model: one for model, one in made.items() if one is not None}
    write_json(run / "evidently.json", {model: one.content for model, one in reports.items()})
    runs = tried("history", lambda: read(folder), History()).runs
    links = {model: one.path.name for model, one in reports.items()}
    site = Site(
        business=business.name, language=business.language, clock=business.clock,
        now=seen.now.astimezone(calendar.zone),
        outcome=worst([one.outcome for one in (*verdicts, whole)]),
        says=front.says(summary(verdicts, whole), seen.findings, seen.ledgers),
        sections=(
            *front.sections(seen.findings, verdicts, whole, seen.ledgers, runs, links, calendar, business.currency),
            *every_section(settings, seen),
            *history.sections(runs, folder, calendar),
        ),
        links=tuple(shown_at(why.evidence, one.model) for one in (*verdicts, whole) for why in one.reasons),
    )  # fmt: skip
    write_site(site, run)
    return site


def lead(settings: Settings, site: Site) -> Path:
    """Let `report.html` lead to a run whose folder stands; the page."""
    run = run_folder(settings.folder, site.now)
    return lead_to(
        settings.folder / REPORT, run, business=site.business, language=site.language, outcome=site.outcome,
        says=site.says,
    )  # fmt: skip
