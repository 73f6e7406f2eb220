"""`churn prune`: what has outlived its use goes, by `[retention]`; nothing that a champion or a verdict still needs.

    score log, batches    once the horizon of their last answer has been over for so many days
    snapshots             that old, and named by no champion, no version that served and no newest challenger
    archive               a model that last served so long ago, but the two before each champion
    changes               so many days after they were told; what was told last stays
    audit log             so many days, by the wall clock
    runs of monitoring    so many days after the instant that they judged; the newest stays
    dead letters          webhooks that no receiver took, so many days after they were queued
    audiences             files and record, `[audiences] keep_days` after they were written, by the wall clock
    rejects               what refused rows held, that long after the ingest; that they were refused stays

Start reading at `prune`.
"""

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cli.console import table
from cli.outcome import Outcome

if TYPE_CHECKING:
    from churn.settings import Settings

PRUNED = Path("erasure") / "pruned.jsonl"
VERSIONS_BACK = 2  # archived versions before the champion that stay, however old
RUNS, AUDIENCES = "runs of monitoring", "audiences"
SNAPSHOT_KEYS = ("snapshot_path", "test_snapshot_path")


@dataclass(frozen=True)
class Outlived:
    """Something that may go: which store's, where, and why."""

    store: str
    path: Path
    why: str

    def as_json(self, folder: Path) -> dict[str, Any]:
        """For the receipt."""
        files = [self.path] if self.path.is_file() else [one for one in self.path.rglob("*") if one.is_file()]
        return {
            "store": self.store,
            "path": str(self.path.relative_to(folder)),
            "bytes": sum(one.stat().st_size for one in files),
            "why": self.why,
        }


def prune(settings: "Settings", *, dry_run: bool) -> Outcome:
    """Remove what has outlived its use, or only list it.

    Raises:
        Busy: another process is writing; nothing was changed.
    """
    from features.erasure.left_over import sweep
    from features.erasure.store import Whom
    from monitoring.runs import unlink_gone
    from serving.score_index import sweep as drop_indexes

    folder = settings.folder
    kinds = (_answers, _archive, _snapshots, _rejects, _by_day)
    outlived = [one for kind in kinds for one in kind(settings)]
    rows = [one.as_json(folder) for one in outlived]
    if not dry_run:
        for one in outlived:
            _remove(one, folder)
        if any(one.store == RUNS for one in outlived):
            unlink_gone(folder)
        changes, letters = _from_files(settings)
        drop_indexes(folder)
        left = sweep(folder, Whom()).files if folder.is_dir() else 0
        if rows or left or changes or letters:
            told = {"removed": rows, "left_overs": left, "changes": changes, "dead_letters": letters}
            _note(folder, {"at": datetime.now(UTC).isoformat(timespec="seconds"), **told})
    total = sum(one["bytes"] for one in rows)
    did = "would go" if dry_run else "went"
    head = f"{len(rows)} things {did}, {total:,} bytes." if rows else "Nothing has outlived its use."
    return Outcome(
        "\n\n".join([head, *([table(rows)] if rows else [])]), {"dry_run": dry_run, "bytes": total, "removed": rows}
    )


def _from_files(settings: "Settings") -> tuple[int, int]:
    """Drop entries of the journal of changes, and dead letters, that are old enough; how many of each."""
    from churn.calendar import to_us
    from serving.pruning import prune_changes, prune_letters

    folder, kept = settings.folder, settings.retention
    changes = prune_changes(folder, to_us(_now(settings) - timedelta(days=kept.changes_days)))
    return changes, prune_letters(folder, to_us(datetime.now(UTC) - timedelta(days=kept.dead_letters_days)))


def _answers(settings: "Settings") -> Iterator[Outlived]:
    from serving.pruning import batches, over_at, segments

    folder, kept, now = settings.folder, settings.retention, _now(settings)
    for store, paths, days in (
        ("score log", segments(folder), kept.score_log_days),
        ("batches", batches(folder), kept.batch_scores_days),
    ):
        for path in paths:
            over = over_at(path)
            if over is not None and over < now - timedelta(days=days):
                why = f"its last horizon was over on {over:%Y-%m-%d}, more than {days} days ago"
                beside = [path.with_suffix(".csv")] if store == "batches" and path.with_suffix(".csv").exists() else []
                yield from (Outlived(store, one, why) for one in (path, *beside))


def _archive(settings: "Settings") -> Iterator[Outlived]:
    """Copies of models that nobody may ask for again: whoever serves or scores in shadow, and the two before, stay."""
    from serving.archive import copies, last_used

    days, needed = settings.retention.models_days, _serving_models(settings)
    before = datetime.now(UTC) - timedelta(days=days)
    for copy in copies(settings.folder):
        used = last_used(copy)
        if copy.name not in needed and used < before:
            yield Outlived("archive", copy, f"it last served on {used:%Y-%m-%d}, more than {days} days ago")


