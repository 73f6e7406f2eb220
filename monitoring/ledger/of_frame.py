"""What became of answers that are in memory already, version by version: for a comparison; the books keep none of it.

Start reading at `realised_of`.
"""

import numpy as np
import pandas as pd

from churn.calendar import from_us
from churn.settings import Settings
from features.log import LogManifest
from monitoring.ledger.answers import from_frame
from monitoring.ledger.desk import desk_of
from monitoring.ledger.judging import judge_rows
from monitoring.ledger.kept import Waiting
from monitoring.ledger.lines import realised
from monitoring.ledger.outcomes import Windows, walk
from monitoring.ledger.realised import Realised


def realised_of(settings: Settings, scores: pd.DataFrame, manifest: LogManifest) -> list[Realised]:
    """What became of each version's answers, in the order of model and version.

    Args:
        settings: whose.
        scores: columns of SCORES; of a version's answers about a customer and a local day the first is judged.
        manifest: of the log.

    Raises:
        NoLog, BrokenLog, ReplacedLog: the log cannot be read.
    """
    desk = desk_of(settings, manifest, manifest.observed_until)
    answers = from_frame(scores).firsts_of_days(settings.lifecycle.calendar)
    windows = Windows.of(answers, settings.lifecycle)
    outcome, over = np.full(len(answers), np.nan), windows.end_us <= desk.until_us
    (outcome[over],), _ = walk(desk.known, [answers.take(over)])
    found = []
    for model_code, version_code in sorted(set(zip(answers.model.tolist(), answers.version.tolist(), strict=True))):
        mine = (answers.model == model_code) & (answers.version == version_code)
        model, ends = answers.models[model_code], windows.end_us[mine & ~over]
        judged = judge_rows(answers.take(mine & over), outcome[mine & over], desk.rules, model=model)
        waiting = [Waiting(len(ends), from_us(int(ends.min())))] if len(ends) else []
        found.append(realised(model, answers.versions[version_code], judged.became, waiting))
    return found
