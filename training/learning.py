"""The rows of a model out of a snapshot, and the learner fitted to them as the settings want it.

Start reading at `fit_snapshot`.
"""

from collections.abc import Callable
from typing import Any

from churn.calendar import DAY_US, to_us
from churn.settings import Settings
from features.parts import HERE, Engine
from features.snapshots import Snapshot
from training.fit import Fitted, fit
from training.monotone import signs_of
from training.plan import Boost
from training.recipe import Recipe
from training.rows import Columns, Rows, TooFewRows
from training.sampling import sampled
from training.treated import TREATED, Tally, settled, tallies
from training.tuned import read_tuned


def fit_snapshot(
    model: str,
    rows: Rows,
    snapshot: Snapshot,
    settings: Settings,
    recipe: Recipe,
    progress: Callable[[str], None],
    engine: Engine,
    *,
    like: Fitted | None = None,
) -> Fitted:
    """Fit the learner to rows of a snapshot.

    Args:
        model: churn or reactivation.
        rows: of `enough`.
        snapshot: that they are of.
        settings: seed, threads, and which features must rise or fall.
        recipe: the parameters.
        progress: told what is going on.
        engine: where the trees grow.
        like: a model whose number of trees and features to read it takes over; None: both are found.

    Raises:
        UnknownMonotone: [training] monotone names a feature that there is not.
    """
    return fit(
        rows,
        whole_from_us=whole_from_us(snapshot, settings),
        seed=settings.training.seed,
        threads=settings.training.threads,
        recipe=recipe,
        signs=signs_of(rows.columns, settings.training.monotone, model),
        trees=like.trees if like else None,
        select=settings.training.select_features,
        only=like.read or None if like else None,
        boost=_boost(engine, snapshot, model),
        progress=lambda text: progress(f"{model}: {text}"),
    )


def recipe_for(model: str, train: Snapshot, settings: Settings) -> Recipe:
    """The recipe that tuning found, where it knew nothing that the training labels do not; else the fixed one."""
    tuned = read_tuned(settings.folder, model)
    fits = tuned is not None and tuned.fits(settings.definition.id, known_until=train.observed_until)
    return tuned.recipe if tuned is not None and fits else Recipe()


def whole_from_us(snapshot: Snapshot, settings: Settings) -> int:
    """From when on a lookback lies within the log, microseconds since 1970 UTC."""
    return to_us(snapshot.log_begins) + settings.definition.lookback_days * DAY_US


def enough(snapshot: Snapshot, model: str, role: str, settings: Settings, engine: Engine = HERE) -> Rows:
    """The rows of a model, enough of them for LightGBM.

    Raises:
        TooFewRows: there are too few, or one outcome is too rare.
    """
    rows, floors = rows_of(snapshot, model, settings, engine), settings.training
    why = rows.why_too_few(min_rows=floors.min_rows, min_positives=floors.min_positives)
    if why:
        raise TooFewRows(model, role, why)
    return rows


def rows_of(
    snapshot: Snapshot, model: str, settings: Settings, engine: Engine = HERE, *, is_test: bool = False
) -> Rows:
    """The rows of a model as the rule on treated rows has them.

    Raises:
        TreatedOnCluster: campaigns touched them, and a cluster grows the trees.
    """
    return settled_rows(snapshot, model, settings, engine, is_test=is_test)[0]


def settled_rows(
    snapshot: Snapshot, model: str, settings: Settings, engine: Engine = HERE, *, is_test: bool = False
) -> tuple[Rows, Tally]:
    """The rows of a model as the rule on treated rows has them, and what the rule did."""
    return settled(_all(snapshot, model, settings, engine), settings, is_test=is_test, engine=engine)


def treated_params(model: str, settings: Settings, engine: Engine, **frozen: Snapshot) -> dict[str, Any]:
    """What the rule on treated rows did to each snapshot, for params; nothing where no campaign touched anybody."""
    found = {
        role: settled_rows(one, model, settings, engine, is_test=role == "test")[1] for role, one in frozen.items()
    }
    told = tallies(found)
    return {TREATED: told} if told else {}


def _all(snapshot: Snapshot, model: str, settings: Settings, engine: Engine) -> Rows:
    """All rows of a model here, at most a sample where a cluster holds the rest."""
    if engine is HERE:
        return Rows.of(snapshot.frame, Columns.of(snapshot.manifest), model)
    return sampled(snapshot, model, most_rows=settings.cluster.sample_rows, seed=settings.training.seed)


def _boost(engine: Engine, snapshot: Snapshot, model: str) -> Boost | None:
    if engine is HERE:
        return None
    from training.distributed import boost_on

    return boost_on(engine, snapshot, model)
