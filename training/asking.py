"""The gate asked about a registered version: evidence gathered, other proofs beside it, judged; nothing is changed.

Start reading at `gate`.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from churn.settings import Settings
from features.log import NoLog, read_log_manifest
from features.snapshots import MANIFEST_FILE, NoSnapshot
from features.tombstones import standing
from training import history
from training.gate import judge
from training.gate_verdict import Check, Verdict, failed, parity_check
from training.gathering import gather
from training.leaks.kept import Learned, mapping_hash, read_hunt, standing_of
from training.versions import Registry, Version

RETURNED = "returned"


def gate(
    version: Version,
    registry: Registry,
    settings: Settings,
    *,
    parity: Mapping[str, Any] | None = None,
    leaks: Check | None = None,
    is_afresh: bool = False,
) -> Verdict:
    """Hold a version to the gate, on the test rows that its sibling was judged on; nothing is changed."""
    bundle = version.bundle
    others = [parity_check(parity, bundle.feature_set_hash, bundle.definition_id)]
    others.append(leaks or _leaks(version, settings))
    sent_back = _sent_back(version, history.read(settings))
    if sent_back and not is_afresh:
        why = f"it served and was sent back on {sent_back['at']}: {sent_back['why']}"
        others.append(failed(RETURNED, why, f"它曾于 {sent_back['at']} 被退回：{sent_back['why_zh']}"))
    evidence = gather(version, registry, settings, others=others, is_afresh=is_afresh)
    return judge(evidence, settings.gate, seed=settings.training.seed)


def _leaks(version: Version, settings: Settings) -> Check:
    """What the newest hunt for leaks says of a version."""
    told = read_hunt(settings.folder)
    return standing_of(told, None if told is None else _learned(version, settings))


def _learned(version: Version, settings: Settings) -> Learned:
    """What a version learned from. Raises NoSnapshot."""
    bundle, path = version.bundle, standing(settings.folder / version.facts["test_snapshot"])
    if not (path / MANIFEST_FILE).exists():
        raise NoSnapshot(path)
    frozen = json.loads((path / MANIFEST_FILE).read_text(encoding="utf-8"))
    try:
        sources = read_log_manifest(settings.folder).sources
    except NoLog:  # it was taken away since
        sources = []
    return Learned(
        features=bundle.features, feature_set_hash=bundle.feature_set_hash, definition_id=bundle.definition_id,
        log_hash=frozen["log_hash"], observed_until=datetime.fromisoformat(frozen["observed_until"]),
        sources=mapping_hash(sources), snapshot_hash=bundle.snapshot_hash,
    )  # fmt: skip


def _sent_back(version: Version, acts: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """The line that sent a version back; None where none did."""
    mine = [one for one in acts if one["name"] == version.name and one["act"] == "return"]
    return next((one for one in mine if one.get("instead_of") == version.version), None)