def _serving_models(settings: "Settings") -> set[str]:
    """Hashes of the models that serve, score in shadow or were appointed, and of the two that served before each."""
    from training.history import SERVED, read

    folder, before = settings.folder, dict[str, dict[str, None]]()
    for act in read(settings):
        if act["act"] in SERVED:
            mine = before.setdefault(str(act["model"]), {})
            mine.pop(str(act["model_hash"]), None)
            mine[str(act["model_hash"])] = None  # the newest last
    noted = [*(folder / "champion").glob("*.json"), *(folder / "champion").glob("*.shadow")]
    told = [json.loads(path.read_text(encoding="utf-8")) for path in noted]
    for path in (folder / "serving" / "champions.json", folder / "serving" / "shadows.json"):
        told += json.loads(path.read_text(encoding="utf-8")).values() if path.exists() else []
    named = {str(one.get("model_hash")) for one in told if isinstance(one, dict)}
    return named.union(*(list(mine)[-1 - VERSIONS_BACK :] for mine in before.values()))


def _snapshots(settings: "Settings") -> Iterator[Outlived]:
    folder, days = settings.folder, settings.retention.snapshots_days
    there = sorted((folder / "snapshots").glob("*/manifest.json"), key=lambda path: path.stat().st_mtime)
    needed = _needed(settings) | {path.parent for path in there[-1:]}
    before = datetime.now(UTC) - timedelta(days=days)
    for manifest in there:
        frozen = datetime.fromtimestamp(manifest.stat().st_mtime, UTC)
        if manifest.parent not in needed and frozen < before:
            yield Outlived(
                "snapshots", manifest.parent, f"frozen on {frozen:%Y-%m-%d}, and no model that serves needs it"
            )


def _needed(settings: "Settings") -> set[Path]:
    """Snapshots of champions, of versions that served (a rollback brings them back) and of the newest challengers."""
    from features.tombstones import standing

    folder = settings.folder
    champions = [json.loads(path.read_text(encoding="utf-8")) for path in (folder / "champion").glob("*.json")]
    named = [champion.get(key) for champion in champions for key in SNAPSHOT_KEYS]
    from features.registry_place import may_exist

    if may_exist(settings):
        named += _of_versions(settings)
    return {standing(folder / name) for name in named if name}


def _of_versions(settings: "Settings") -> list[str]:
    from churn.cohort import MODELS
    from training.history import SERVED
    from training.promote import history, newest_or_none
    from training.registry import MlflowRegistry
    from training.versions import NoChallenger

    registry = MlflowRegistry(settings)
    versions = [one for model in MODELS if (one := newest_or_none(model, registry, settings))]
    served = [act for act in history(settings) if act["act"] in SERVED]
    for name, number in sorted({(act["name"], int(act["version"])) for act in served}):
        try:
            versions.append(registry.get(name, number))
        except NoChallenger:  # a person deleted it
            continue
    roles = ("train_snapshot", "test_snapshot")
    named = [str(version.facts[role]) for version in versions for role in roles]
    return [*named, *(version.learned_snapshot for version in versions)]


def _rejects(settings: "Settings") -> Iterator[Outlived]:
    from features import parquet

    path, days = settings.folder / "log" / "rejects.parquet", settings.retention.rejects_days
    if not path.exists() or datetime.fromtimestamp(path.stat().st_mtime, UTC) > datetime.now(UTC) - timedelta(
        days=days
    ):
        return
    with parquet.opened(path) as file:
        if file.read(["raw"])["raw"].null_count < file.metadata.num_rows:
            yield Outlived("rejects", path, f"what refused rows held, more than {days} days after the ingest")


def _by_day(settings: "Settings") -> Iterator[Outlived]:
    """Days of the audit log, audiences that went out, pages of runs."""
    from features.erasure import audiences
    from monitoring import runs
    from serving.audit import keeping

    folder, kept, wall = settings.folder, settings.retention, datetime.now(UTC)
    for path, day in keeping.outlived(folder, kept.audit_days, wall):
        yield Outlived("audit log", path, f"its day, {day:%Y-%m-%d}, was over more than {kept.audit_days} days ago")
    for path, until in audiences.outlived(folder, wall):
        yield Outlived(AUDIENCES, path, f"its files were to be gone by {until:%Y-%m-%d}")
    for path, as_of in runs.outlived(folder, _now(settings) - timedelta(days=kept.runs_days)):
        yield Outlived(RUNS, path, f"it judged {as_of:%Y-%m-%d}, more than {kept.runs_days} days ago")


def _remove(one: Outlived, folder: Path) -> None:
    from features.erasure.audiences import remove_files
    from features.erasure.rejects import empty_rejects

    if one.store == AUDIENCES:
        remove_files(one.path)  # they lie elsewhere; the record goes after them
    if one.store == "rejects":
        empty_rejects(folder)
    elif one.path.is_dir():
        shutil.rmtree(one.path)
    else:
        one.path.unlink(missing_ok=True)


def _note(folder: Path, line: dict[str, Any]) -> None:
    path = folder / PRUNED
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(line, sort_keys=True) + "\n")


def _now(settings: "Settings") -> datetime:
    """Now by the business's clock, which is that of its answers."""
    from churn.clock import WallClock
    from features.log import NoLog
    from serving.now import clock_of

    try:
        return clock_of(settings).now()
    except NoLog:
        return WallClock().now()
