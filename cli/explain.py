"""`churn explain`: what does a model look at, and how far can its reasons be trusted? A page and JSON a model."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cli.console import say, step
from cli.outcome import Outcome

if TYPE_CHECKING:
    from churn.settings import Settings
    from features.parts import Part
    from training.reasons.report import Reasons
    from training.rows import Rows
    from training.versions import Version

FOLDER = "reasons"


def explain(settings: "Settings", model: str | None) -> Outcome:
    """Explain the newest version of each model; a model that was never trained is told."""
    from features.parts import log_parts
    from training.registry import MlflowRegistry
    from training.versions import NoChallenger

    with step("opening the model registry"):
        registry = MlflowRegistry(settings)
    parts = log_parts(settings.folder, taking_back=settings.definition.taking_back)
    told: list[str] = []
    found: dict[str, Any] = {}
    missing: list[NoChallenger] = []
    for one in (model,) if model else ("churn", "reactivation"):
        try:
            version = registry.newest(settings.model_name(one))
        except NoChallenger as error:
            missing.append(error)
            continue
        reasons, path = explained(version, settings, parts)
        found[one] = reasons.as_json()
        told += lines(reasons, path)
    if not found:
        raise missing[0]
    return Outcome("\n".join(told), found)


def explained(version: "Version", settings: "Settings", parts: "Sequence[Part]") -> tuple["Reasons", Path]:
    """Explain a version; its reasons, and their page.

    Args:
        version: of a model.
        settings: whose.
        parts: of the log, for what customers stated.
    """
    from features.atomic import write_json, write_text
    from features.engines import engine_of
    from training.reasons.page import page
    from training.reasons.pictures import reason_pictures
    from training.reasons.report import Asked, report_of, said_before

    bundle = version.bundle
    with step(f"{bundle.model}: reading rows"):
        asked = Asked.of(bundle, version.booster, _rows(version, settings, "test_snapshot"))
        learned = _rows(version, settings, "whole_snapshot")
    with engine_of(settings) as engine:
        said = said_before(parts, asked.rows, engine=engine)
    reasons = report_of(
        asked, version=version.version, model_hash=version.hash, said=said, learned=learned,
        seed=settings.training.seed, progress=lambda text: say(f"  {bundle.model}: {text}"),
    )  # fmt: skip
    folder = settings.folder / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / f"{bundle.model}.json", reasons.as_json())
    pictures = reason_pictures(list(reasons.features), asked.contributions, asked.X, bundle)
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
    if stays:
        told.append(f"  stability: top group stays for {stays.same_top.share:.1%} of customers under refit")
    if found.hits:
        told.append(
            f"  stated reasons: hit by {found.hits.top_raising.share:.1%}, at random {found.hits.random:.1%}, always "
            f"{found.hits.commonest_group} {found.hits.commonest.share:.1%}"
        )
    return [*told, f"  {path}"]
