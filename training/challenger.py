"""A challenger: a model judged on one snapshot by its sibling, fitted to the newest, with all that is said about it.

    train snapshot (labels as known by the first test cutoff) --fit--> the judged sibling
    test snapshot (labels as known now) --judge--> results beside the rivals'
    whole snapshot (newest mature cutoffs, labels as known now) --same recipe, same trees--> what may serve

The snapshots are frozen apart, so that no label can leak: what the training rows say had matured by the first
test cutoff. A back-test has no whole snapshot: there the judged model is all there is. Knows no registry.
Start reading at `train`; why two models: docs/adr/0017.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Literal

import numpy as np

from churn.bundle import BANDS, LABELS, Bundle, Text, model_hash
from churn.calendar import Calendar
from churn.events import FloatArray
from churn.settings import Settings
from features.category_words import known_words, usual_words
from features.parts import HERE, Engine
from features.snapshots import Snapshot
from training.baseline import Rivals, rivals
from training.btyd.rival import Known
from training.estimates import pairs
from training.evaluate import METRICS, Result, abstention, cohort_name, day_name, pooled, result_rows
from training.explain import usual_moves
from training.fit import Fitted
from training.ladder import Choice
from training.learners import CannotCount, Lesson, enough, graded
from training.learning import recipe_for, treated_params
from training.outlook.learn import learn_outlook
from training.outlook.scored import Scored
from training.plan import numbered
from training.recipe import Recipe
from training.rows import Rows
from training.versions import Judged

Model = Literal["churn", "reactivation"]
HIGH_SHARE, MEDIUM_SHARE = 0.10, 0.40  # of the reference customers lie in band high, and in high or medium


@dataclass(frozen=True)
class Challenger:
    """A trained model that does not serve yet.

    Args:
        model: churn or reactivation. bundle: all but the trees. booster: the trees, LightGBM's text.
        results: of the judged model and its rivals on the test rows. params: what was used and found.
        train: the snapshot the judged model learned from. test: the one it was judged on.
        test_rows: what it was judged on. probabilities: of each learner on them. fitted: ready to score.
        calendar: whose days people are told. whole: the snapshot that the model learned from.
        judged: the sibling that was judged; both None where the model itself was judged.
    """

    model: Model
    bundle: Bundle
    booster: str
    results: list[Result]
    params: dict[str, Any]
    train: Snapshot
    test: Snapshot
    test_rows: Rows
    probabilities: dict[str, FloatArray]
    fitted: Fitted
    calendar: Calendar
    whole: Snapshot | None = None
    judged: Judged | None = None

    @property
    def learned(self) -> Snapshot:
        """The snapshot that the model which may serve learned from."""
        return self.whole or self.train

    @property
    def hash(self) -> str:
        """Hash of booster and bundle."""
        return model_hash(self.bundle.to_json(), self.booster)


def train(
    model: Model,
    train: Snapshot,
    test: Snapshot,
    settings: Settings,
    *,
    whole: Snapshot | None = None,
    recipe: Recipe | None = None,
    progress: Callable[[str], None],
    engine: Engine = HERE,
) -> Challenger:
    """Train and judge one model, and fit it again to the newest outcomes where it is to serve.

    Args:
        model: churn or reactivation.
        train: training cutoffs, labels as known by the first test cutoff.
        test: test cutoffs, labels as known now.
        settings: floors, seed and threads; whose model it is.
        whole: the newest mature cutoffs, labels as known now; None: the judged model is all that is wanted.
        recipe: the learner's parameters; those that tuning found, else the fixed ones, where None.
        progress: told what is going on.
        engine: where the trees grow; on a cluster all rows grow them, and a sample of [cluster] sample_rows does the
            rest and judges.

    Raises:
        TooFewRows: the cohort is too small, or one outcome too rare.
    """
    learn = enough(train, model, "training", settings, engine)
    judge = enough(test, model, "test", settings, engine)
    known = Known.of(test, test.cutoffs[0], settings.definition, seed=settings.training.seed)
    recipe = recipe or recipe_for(model, train, settings)
    lesson = Lesson(model, learn, train, known, settings, recipe, engine, progress)
    choice = lesson.choose(None if whole is None else judge)
    try:
        return _taught(lesson, choice, test, judge, whole)
    except CannotCount as error:
        progress(f"{model}: {error.why}; the rule instead")
        return _taught(lesson, choice.rule_instead(error.why), test, judge, whole)


def _taught(lesson: Lesson, choice: Choice, test: Snapshot, judge: Rows, whole: Snapshot | None) -> Challenger:
    """The learner that was chosen, judged on test rows and, where it is to serve, fitted again to the newest."""
    model: Any = lesson.model  # a Model
    settings, learn, train = lesson.settings, lesson.rows, lesson.snapshot
    fitted = lesson.fit(choice.learner)
    bundle = _bundle(model, fitted, learn, train, settings).model_copy(update={"learner": choice.learner})
    others = rivals(learn, model, lesson.known)
    probabilities, quiet = _all_probabilities(lesson, judge, bundle, fitted, others)
    results = judge_all(model, judge, probabilities, settings) + silent(model, judge, quiet, settings)
    told = {one: {key: pooled(results, one)[key] for key in ("n", "base_rate", *METRICS)} for one in probabilities}
    mine, rule = probabilities[choice.learner], others.fitted["recency_rule"].probability(judge)
    grade = graded(choice.learner, judge, mine, rule, seed=settings.training.seed)
    lesson.progress(f"{model}: {grade.sentence(choice.learner)}")
    told |= pairs(model, fitted.held, judge, mine, settings)
    bundle = bundle.model_copy(update={"metrics": told, "grade": grade})
    params = {**fitted.params, "ladder": choice.as_json(), "grade": grade.as_json(choice.learner)}
    params |= treated_params(model, settings, lesson.engine, training=train, test=test)
    said = (bundle, fitted.booster, results, params, train, test, judge, probabilities, fitted)
    found = Challenger(model, *said, settings.lifecycle.calendar)
    return found if whole is None else _refit(found, whole, lesson)


def _all_probabilities(
    lesson: Lesson, judge: Rows, bundle: Bundle, fitted: Fitted, others: Rivals
) -> tuple[dict[str, FloatArray], dict[str, str]]:
    """Of each learner on the test rows, and why others have none; LightGBM is judged also where it may not serve."""
    probabilities = others.probabilities(judge)
    silent = {name: why for name, why in others.abstained.items() if name != bundle.learner}
    served = bundle.probability(fitted.raw(bundle.prepare(judge.X)))
    if bundle.learner == "lightgbm":
        return {"lightgbm": served, **probabilities}, silent
    probabilities[bundle.learner] = served
    if lesson.too_little:
        return probabilities, {"lightgbm": lesson.too_little, **silent}
    tried = lesson.fit("lightgbm")
    told = tried.calibrator.probability(tried.raw(numbered(judge, tried.categories)))
    return {"lightgbm": told, **probabilities}, silent


def _refit(judged: Challenger, whole: Snapshot, lesson: Lesson) -> Challenger:
    """The same recipe and number of trees on the newest mature outcomes; its own held-out customers calibrate it."""
    model, bundle, settings = judged.model, judged.bundle, lesson.settings
    rows, until = enough(whole, model, "newest", settings, lesson.engine), judged.calendar.day_of(whole.cutoffs[-1])
    lesson.progress(f"{model}: fitting again to {len(whole.cutoffs)} cutoffs up to {until}")
    known = Known.of(whole, whole.cutoffs[-1], settings.definition, seed=settings.training.seed)
    again = replace(lesson, rows=rows, snapshot=whole, known=known)
    fitted = again.fit(bundle.learner, like=judged.fitted)
    scored, horizons_days = Scored.of(model, rows, fitted), settings.training.horizons_days
    outlook = learn_outlook(scored, settings.lifecycle, horizons_days=horizons_days)
    told = {"judged_bg_nbd_share": judged.params.get("bg_nbd_share", 0.0)}
    told |= treated_params(model, settings, lesson.engine, newest=whole, training=judged.train, test=judged.test)
    kept = {"metrics": bundle.metrics, "grade": bundle.grade, "learner": bundle.learner, "outlook": outlook}
    return replace(
        judged,
        bundle=_bundle(model, fitted, rows, whole, settings).model_copy(update=kept),
        booster=fitted.booster,
        params=fitted.params | told | {key: judged.params[key] for key in ("ladder", "grade")},
        fitted=fitted,
        whole=whole,
        judged=Judged(bundle, judged.booster),
    )


def judge_all(model: str, rows: Rows, probabilities: dict[str, FloatArray], settings: Settings) -> list[Result]:
    """Results of all learners on test rows, with the floors of these settings.

    Where all rows together lie below the floors there is little data altogether: every number is given, with its n.
    """
    floors = {"min_rows": settings.training.min_rows, "min_positives": settings.training.min_positives}
    if rows.why_too_few(**floors):
        floors = {"min_rows": 2, "min_positives": 1}
    key = {"model": model, "cohort": cohort_name(model, settings.lifecycle)}
    return result_rows(key, rows, probabilities, settings.lifecycle.calendar, **floors)


def silent(model: str, rows: Rows, abstained: dict[str, str], settings: Settings) -> list[Result]:
    """A result without numbers, with its reason, at each test cutoff of each rival that abstains."""
    calendar = settings.lifecycle.calendar
    key = {"model": model, "cohort": cohort_name(model, settings.lifecycle)}
    return [
        abstention(
            {**key, "learner": learner, "cutoff": day_name(int(cutoff), calendar)},
            int((rows.cutoff_us == cutoff).sum()),
            why,
        )
        for learner, why in abstained.items()
        for cutoff in np.unique(rows.cutoff_us)
    ]


def _bundle(model: Model, fitted: Fitted, rows: Rows, snapshot: Snapshot, settings: Settings) -> Bundle:
    lifecycle, listed = settings.lifecycle, snapshot.manifest["feature_set"]
    quantiles = np.quantile(fitted.held_out, np.linspace(0, 1, 101))
    medium, high = np.quantile(fitted.held_out, [1 - MEDIUM_SHARE, 1 - HIGH_SHARE])
    medians = {name: _median(rows.column(name)) for name in rows.columns.names}
    words = known_words(snapshot.manifest.get("words", {}), fitted.categories)
    return Bundle(
        model=model,
        label=LABELS[model],
        business=settings.business.slug,
        features=rows.columns.names,
        feature_set_hash=listed["hash"],
        categories=fitted.categories,
        calibrator=fitted.calibrator,
        percentiles=tuple(float(one) for one in quantiles),
        bands=dict(zip(BANDS, (0.0, float(medium), float(high)), strict=True)),
        base_rate=float(rows.outcome.mean()),
        definition=json.loads(lifecycle.definition.model_dump_json()),
        definition_id=lifecycle.definition.id,
        horizon_days=lifecycle.definition.horizon_days,
        gap_days=lifecycle.definition.gap_days,
        snapshot_hash=snapshot.hash,
        trained_at=datetime.now(UTC),
        trees=fitted.trees,
        reasons={one["name"]: one["group"] for one in listed.get("features", ()) if one.get("group")},
        texts={one["name"]: Text(en=one["en"], zh=one["zh"], unit=one["unit"]) for one in listed.get("features", ())},
        usual={name: None if name in rows.columns.categories else medians[name] for name in medians},
        usual_moves=usual_moves(fitted, rows),
        words=words,
        usual_words=usual_words({name: rows.column(name) for name in words}, words),
    )


def _median(values: FloatArray) -> float | None:
    known = values[~np.isnan(values)]
    return float(np.median(known)) if len(known) else None
