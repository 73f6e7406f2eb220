"""The one door for everybody who is to be contacted: may they be, by this action, today, and if not, why.

    opted_out               they said so: of all contacts, or of this channel
    opted_out_of_scoring    they said so, and this action is chosen by a score
    kept_out_for_good       chance keeps them out of every campaign, so that there is somebody to compare with
    no_consent              no consent to this channel is known
    open_complaint          they wait for an answer: service alone may reach them
    held_out                chance keeps them out of a campaign whose window is open: what they do untreated measures it
    too_many_contacts       as many as [campaigns] allows within its days
    cooling_down            they had this action too short ago

Of several the first counts. Who objected, was contacted or is kept out under one id is so under all that they have had.
Plans, lists of the day, recommendations and audiences all ask here. Start at `doors_of`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from campaigns.audit.price_by_need import check as check_prices
from campaigns.contacted import contacts_since
from campaigns.hold_out import kept_out_for_good
from campaigns.people import People, features_of
from churn.action_sections import SERVICE, Action
from churn.calendar import Calendar
from churn.settings import Settings
from features.consents import channel_consents
from features.opt_outs import opt_outs
from features.persons import persons_of
from features.treatments import read_treatments

Codes = NDArray[np.object_]
BoolArray = NDArray[np.bool_]
OPTED_OUT, OPTED_OUT_OF_SCORING, KEPT_OUT = "opted_out", "opted_out_of_scoring", "kept_out_for_good"
NO_CONSENT, OPEN_COMPLAINT, HELD_OUT = "no_consent", "open_complaint", "held_out"
TOO_MANY, COOLING_DOWN = "too_many_contacts", "cooling_down"
CONTACT, SCORING = "contact", "scoring"
UNSOLVED: Final = "complaint_unsolved_oldest_days"
WORDS: Final[Mapping[str, tuple[str, str]]] = {
    OPTED_OUT: ("they do not want to be contacted this way", "客户不希望以此方式被联系"),
    OPTED_OUT_OF_SCORING: ("they do not want to be judged by a score", "客户拒绝个性化评分"),
    KEPT_OUT: ("kept out of every campaign by chance, to compare with", "随机对照组：不参与任何营销活动"),
    NO_CONSENT: ("no consent to this channel is known", "未取得该渠道的联系同意"),
    OPEN_COMPLAINT: ("a complaint of theirs waits for an answer", "客户的投诉尚未解决"),
    HELD_OUT: ("held out of a campaign that is still being measured", "某活动的对照组，效果评估期尚未结束"),
    TOO_MANY: ("contacted too often lately", "近期联系次数已达上限"),
    COOLING_DOWN: ("had this action a short while ago", "近期已收到过同一行动"),
}


@dataclass(frozen=True)
class Doors:
    """What is known of who may be contacted, at one instant.

    Args:
        customer_ids: who is asked about, in order. Shape (n,).
        opted_out: by what it is of (contact, scoring, a channel): who said so. Each of shape (n,).
        kept_out: by chance, of everything. Shape (n,).
        consents: by channel: who consented. Each of shape (n,).
        complains: who waits for an answer. Shape (n,).
        held_out: of a campaign whose measurement window is open. Shape (n,).
        is_full: who was contacted as often as is allowed. Shape (n,).
        had: contacts of as many days as the longest cool-down; columns of `contacts_since`.
        calendar: whose days are counted.
        now: the instant.
    """

    customer_ids: Codes
    opted_out: Mapping[str, BoolArray]
    kept_out: BoolArray
    consents: Mapping[str, BoolArray]
    complains: BoolArray
    held_out: BoolArray
    is_full: BoolArray
    had: pd.DataFrame
    calendar: Calendar
    now: datetime

    def why_not(self, action: Action, *, by_score: bool = True) -> Codes:
        """The code why each may not get an action now; None where they may.

        Args:
            action: of the catalogue.
            by_score: whether a score chose them.

        Returns:
            Shape (n,).
        """
        nobody = np.zeros(len(self.customer_ids), dtype=np.bool_)
        refused = self.opted_out.get(CONTACT, nobody) | self.opted_out.get(action.channel, nobody)
        is_service = action.kind in SERVICE
        rules = (
            (OPTED_OUT, refused),
            (OPTED_OUT_OF_SCORING, self.opted_out.get(SCORING, nobody) if by_score else nobody),
            (KEPT_OUT, self.kept_out),
            (NO_CONSENT, ~self.consents[action.channel]),
            (OPEN_COMPLAINT, nobody if is_service else self.complains),
            (HELD_OUT, nobody if is_service and action.is_occasional else self.held_out),
            (TOO_MANY, self.is_full),
            (COOLING_DOWN, self._cooling(action)),
        )
        found: Codes = np.full(len(self.customer_ids), None, dtype=object)
        for code, applies in reversed(rules):
            found[applies] = code
        return found

    def _cooling(self, action: Action) -> BoolArray:
        first = self.calendar.window_start(self.now, action.cool_down_days) if action.cool_down_days else self.now
        mine = self.had[(self.had["action"] == action.code) & (self.had["contacted_at"] >= first)]
        return _among(self.customer_ids, mine["customer_id"])


def doors_of(
    settings: Settings,
    people: People,
    now: datetime,
    environ: Mapping[str, str],
    *,
    with_tasks: bool = True,
    without: str | None = None,
) -> Doors:
    """What is known now of everybody, for the actions of the catalogue.

    Args:
        settings: whose.
        people: who is asked about.
        now: the instant, by the business's clock.
        environ: what `${VARIABLES}` of `[contacts] path` stand for.
        with_tasks: whether what lists of the day asked staff to do counts as contacts.
        without: a campaign that neither counts as contacts nor keeps anybody out, as it is planned anew.

    Raises:
        PriceByNeed: a score would decide on prices, and nobody switched that on with a reason.
        NoConsents: the file of consents cannot be read. NoCurrent: nothing was materialised.
    """
    check_prices(settings)
    ids = people.rows["customer_id"].to_numpy(dtype=object)
    calendar, limits = Calendar(settings.business.timezone), settings.campaigns
    longest = max([limits.within_days, *(one.cool_down_days for one in settings.action)])
    since, until = calendar.window_start(now, longest), now + timedelta(microseconds=1)
    had = contacts_since(settings, since, until, with_tasks=with_tasks, without=without)
    lately = had[had["contacted_at"] >= calendar.window_start(now, limits.within_days)]
    counts = lately["customer_id"].value_counts()
    full = counts.index[counts >= limits.max_contacts].to_numpy(dtype=object)
    unsolved = features_of(settings.folder, people, [UNSOLVED])[UNSOLVED].notna().to_numpy()
    return Doors(
        customer_ids=ids, opted_out=_opted_out(settings, ids, now), kept_out=kept_out_for_good(settings, ids),
        consents=_consents(settings, ids, {one.channel for one in settings.action}, environ), complains=unsolved,
        held_out=_held_out(settings, ids, now, without), is_full=_among(ids, full), had=had, calendar=calendar, now=now,
    )  # fmt: skip


def _among(ids: Codes, some: Iterable[object]) -> BoolArray:
    """Which ids are among some, by hash: np.isin compares objects one by one, 25,000 with a million for minutes."""
    return pd.Series(ids, dtype=object).isin(list(some)).to_numpy(dtype=np.bool_)


def _opted_out(settings: Settings, ids: Codes, now: datetime) -> dict[str, BoolArray]:
    told, people = opt_outs(settings, now), persons_of(settings.folder)
    return {str(what): people.among(ids, rows["customer_id"]) for what, rows in told.groupby("category")}


def _held_out(settings: Settings, ids: Codes, now: datetime, without: str | None) -> BoolArray:
    """Who is held out of a campaign whose window is open: cool-downs keep its treated away, and they would be next."""
    rows = read_treatments(settings.folder)
    measured = (
        ~rows["is_treated"].astype(bool)
        & (rows["campaign"] != without)
        & (rows["planned_at"] <= now)
        & (rows["window_end"] > now)
    )
    return persons_of(settings.folder).among(ids, rows.loc[measured, "customer_id"])


def _consents(settings: Settings, ids: Codes, channels: set[str], environ: Mapping[str, str]) -> dict[str, BoolArray]:
    free = channels & set(settings.campaigns.no_consent_needed)
    told = channel_consents(settings, environ, sorted(channels - free)).reindex(ids, fill_value=False)
    found = {channel: np.ones(len(ids), dtype=np.bool_) for channel in free}
    return found | {str(channel): told[channel].to_numpy(dtype=np.bool_) for channel in told.columns}


def in_words(code: str, language: str) -> str:
    """Why somebody may not be contacted, for people to read."""
    return WORDS[code][language == "zh"]


def counts_of(codes: Sequence[str | None] | Codes) -> dict[str, int]:
    """How many may not be contacted, by code, most first."""
    told = pd.Series(np.asarray(codes, dtype=object)).dropna().value_counts()
    return {str(code): int(count) for code, count in told.items()}
