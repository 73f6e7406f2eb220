"""The gate asked about a registered version: evidence gathered, other proofs beside it, judged; nothing is changed.

Start reading at `gate`.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from churn.settings import Settings
from training import history
from training.gate import judge
from training.gate_verdict import Check, Verdict, failed, parity_check
from training.gathering import gather
from training.leaks.kept import standing_of
from training.versions import Registry, Version

RETURNED = "returned"
LEAKS_ZH = {
    "passed": "泄漏检查未发现可疑特征",
    "failed": "所用特征可能泄漏未来信息（leaks/report.html）",
    "not_required": "尚未对其特征做泄漏检查：`churn leaks`",
}


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
    bundle = version.bundle
    state, why = standing_of(
        settings.folder,
        feature_set_hash=bundle.feature_set_hash, definition_id=bundle.definition_id, features=bundle.features,
    )  # fmt: skip
    return Check("leaks", state, why, LEAKS_ZH[state])


def _sent_back(version: Version, acts: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """The line that sent a version back; None where none did."""
    mine = [one for one in acts if one["name"] == version.name and one["act"] == "return"]
    return next((one for one in mine if one.get("instead_of") == version.version), None)
