"""A challenger into the registry, with its card and pictures. Start reading at `keep`."""

import json
from pathlib import Path

from churn.settings import Settings
from features.snapshots import Snapshot
from training.card import markdown, page
from training.challenger import Challenger
from training.manifest import MANIFEST, manifest, tags
from training.plots import pictures
from training.reasons.told import reasons_told
from training.report.card_part import fairness_part, judged_groups
from training.shown import CARD, shown
from training.versions import Files, Registry, Version


def keep(challenger: Challenger, registry: Registry, settings: Settings) -> Version:
    """Register a challenger; it does not serve before it is promoted."""
    reasons = reasons_told(challenger, seed=settings.training.seed)
    found = reasons.features
    drawn = pictures(challenger.test_rows.outcome, challenger.probabilities, found, challenger.bundle.learner)
    drawn |= reasons.pictures
    groups = judged_groups(challenger, settings)
    more = fairness_part(groups)
    texts = {"card.md": markdown(challenger, reasons, more), "card.html": page(challenger, reasons, drawn, more)}
    texts["reasons.json"] = json.dumps(reasons.as_json(), indent=2)
    facts = {
        "whole_snapshot": str(_below(challenger.learned, settings)),
        "train_snapshot": str(_below(challenger.train, settings)),
        "test_snapshot": str(_below(challenger.test, settings)),
        "known_until": challenger.learned.observed_until.isoformat(),
        "judged_known_until": challenger.train.observed_until.isoformat(),
        "results": challenger.results,
        "params": challenger.params,
        CARD: shown(challenger, reasons, groups),
    }
    name = settings.model_name(challenger.model)
    told = manifest(challenger, settings)
    facts["tuned"] = told["tuned"]
    texts[MANIFEST] = json.dumps(told, ensure_ascii=False, indent=2)
    files = Files(texts, drawn, tags(told), told["snapshots"])
    return registry.register(name, challenger.bundle, challenger.booster, facts, files, challenger.judged)


def _below(snapshot: Snapshot, settings: Settings) -> Path:
    """A snapshot's folder, as seen from the artifacts of the business."""
    return snapshot.path.absolute().relative_to(settings.folder)
