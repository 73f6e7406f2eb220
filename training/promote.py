"""Who serves: `promote` lets the newest challenger serve if it passes the gate; back goes training/taking_back.py.

Every act is done as a whole or not at all (training/crowning.py) and stands in the history (training/history.py), which
says who did it and why; so does a refusal. Start reading at `promote`.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from churn.errors import ChurnError
from churn.settings import Settings
from churn.warrant import Warrant, signed
from features.signing_key import key_to_sign
from training import history as records
from training.asking import RETURNED, gate
from training.crowning import alone, crown, heal, keep
from training.gate_verdict import LOST, PARITY, Check, Verdict
from training.leaks.kept import LEAKS
from training.one_set import ONE_SET, held_back
from training.shown import CARD
from training.versions import NoChallenger, Registry, Version

AGAINST = "against_champion"
BETTER = "give it more history or better features and train again"
MENDS = {  # by what alone it lacks
    PARITY: "prove its features with `churn features parity`, then `churn promote`",
    AGAINST: "nothing is broken: who serves is as good; train again when there is something new to learn. Where the "
    "champion cannot be compared, bring its features back, or let the challenger be judged as if nobody served: "
    "`churn promote --afresh`",
    LOST: "put back the source or column that they are made of, ingest and train again; where it is gone for good, let "
    "the challenger be judged as if nobody served: `churn promote --afresh`. What you do without while its source is "
    "there: name it in [features] leave_out and train again",
    ONE_SET: "train both models and promote them at once (`churn promote`; judged as if nobody served: `churn promote "
    "--afresh`, with which a churn model goes alone where no other can go with it: the other then answers nobody until "
    "it reads the same), or leave what is new out ([features] leave_out) and train again",
    LEAKS: "look at leaks/report.html, map `ingested_at` of what it names to when that was written, or name it in "
    "[features] leave_out, then ingest, train and hunt again (`churn leaks`)",
    "footprint": "raise the bound of [gate] (max_trees, max_model_mb, max_latency_ms) if your service can bear it, or "
    "train a smaller model: [training] richest_learner, [features] leave_out",
    RETURNED: "find out why it failed and train again; to try it once more all the same: `churn promote --afresh`",
}


class NotPromoted(ChurnError):
    """A challenger did not pass the gate; whoever served goes on serving."""

    exit_code = 10

    def __init__(self, version: Version, verdict: Verdict) -> None:
        asked = [name for name in verdict.failed if name != AGAINST or verdict.failed == [AGAINST]]  # else it is broken
        mend = "; ".join(dict.fromkeys(MENDS.get(name, BETTER) for name in asked))
        lost_to_the_simple = any(name.startswith("beats_") for name in verdict.failed)
        if verdict.rule == "first" and lost_to_the_simple and version.bundle.learner != "recency_rule":
            mend += '; meanwhile the rule may serve: [training] richest_learner = "recency_rule", then train again'
        super().__init__(
            f"{version.name} version {version.version} may not serve: " + "; ".join(verdict.reasons) + ".",
            mend=f"{mend}; whoever served goes on serving.",
        )
        self.verdict = verdict


@dataclass(frozen=True)
class Promotion:
    """Who serves now, and why."""

    version: Version
    verdict: dict[str, Any]
    record: dict[str, Any]


def promote(
    model: str,
    registry: Registry,
    settings: Settings,
    *,
    parity: Mapping[str, Any] | None = None,
    leaks: Check | None = None,
    is_afresh: bool = False,
    as_of: datetime | None = None,
) -> Promotion:
    """Let the newest challenger of a model serve, if it passes the gate.

    Args:
        model: churn or reactivation.
        registry: where the versions are.
        settings: whose model.
        parity: the certificate that on-line rows equal off-line rows; without one nobody is promoted. It is
            attached to the version in the registry.
        leaks: what a hunt for leaks says; None: what the newest one on disk says.
        is_afresh: a person said that the champion is no measure, or that a model sent back may try again.
        as_of: what time it is by the business's clock; now where None.

    Raises:
        NoChallenger: nothing was trained.
        NotPromoted: the gate refused it; the alias stays where it was.
        PromotionUnderWay: another process is changing who serves.
        ImmatureTest, NoSnapshot, ChangedSnapshot: what it should be judged on is not there.
    """
    (done,) = promote_together(
        {model: parity}, registry, settings, leaks=leaks, is_afresh=is_afresh, as_of=as_of
    ).values()  # fmt: skip
    if isinstance(done, ChurnError):
        raise done
    return done


def promote_together(
    proofs: Mapping[str, Mapping[str, Any] | None],
    registry: Registry,
    settings: Settings,
    *,
    leaks: Check | None = None,
    is_afresh: bool = False,
    as_of: datetime | None = None,
) -> dict[str, Promotion | ChurnError]:
    """The same for several models, judged before any serves: what would split their features is held back.

    Args:
        proofs: the parity certificate of each model that is asked, by model.
        registry: where the versions are.
        settings: whose models.
        leaks: as in `promote`.
        is_afresh: as in `promote`.
        as_of: as in `promote`.

    Returns:
        By model who serves now, or why its challenger may not or cannot be judged.
    """
    with alone(settings):
        heal(registry, settings)
        found: dict[str, tuple[Version, Verdict]] = {}
        done: dict[str, Promotion | ChurnError] = {}
        for model, parity in proofs.items():
            try:
                version = registry.newest(settings.model_name(model))
                if parity is not None:
                    registry.certify(version.name, version.version, parity)
                verdict = gate(version, registry, settings, parity=parity, leaks=leaks, is_afresh=is_afresh)
                found[model] = version, verdict
            except ChurnError as error:  # the other model is judged all the same
                done[model] = error
        for model, (version, verdict) in held_back(found, registry, settings, is_afresh=is_afresh).items():
            done[model] = _settle(version, verdict, registry, settings, as_of)
        return done


def history(settings: Settings) -> list[dict[str, Any]]:
    """Every act, oldest first; what a line holds: `training.history.compose`."""
    return records.read(settings)


def newest_or_none(model: str, registry: Registry, settings: Settings) -> Version | None:
    """The newest version of a model, or None where none was trained."""
    try:
        return registry.newest(settings.model_name(model))
    except NoChallenger:
        return None


def _settle(
    version: Version, verdict: Verdict, registry: Registry, settings: Settings, as_of: datetime | None
) -> Promotion | NotPromoted:
    """Let a version serve, or write down that the gate refused it."""
    if verdict.passed:
        now = registry.champion(version.name)
        line = records.compose(
            "promote", version, settings, verdict=verdict.as_json(), why=_why(verdict), instead_of=now, as_of=as_of
        )
        return serve(version, registry, settings, line)
    line = records.compose("refused", version, settings, verdict=verdict.as_json(), why=_why(verdict), as_of=as_of)
    records.append(settings, line)
    keep(registry, line)
    return NotPromoted(version, verdict)


def _why(verdict: Verdict) -> tuple[str, str]:
    """A verdict in one sentence of each language."""
    told = [one for one in verdict.checks if one.state == ("passed" if verdict.passed else "failed")]
    told = [one for one in told if one.name == AGAINST] or told if verdict.passed else told
    return "; ".join(one.why for one in told), "；".join(one.why_zh for one in told)


def serve(version: Version, registry: Registry, settings: Settings, line: records.Line) -> Promotion:
    """Let a version serve, as a line of the history says; whoever calls holds the lock."""
    bundle = version.bundle
    record = {
        "model": bundle.model,
        "name": version.name,
        "version": version.version,
        "model_hash": version.hash,
        "snapshot_hash": bundle.snapshot_hash,
        "snapshot_path": version.learned_snapshot,
        "test_snapshot_path": version.facts["test_snapshot"],
        "promoted_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "definition_id": bundle.definition_id,
        "feature_set_hash": bundle.feature_set_hash,
        "metrics": bundle.metrics,
        CARD: version.facts.get(CARD),
        "gate": line["verdict"],
        "act": line["act"],
        "as_of": line["as_of"],
        "who": line["who"],
        "history_hash": line["hash"],
        "bundle": json.loads(bundle.to_json()),
        "warrant": warrant_of(version, line, settings),
    }
    crown(record, line, registry, settings)
    return Promotion(version, line["verdict"], record)


def warrant_of(version: Version, line: records.Line, settings: Settings) -> Warrant:
    """The verdict on this very artifact, signed: serving takes no version without it.

    Args:
        version: who is to serve.
        line: of the history, with the verdict.
        settings: whose key signs.
    """
    bundle, verdict = version.bundle, line["verdict"]
    facts = {
        "model": bundle.model,
        "name": version.name,
        "version": version.version,
        "model_hash": version.hash,
        "feature_set_hash": bundle.feature_set_hash,
        "definition_id": bundle.definition_id,
        "act": line["act"],
        "at": line["at"],
        "who": line["who"],
        "passed": verdict["passed"],
        "checks": {one["name"]: one["state"] for one in verdict["checks"]},
        "history_hash": line["hash"],
    }
    return signed(facts, key_to_sign(settings))
