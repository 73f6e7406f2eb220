"""`churn ingest`: the sources of a business into its event log."""

import os
from typing import TYPE_CHECKING

from cli.console import say
from cli.outcome import Outcome

if TYPE_CHECKING:
    from churn.settings import Settings


def ingest(settings: "Settings") -> Outcome:
    """Read the sources into the event log; say what was read, what was refused and why."""
    from cli.versions import write as write_versions
    from features.sources import ingest as read_sources

    report = read_sources(settings, environ=os.environ, progress=lambda sentence: say(f"  {sentence} ..."))
    write_versions(settings.folder)
    return Outcome(text=report.as_text(), as_json=report.as_json())
