"""`churn campaign value`: what everybody is worth, how surely, and what winning them cost."""

from churn.settings import Settings
from cli.campaign_turns import minding
from cli.outcome import Outcome


def value(settings: Settings) -> Outcome:
    """Write VALUES and the report; visits are fitted by BG/NBD, which training speaks."""
    from campaigns.value.report import FILE, PAGE, in_words
    from campaigns.value.room import valued
    from campaigns.value.table import FILE as TABLE
    from training.btyd.visits import fit_visits

    with minding(settings.folder):
        found = valued(settings, fit_visits)
    files = {"table": str(settings.folder / TABLE), "report": str(settings.folder / FILE)}
    files["page"] = str(settings.folder / PAGE)
    return Outcome(
        f"{in_words(found.report)}\n  -> {files['table']}\nPage: {files['page']}", {**found.report, "files": files}
    )
