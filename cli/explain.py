"""`churn explain`: what does a model look at, and how far can its reasons be trusted? A page and JSON a model."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from churn.errors import NoChampion, SettingsError
from cli.console import say, step
from cli.outcome import Outcome
from cli.training import models_of

if TYPE_CHECKING:
    from churn.settings import Settings
    from features.parts import Part
    from training.reasons.report import Reasons
    from training.reasons.stability import Manner
    from training.rows import Rows
    from training.versions import Registry, Version

FOLDER = "reasons"


def explain(
    settings: "Settings", model: str | None, *, number: int | None = None, is_champion: bool = False
) -> Outcome:
    """Explain a version of each model; a model that has none is told.

    Args:
        settings: whose models.
        model: churn or reactivation; both where None.
        number: of the version; the newest where None.
        is_champion: the one that serves.

    Raises:
        NoChallenger: no model has such a version.
        NoChampion: none serves.
    """
    from features.parts import log_parts
    from features.registry_place import may_exist
    from training.registry import MlflowRegistry
    from training.versions import NoChallenger

    if number is not None and is_champion:
        raise SettingsError("--version and --champion name two versions.", mend="give one of the two.")
    wanted = models_of(model)  # a name that is none is told before the registry is opened
    if not may_exist(settings):
        raise NoChallenger(settings.model_name(wanted[0]))
    with step("opening the model registry"):
        registry = MlflowRegistry(settings)
    parts = log_parts(settings.folder, taking_back=settings.definition.taking_back)
    told: list[str] = []
    found: dict[str, Any] = {}
    missing: list[NoChallenger | NoChampion] = []
    for one in wanted:
        try:
            version = version_of(registry, settings.model_name(one), number, is_champion=is_champion)
        except (NoChallenger, NoChampion) as error:
            missing.append(error)
            continue
        reasons, path = explained(version, settings, parts, _manner(registry, version, settings))
        found[one] = reasons.as_json()
        told += lines(reasons, path)
    if not found:
        raise missing[0]
    told += [f"{error.problem} {error.mend}" for error in missing]
    return Outcome("\n".join(told), found)


def version_of(registry: "Registry", name: str, number: int | None, *, is_champion: bool) -> "Version":
    """The version that was asked for. Raises NoChallenger, NoChampion."""
    if not is_champion:
        return registry.newest(name) if number is None else registry.get(name, number)
    serves = registry.champion(name)
    if serves is None:
        raise NoChampion(name)
    return registry.get(name, serves)


def _manner(registry: "Registry", version: "Version", settings: "Settings") -> "Manner":
    """How a version was fitted."""
    from training.reasons.stability import Manner
    from training.recipe import Recipe
    from training.reproduce import recipe_of, settings_of

    name, number = version.name, version.version
    then = settings_of(registry, name, number, settings).training
    return Manner(recipe_of(registry, name, number) or Recipe(), then.monotone, then.select_features)


def explained(
    version: "Version", settings: "Settings", parts: "Sequence[Part]", manner: "Manner | None" = None
) -> tuple["Reasons", Path]:
    """Explain a version; its reasons, and their page.

    Args:
        version: of a model.
        settings: whose.
        parts: of the log, for what customers stated.
        manner: in which it was fitted, to fit again; the fixed recipe where None.
    """
    from features.atomic import write_json, write_text
    from features.engines import engine_of
    from training.reasons.heard import open_now, said_before
    from training.reasons.page import page
    from training.reasons.pictures import reason_pictures
    from training.reasons.report import Asked, report_of
    from training.reasons.stability import FIXED

    bundle = version.bundle
    with step(f"{bundle.model}: reading rows"):
        asked = Asked.of(bundle, version.booster, _rows(version, settings, "test_snapshot"))
        learned = _rows(version, settings, "whole_snapshot")
    with engine_of(settings) as engine:
        said = said_before(parts, asked.rows, words=settings.lifecycle.words, engine=engine)
        unsolved = open_now(parts, asked.rows, engine=engine)
    reasons = report_of(
        asked, version=version.version, model_hash=version.hash, said=said, learned=learned, open_cases=unsolved,
        manner=manner or FIXED, seed=settings.training.seed, progress=lambda text: say(f"  {bundle.model}: {text}"),
    )  # fmt: skip
    folder = settings.folder / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / f"{bundle.model}.json", reasons.as_json())
    pictures = reason_pictures(list(reasons.features), asked.beyond, asked.X, bundle)
    path = folder / f"{bundle.model}.html"
    write_text(path, page(reasons, bundle, settings, pictures))
    return reasons, path


def _rows(version: "Version", settings: "Settings", role: str) -> "Rows":
    """The rows of one of a version's snapshots; what it was judged on stands in for a snapshot it does not name."""
    from features.snapshots import read_snapshot
    from features.tombstones import standing
    from training.rows import Columns, Rows

    named = version.facts.get(role) or version.facts["train_snapshot"]
    snapshot = read_snapshot(standing(settings.folder / named))
    return Rows.of(snapshot.frame, Columns.of(snapshot.manifest), version.bundle.model)


def lines(found: "Reasons", path: Path) -> list[str]:
    """For people: what was found."""
    gone, stays = found.deletion.beats_random, found.stability
    low, high = gone.interval
    groups = ", ".join(f"{one.code} {one.share:.0%}" for one in found.groups[:5])
    told = [
        f"{found.model} version {found.version}: scores rest on {groups}",
        f"  deletion: {gone.share:.1%} [{low:.1%}, {high:.1%}] of {gone.n} customers; "
        + ("passed" if found.deletion.passed else "below 95%: do not rely on the order of its reasons"),
    ]
    if found.deletion.told_beats_random.n:
        first = found.deletion.told_beats_random
        low, high = first.interval
        verdict = "passed" if found.deletion.told_passed else "below 95%: it need not be what moves the score most"
        told.append(f"  deletion, reason told first: {first.share:.1%} [{low:.1%}, {high:.1%}] of {first.n}; {verdict}")
    if stays:
        told.append(f"  stability: top group stays for {stays.same_top.share:.1%} of customers under refit")
    if found.hits:
        told.append(
            f"  stated reasons: hit by {found.hits.top_raising.share:.1%}, at random {found.hits.random:.1%}, always "
            f"{found.hits.commonest_group} {found.hits.commonest.share:.1%}"
        )
    return [*told, f"  {path}"]
