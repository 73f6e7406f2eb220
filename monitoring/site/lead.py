"""`report.html`, which leads to the pages of the newest run: at once, and by a link. Start reading at `lead_to`."""

import os
from html import escape
from pathlib import Path

from churn.page import Two, both, both_code, frame
from features.atomic import write_text
from monitoring.site.light import light
from monitoring.site.style import STYLE

OPEN: Two = ("Open the newest run", "打开最新一次运行")
EVERY: Two = ("Every run has its pages below runs/.", "每次运行的页面都在 runs/ 之下。")


def lead_to(target: Path, run: Path, *, business: str, language: str, outcome: str, says: Two) -> Path:
    """Write the page that leads to a run's; as good from a file as from the service.

    Args:
        target: the page.
        run: folder of the run, beside it or below.
        business: name, plain text.
        language: en or zh.
        outcome: the verdict over everything.
        says: the same in a sentence.
    """
    where = escape(f"{os.path.relpath(run, target.parent)}/index.html")
    page = frame(
        f"{business}: {outcome}", language=language, heading=f"{light(outcome)} {escape(business)}", as_of="",
        body=[f'<p><a href="{where}">{both(*OPEN)}</a></p>'], footer=EVERY, says=both_code(*says), style=STYLE,
    )  # fmt: skip
    write_text(target, page.replace("<title>", f'<meta http-equiv="refresh" content="0;url={where}"><title>', 1))
    return target
