"""`churn leaks`: which features know what nobody knew at their cutoff? A page, JSON and an exit code."""

import json
from typing import TYPE_CHECKING

from cli.console import say, step
from cli.outcome import Outcome

if TYPE_CHECKING:
    import pandas as pd

    from churn.settings import Settings

WATCH = 21  # somebody should look


def leaks(settings: "Settings", cutoff: str | None) -> Outcome:
    """Hunt for leaks in the log, at the training cutoffs of the newest fold or of that of a test cutoff."""
    from cli.opened import midnight_of, open_log
    from features.engines import engine_of
    from training.folding import choose_fold
    from training.leaks.hunt import hunt
    from training.leaks.kept import keep_hunt

    with step("reading the event log"):
        log = open_log(settings)
    day = log.lifecycle.calendar.day_of(midnight_of(cutoff, log.lifecycle)) if cutoff else None
    with engine_of(settings) as engine:
        found = hunt(
            log.parts, log.features, log.lifecycle, choose_fold(log.manifest, settings, day),
            observed_until=log.manifest.observed_until, log_hash=log.manifest.log_hash, seed=settings.training.seed,
            frozen=_frozen(settings, log.features.hash), engine=engine, progress=lambda text: say(f"  {text}"),
        )  # fmt: skip
    path = keep_hunt(found, settings)
    lines = [f"{one.level}: {one.kind}: {one.says('en')}\n  {one.mend('en')}" for one in found.suspicions]
    lines += [f"{model}: test rows are told from training rows with AUC {one.auc:.3f}, without calendar "
              f"{one.without_calendar:.3f}" for model, one in found.apart.items()]  # fmt: skip
    lines.append(f"Nothing suspicious. {path}" if found.passed else f"{len(found.suspicious)} suspicions. {path}")
    return Outcome("\n".join(lines), found.as_json(), 0 if found.passed else WATCH)


def _frozen(settings: "Settings", feature_set_hash: str) -> "pd.DataFrame | None":
    """The rows that the churn champion learned from, where it reads today's features."""
    from features.snapshots import NoSnapshot, read_snapshot
    from features.tombstones import standing

    champion = settings.folder / "champion" / "churn.json"
    if not champion.exists():
        return None
    told = json.loads(champion.read_text(encoding="utf-8"))
    if told["feature_set_hash"] != feature_set_hash:
        return None
    try:
        return read_snapshot(standing(settings.folder / told["snapshot_path"])).frame
    except NoSnapshot:
        return None
