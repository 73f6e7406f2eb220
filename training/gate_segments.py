"""The gate's conditions on segments: in none clearly worse than others, in none without the differences it claims.

Segments share the doubt: with m of them each is held to a 1 / m of it (Bonferroni). A mean over everybody hides a model
that scores one stage by chance; so does a comparison with rule and base rate, where these say little of that stage.
Start reading at `ranking`.
"""

from collections.abc import Iterator

from training.gate_seen import Seen, told_apart
from training.gate_verdict import Check, check, skipped

TOO_FEW = ("no segment has rows enough to tell", "没有足够大的客群可供比较")


def segments(seen: Seen) -> Iterator[Check]:
    """In no segment clearly worse than champion and rule, by more than a share of their log loss."""
    evidence, named = seen.evidence, told_apart(seen.evidence)
    against = {"champion": seen.champion.probability} if seen.champion else {}
    if evidence.learner != "recency_rule" or not against:
        against |= {name: told for name, told in evidence.rivals.items() if evidence.learner != name}
    tests = [(segment, rival) for segment in named for rival in against]
    if not tests:
        yield skipped("segments", *TOO_FEW)
        return
    worse = []
    for segment, rival in tests:
        difference, low, _ = seen.of(f"{segment} {rival}", share=len(tests))
        theirs = seen.loss_of(against[rival], named[segment])
        if low > seen.limits.max_segment_loss_ratio * theirs:
            worse.append(f"{segment}: {theirs + difference:.4f} against {theirs:.4f} of the {rival.replace('_', ' ')}")
    told = "; ".join(worse) or f"{len(named)} segments, none clearly worse"
    zh = f"客群明显更差：{'; '.join(worse)}" if worse else f"{len(named)} 个客群，均无明显变差"
    yield check("segments", not worse, f"clearly worse in {told}" if worse else told, zh)


def ranking(seen: Seen) -> Iterator[Check]:
    """In no segment are the differences that it claims between customers clearly missing, unless the champion's are."""
    named = told_apart(seen.evidence)
    if seen.evidence.learner == "recency_rule" or not named:
        why, zh = ("it is the rule itself", "它就是该规则本身") if named else TOO_FEW
        yield skipped("ranking", why, zh)
        return
    empty = [one for one in named if _is_empty(seen, one, "", len(named))]
    if seen.champion:
        empty = [one for one in empty if not _is_empty(seen, one, "champion", len(named))]
    shares = ", ".join(f"{one} ({_share(seen, one):.0%} of them)" for one in empty)
    why = f"it claims differences between customers that are not there in {shares}"
    zh = f"其所称的客户间差异在以下客群中并不存在（括号内为实际占比）：{shares.replace(' of them', '')}"
    if not empty:
        why = f"{len(named)} segments, in none are the differences that it claims between customers clearly missing"
        zh = f"{len(named)} 个客群，其所称的客户间差异均未明显缺失"
    yield check("ranking", not empty, why, zh)


def _share(seen: Seen, segment: str) -> float:
    """How much of what the challenger claims of a segment is there."""
    found, lacks = (seen.of(f"{one} {segment} ")[0] for one in ("found", "lacks"))
    return found / (found - lacks)


def _is_empty(seen: Seen, segment: str, who: str, share: int) -> bool:
    """Clearly less is there than is claimed, and no clear sign of any."""
    _, some, _ = seen.of(f"found {segment} {who}", share=share)
    _, _, most = seen.of(f"lacks {segment} {who}", share=share)
    return some <= 0 and most < 0
