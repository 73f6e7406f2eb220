"""Tuning: folds that are purged and part customers, a search that goes on after a kill, a win that must be clear."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import optuna
import pytest

from churn.calendar import from_us, to_us
from features.snapshots import Snapshot
from tests.unit.training import made
from training.learning import enough, recipe_for
from training.recipe import Recipe
from training.rows import Rows
from training.tune import SPACE, Budget, tune
from training.tuned import BrokenTuned, Tuned, read_tuned, tuned_path
from training.tuning_folds import Judge, NothingToTuneOn, TuningFold, gain, tuning_folds


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> tuple[Snapshot, made.Settings]:
    settings = made.settings(tmp_path_factory.mktemp("shop"))
    return made.snapshots(made.log(700), settings)[0], settings


def rows_of(shop: tuple[Snapshot, made.Settings]) -> Rows:
    return enough(shop[0], "churn", "training", shop[1])


def test_folds_are_purged_and_the_last_has_customers_of_its_own(shop: tuple[Snapshot, made.Settings]) -> None:
    rows = rows_of(shop)
    folds = tuning_folds(rows, "churn", shop[1].lifecycle, seed=7)
    for fold in (*folds.searched, folds.kept_apart):
        (judged,) = np.unique(fold.judge.cutoff_us)
        assert all(shop[1].lifecycle.is_mature(cutoff, from_us(int(judged))) for cutoff in fold.learn.cutoffs)
    (newest,) = folds.kept_apart.judge.cutoffs
    assert newest == max(rows.cutoffs)
    assert all(fold.judge.cutoffs[0] < newest for fold in folds.searched)
    searched = {who for fold in folds.searched for who in (*fold.learn.customer, *fold.judge.customer)}
    assert not searched & set(folds.kept_apart.judge.customer)
    assert not set(folds.kept_apart.learn.customer) & set(folds.kept_apart.judge.customer)


def test_a_snapshot_without_room_cannot_be_tuned_on(shop: tuple[Snapshot, made.Settings]) -> None:
    rows = rows_of(shop)
    first = rows.take(rows.cutoff_us <= np.unique(rows.cutoff_us)[1])
    with pytest.raises(NothingToTuneOn) as caught:
        tuning_folds(first, "churn", shop[1].lifecycle, seed=7)
    assert "without --tune" in caught.value.mend
    assert caught.value.exit_code == 11


def test_a_level_that_only_a_season_moved_costs_a_recipe_nothing(shop: tuple[Snapshot, made.Settings]) -> None:
    rows = rows_of(shop)
    judge = Judge(0, 7, 1, np.zeros(len(rows.columns.names), dtype=np.int64))
    learn, other = rows.take(np.arange(0, len(rows), 2)), rows.take(np.arange(1, len(rows), 2))
    keep = np.flatnonzero((other.outcome == 0) | (np.arange(len(other)) % 3 == 0))  # fewer churn: another level
    told = judge.losses(Recipe(max_trees=20), TuningFold(learn, other.take(keep)))
    rate = other.take(keep).outcome.mean()
    assert told.mean() < -(rate * np.log(rate) + (1 - rate) * np.log(1 - rate))


def params_of(settings: made.Settings) -> list[dict[str, float]]:
    """What the finished trials tried, in order."""
    storage = f"sqlite:///{settings.folder}/tuned/study.db"
    (study,) = optuna.get_all_study_summaries(storage)
    found = optuna.load_study(
        study_name=study.study_name, storage=f"sqlite:///{settings.folder / 'tuned' / 'study.db'}"
    )
    return [trial.params for trial in found.trials if trial.state.is_finished() and trial.state.name != "FAIL"]


@pytest.mark.slow
def test_a_search_that_was_killed_comes_to_the_same_trials(
    shop: tuple[Snapshot, made.Settings], tmp_path: Path
) -> None:
    train, settings = shop
    whole, broken = (settings.model_copy(update={"artifacts": tmp_path / name}) for name in ("whole", "broken"))
    told: list[str] = []
    once = tune("churn", train, whole, Budget(10), progress=told.append)
    assert "trial 1 of 10" in told[0]
    assert "best" in told[-1]
    tune("churn", train, broken, Budget(4), progress=told.append)
    study = optuna.load_study(
        study_name=f"churn-{train.hash[:12]}-7", storage=f"sqlite:///{broken.folder / 'tuned' / 'study.db'}"
    )
    study.ask()  # killed in the middle of a trial
    again = tune("churn", train, broken, Budget(10), progress=told.append)
    assert params_of(whole) == params_of(broken)
    assert len(params_of(whole)) == 10
    assert params_of(whole)[0] == {name: getattr(Recipe(), name) for name in SPACE}
    assert (again.recipe, again.used, again.found) == (once.recipe, once.used, once.found)
    assert tune("churn", train, broken, Budget(10, minutes=0.0), progress=told.append) == again


def test_minutes_cap_a_search_but_one_trial_is_made(
    shop: tuple[Snapshot, made.Settings], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Judge, "losses", lambda _self, recipe, fold: np.full(len(fold.judge), recipe.penalty / 1e4))
    train, settings = shop
    told: list[str] = []
    mine = settings.model_copy(update={"artifacts": tmp_path})
    found = tune("churn", train, mine, Budget(50, minutes=0.0), progress=told.append)
    assert (found.trials, found.used, found.recipe) == (1, False, Recipe())
    assert "--tune again goes on from here" in told[-1]


def test_a_clear_win_is_used_by_trainings_that_know_as_much(
    shop: tuple[Snapshot, made.Settings], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Judge, "losses", lambda _self, recipe, fold: np.full(len(fold.judge), recipe.penalty / 1e4))
    train, settings = shop
    mine = settings.model_copy(update={"artifacts": tmp_path})
    found = tune("churn", train, mine, Budget(12), progress=lambda _text: None)
    assert found.used
    assert found.recipe.penalty < Recipe().penalty
    assert read_tuned(mine.folder, "churn") == found
    assert recipe_for("churn", train, mine) == found.recipe
    assert recipe_for("reactivation", train, mine) == Recipe()
    later = train.observed_until + timedelta(days=1)  # tuned on labels that this training does not know
    replace(found, known_until=later).write(mine.folder)
    assert recipe_for("churn", train, mine) == Recipe()
    replace(found, definition_id="another").write(mine.folder)
    assert recipe_for("churn", train, mine) == Recipe()


def test_a_gain_is_measured_by_customer() -> None:
    before, after = np.array([1.0, 1.0, 1.0, 1.0]), np.array([0.5, 0.5, 1.0, 1.0])
    mean, error = gain(before, after, np.array(["a", "a", "b", "b"], dtype=object))
    assert mean == 0.25
    assert error > gain(before, after, np.array(["a", "b", "c", "d"], dtype=object))[1]
    assert gain(before, before, np.array(["a", "a", "b", "b"], dtype=object)) == (0.0, 0.0)


def test_a_record_of_another_version_says_what_to_do(tmp_path: Path) -> None:
    assert read_tuned(tmp_path, "churn") is None
    kept = Tuned("churn", Recipe(), "id", from_us(to_us(made.TEST)), "hash", 3, {}, used=False)
    path = kept.write(tmp_path)
    assert path == tuned_path(tmp_path, "churn")
    for text in ("{", "{}", path.read_text().replace('"penalty"', '"penance"')):
        path.write_text(text)
        with pytest.raises(BrokenTuned) as caught:
            read_tuned(tmp_path, "churn")
        assert "delete that file" in caught.value.mend
