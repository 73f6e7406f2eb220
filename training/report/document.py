"""The report of a back-test as numbers, `report.json`, and where it is kept. Start reading at `report_of`."""

import json
import math
from collections.abc import Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from churn.calendar import from_us
from churn.settings import Settings
from churn.stages import Stage
from features.atomic import write_json, write_text
from features.attributes import attribute_names, attributes_at, check_attributes
from features.log import read_log_manifest
from features.parts import HERE, Engine, log_parts
from features.provenance import made_by
from training.report.draws import DRAWS
from training.report.judging import judged_study
from training.report.protocol import protocol
from training.slices import aligned
from training.study import Study

FORMAT = 1
JSON_FILE, PAGE_FILE = "report.json", "report.html"
Json = dict[str, Any]


def attributes_of(studies: Sequence[Study], settings: Settings, *, engine: Engine = HERE) -> pd.DataFrame | None:
    """All attributes of profiles at all test cutoffs, read from the log; None where it has none.

    Args:
        studies: whose test cutoffs.
        settings: whose log.
        engine: where its parts are read.

    Raises:
        NoSuchAttribute: `[fairness]` names an attribute that no profile has.
    """
    manifest = read_log_manifest(settings.folder)
    check_attributes(settings.fairness.attributes, manifest.kinds)
    names = attribute_names(manifest.kinds)
    cutoffs = {int(one) for study in studies if study.trials for one in np.unique(study.rows.cutoff_us)}
    if not names or not cutoffs:
        return None
    parts = log_parts(settings.folder, taking_back=settings.definition.taking_back)
    return attributes_at(parts, names, [from_us(one) for one in sorted(cutoffs)], engine=engine)


def report_of(studies: Sequence[Study], settings: Settings, attributes: pd.DataFrame | None = None) -> Json:
    """Everything a back-test says, as JSON can hold it.

    Args:
        studies: of each model.
        settings: whose; floors, costs, groups.
        attributes: of customers at the test cutoffs, as `attributes_of` gives them.
    """
    models = [judged_study(study, _beside(attributes, study), settings) for study in studies]
    business, costs = settings.business, settings.costs
    told = {
        "format": FORMAT,
        "business": {"name": business.name, "slug": business.slug, "currency": business.currency},
        "language": business.language,
        "definition": json.loads(settings.definition.model_dump_json()),
        "definition_id": settings.definition.id,
        "costs": costs.model_dump() if costs.known else None,
        "draws": DRAWS,
        "protocol": protocol(models, settings, DRAWS),
        "models": models,
        "made_by": made_by(),
    }
    plain: Json = _plain(told)
    return plain


def write(document: Json, page: str, settings: Settings) -> Path:
    """Keep a report under its newest test cutoff and the hash of what it rests on; gives the page's path."""
    folds = [fold for model in document["models"] for fold in model["folds"]]
    snapshots = sorted({fold[role] for fold in folds for role in ("train_snapshot", "test_snapshot")})
    newest = max((day[:10] for fold in folds for day in fold["test_cutoffs"]), default="none")
    name = blake2b("".join([*snapshots, document["definition_id"]]).encode(), digest_size=4).hexdigest()
    folder = settings.folder / "backtest" / f"{newest}-{name}"
    write_json(folder / JSON_FILE, document)
    path = folder / PAGE_FILE
    write_text(path, page)
    return path


def _beside(attributes: pd.DataFrame | None, study: Study) -> pd.DataFrame | None:
    return None if attributes is None or not study.trials else aligned(attributes, study.rows)


def _plain(value: Any) -> Any:
    """The same in types that JSON has; what is no number is null."""
    if isinstance(value, dict):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, Stage):
        return value.value
    if isinstance(value, np.generic):
        return _plain(value.item())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value
