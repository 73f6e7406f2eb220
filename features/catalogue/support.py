"""What went wrong and how it was dealt with: tickets, complaints and what is still open, returns."""

from features.catalogue.present import Present
from features.feature import Feature, Kind
from features.feature_set import grouped
from features.forms import oldest_open, those, wait_mean
from features.formula import Selection
from features.words import many

SOLVED = ("resolved", "solved", "closed")  # reason codes that say a ticket was dealt with
ANSWERED = ("answered", "replied")  # and those that say somebody wrote back
_ASKS = f"not reason_code in ({', '.join(map(repr, (*SOLVED, *ANSWERED)))})"


def features(log: Present) -> list[Feature]:
    """Counts, days since, shares and open cases of trouble."""
    out: list[Feature] = []
    for trouble in log.of("support_ticket", "complaint"):
        out += grouped("service", trouble.count[log.within(30, 90, 365)], trouble.days_since, _reason(trouble, log))
        out += grouped("service", _open(trouble, log))
    for back in log.of("return", "refund", "cancellation"):
        out += grouped("returns", back.count[log.within(90, 365)], back.days_since, _shares(back, log))
    return out


def _reason(trouble: Kind, log: Present) -> list[Feature]:
    known = trouble.name == "support_ticket" and log.has("reason_code", trouble.name)
    return [trouble.point("latest", "reason_code")] if known else []


def _open(trouble: Kind, log: Present) -> list[Feature]:
    """How many cases are open, for how long, and how long the first answer took.

    A case is dealt with by an event of its own (`..._answered`, `..._solved`), or by a row of a ticket whose reason
    code says so.
    """
    season, year = log.short_long
    answered, solved = log.of(f"{trouble.name}_answered"), log.of(f"{trouble.name}_solved")
    asked, wrote = trouble, []
    if trouble.name == "support_ticket" and log.has("reason_code", trouble.name):
        wrote = [_such(trouble, (*SOLVED, *ANSWERED), en="answer", zh="答复")]
        asked = those(trouble, _ASKS, slug=trouble.slug, en=trouble.en, zh=trouble.zh)
        solved, answered = solved or [_such(trouble, SOLVED, en="solution", zh="解决")], answered or wrote
    return [
        *(_open_count(trouble, wrote, one, season) for one in solved),
        *(
            oldest_open(asked, one, year).named(
                f"{trouble.slug}_unsolved_oldest_days",
                en=f"days since the oldest {trouble.en} of the last {year} days with nothing solved since",
                zh=f"近{year}天最早一次此后再无解决的{trouble.zh}距今天数",
            )
            for one in solved
        ),
        *(
            wait_mean(asked, one, year).named(
                f"{trouble.slug}_answer_days_mean_{year}d",
                en=f"usual days to the first answer to {many(trouble.en)} of the last {year} days",
                zh=f"近{year}天{trouble.zh}首次答复的平均天数",
            )
            for one in answered or solved
        ),
    ]


def _open_count(trouble: Kind, wrote: list[Kind], solved: Kind, days: int) -> Feature:
    """As many as were asked and not solved; what is solved may have been asked before the window."""
    asked = trouble.count[days]
    for one in wrote:  # an answer is a row of its own
        asked = asked - one.count[days]
    return asked.less(solved.count[days], least=0).named(
        f"{trouble.slug}_open_{days}d",
        en=f"{many(trouble.en)} of the last {days} days that nobody has called solved",
        zh=f"近{days}天{trouble.zh}中尚未解决的数量",
    )


def _such(trouble: Kind, codes: tuple[str, ...], *, en: str, zh: str) -> Kind:
    """The rows of a ticket that have one of these reason codes."""
    return Kind(en, en, zh, selection=Selection((trouble.name,), codes))


def _shares(back: Kind, log: Present) -> list[Feature]:
    return [
        (back.count.ever / log.backbone.count.ever).named(
            f"{back.slug}_share_ever",
            en=f"{many(back.en)} for each {log.backbone.en} so far",
            zh=f"历史{back.zh}次数与{log.backbone.zh}次数之比",
        )
    ]
