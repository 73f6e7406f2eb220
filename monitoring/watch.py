"""Is a new champion breaking a floor? Watched from its promotion until its first outcomes have been known for a while.

    at once              its scores moved far on sound data; too many of its customers get no number; requests fail
    as outcomes mature   it ranks below what the rule reached in the back-test; it says less than the bare rate would

A floor is broken only beyond doubt: where there is an interval, all of it lies beyond. The answer is a breach or none;
who acts on it is cli/watch.py. Start reading at `breach`.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from churn.model_sections import Gate
from features import parquet
from monitoring.champion import Champion
from monitoring.drift.shift import ScoreDrift
from monitoring.ledger.realised import Realised

STOPPED = "model_stopped"  # an abstention that monitoring itself asked for
OPTED_OUT = "opted_out"  # one that customers asked for: they are not the model's, however many they are


@dataclass(frozen=True)
class Breach:
    """A floor that was broken.

    Args:
        code: which. why: what was measured against what, in English. why_zh: in Chinese.
    """

    code: str
    why: str
    why_zh: str


@dataclass(frozen=True)
class Seen:
    """What is known of a champion that is watched.

    Args:
        champion: the model. promoted_at, now: by the business's clock.
        realised: what became of its answers; None where it has given none.
        score: how far its scores moved; None without scores.
        is_sound: whether no feature is broken.
        min_rows: fewer scored customers say nothing.
        abstained: of its customers in the newest batch, how many got no number, and how many there were.
        failed: of the service's scoring requests, how many were answered 5xx, and how many there were.
    """

    champion: Champion
    promoted_at: datetime
    now: datetime
    realised: Realised | None
    score: ScoreDrift | None
    is_sound: bool
    min_rows: int
    abstained: tuple[int, int] = (0, 0)
    failed: tuple[int, int] = (0, 0)


def watched_until(champion: Champion, promoted_at: datetime, limits: Gate) -> datetime:
    """The end of the watch: so many days after the first outcomes of its own answers are known."""
    bundle = champion.bundle
    return promoted_at + timedelta(days=bundle.gap_days + bundle.horizon_days + limits.watch_days)


def breach(seen: Seen, limits: Gate) -> Breach | None:
    """The first floor that a champion broke while it is watched; None where none is.

    Args:
        seen: all that is known.
        limits: `[gate]`.
    """
    if not limits.watch_days or seen.now > watched_until(seen.champion, seen.promoted_at, limits):
        return None
    return _failed(seen, limits) or _abstained(seen, limits) or _moved(seen, limits) or _came_true(seen)


def abstained_in(folder: Path, champion: Champion, since: datetime) -> tuple[int, int]:
    """Of a champion's customers in the newest batch since then, how many got no number, and how many there were.

    Args:
        folder: the artifacts of the business.
        champion: the model.
        since: by the business's clock; an older batch says nothing of it.
    """
    files = sorted((folder / "scores" / "batch").glob("*.parquet"), key=lambda path: path.stat().st_mtime)
    if not files:
        return 0, 0
    rows = parquet.read_table(files[-1], columns=["model", "probability", "abstention", "scored_at", "model_version"])
    frame = rows.to_pandas()
    is_asked = (frame["model"] == champion.model) & (frame["abstention"] != OPTED_OUT)
    mine = frame[is_asked & (frame["scored_at"] >= since)]
    mine = mine[(mine["model_version"] == champion.version) | mine["probability"].isna()]
    silent = mine["probability"].isna() & (mine["abstention"] != STOPPED)
    return int(silent.sum()), len(mine)


def _failed(seen: Seen, limits: Gate) -> Breach | None:
    failed, asked = seen.failed
    if asked < seen.min_rows or failed <= limits.watch_failed_ratio * asked:
        return None
    told = f"{failed} of {asked}"
    why = f"{told} scoring requests failed, more than {limits.watch_failed_ratio:.0%}"
    return Breach("requests_fail", why, f"{told} 个评分请求失败，超过 {limits.watch_failed_ratio:.0%}")


def _abstained(seen: Seen, limits: Gate) -> Breach | None:
    silent, asked = seen.abstained
    if asked < seen.min_rows or silent <= limits.watch_abstained_ratio * asked:
        return None
    told = f"{silent} of {asked}"
    why = f"{told} of its customers got no number, more than {limits.watch_abstained_ratio:.0%}"
    return Breach("no_number", why, f"{told} 位客户没有得到评分，超过 {limits.watch_abstained_ratio:.0%}")


def _moved(seen: Seen, limits: Gate) -> Breach | None:
    score = seen.score
    if score is None or not seen.is_sound or score.n < seen.min_rows or score.psi <= limits.watch_psi:
        return None
    why = f"its scores moved on sound data: PSI {score.psi:.3f}, more than {limits.watch_psi:g}"
    return Breach("scores_moved", why, f"数据正常而评分分布偏移：PSI {score.psi:.3f}，超过 {limits.watch_psi:g}")


def _came_true(seen: Seen) -> Breach | None:
    came = seen.realised
    if came is None or came.state != "mature":
        return None
    auc, loss, base = came.figures["roc_auc"], came.figures["log_loss"], came.base_log_loss
    rule = seen.champion.bundle.metrics.get("recency_rule")
    bar = rule.get("roc_auc") if isinstance(rule, dict) else None
    if isinstance(bar, float) and auc.high < bar and seen.champion.bundle.learner != "recency_rule":
        why = f"ROC AUC of {came.n} matured answers at most {auc.high:.3f}, the rule's in the back-test was {bar:.3f}"
        return Breach("below_the_rule", why, f"{came.n} 个已到期评分的 AUC 至多 {auc.high:.3f}，低于规则的 {bar:.3f}")
    if base is not None and loss.low > base:
        why = f"log loss of {came.n} matured answers at least {loss.low:.3f}, the bare rate's is {base:.3f}"
        return Breach(
            "below_the_rate", why, f"{came.n} 个已到期评分的对数损失至少 {loss.low:.3f}，高于平均比率的 {base:.3f}"
        )
    return None
