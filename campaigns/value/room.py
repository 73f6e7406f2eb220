"""Value of a whole business: from its log and newest scores to VALUES and the report.

    log, scores --> cohorts --> who serves --> lifetime value, tiers, channels --> tables/values.parquet, report.json

Start reading at `valued`.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from campaigns.value import report
from campaigns.value.channels import Channel, by_channel
from campaigns.value.cohorts import Past, cohorts_of
from campaigns.value.lifetime import lifetime
from campaigns.value.pasts import Pasts
from campaigns.value.probability_model import FitVisits, ProbabilityModel
from campaigns.value.referrals import referred
from campaigns.value.report import Notice
from campaigns.value.table import parts_known, scored, values_table, write_values
from campaigns.value.two_part import TwoPart
from churn.errors import SettingsError
from churn.events import FloatArray
from churn.settings import Settings
from features.attributes import attribute_names, attributes_at
from features.log import read_log_manifest
from features.parts import log_parts


class NoAcquisitionAttribute(SettingsError):
    """`[value] acquisition_attribute` names a profile attribute that the log has not."""

    def __init__(self, name: str, known: tuple[str, ...]) -> None:
        super().__init__(
            f"[value] acquisition_attribute names {name!r}, and no profile has it.",
            mend=f"the log has {', '.join(known) or 'none'}; correct the name, map it in the `attributes` of a "
            "[[source]] and run `churn ingest`, or leave it out: then the channel of the first order tells it.",
        )


@dataclass(frozen=True)
class Valued:
    """What was written: the table, and the report."""

    table: pd.DataFrame
    report: dict[str, Any]


def valued(settings: Settings, fit_visits: FitVisits) -> Valued:
    """Write VALUES and the report of a business.

    Args:
        settings: whose.
        fit_visits: BG/NBD.

    Raises:
        NoLog, BrokenLog: the log cannot be read. NoScores: nobody was scored.
    """
    manifest, people = read_log_manifest(settings.folder), scored(settings)
    past = cohorts_of(
        log_parts(settings.folder), settings.lifecycle, instant=people.instant,
        observed_until=manifest.observed_until, horizon_days=settings.value.horizon_days,
    )  # fmt: skip
    life = lifetime(past, (TwoPart(), ProbabilityModel(fit_visits, past.horizon_days)))
    told = referred(settings, people.instant, past.now.customer_ids, past.now.spend_amount)
    table = values_table(settings, people, past.now, life, told)
    channels = _channels_or_why(settings, past, life.expected, attribute_names(manifest.kinds))
    found = report.report_of(settings, table, past, life.choice, channels, parts_known(past.now, told))
    write_values(settings.folder, table)
    report.write_report(settings, found)
    return Valued(table, found)


def _channels_or_why(
    settings: Settings, past: Past, expected: FloatArray, attributes: tuple[str, ...]
) -> list[Channel] | Notice:
    """Value by channel; all the rest does not depend on it, so a wrong attribute is told and stops nothing."""
    name = settings.value.acquisition_attribute
    if name is not None and name not in attributes:
        wrong = NoAcquisitionAttribute(name, attributes)
        return Notice(wrong.code, wrong.problem, wrong.mend)
    return _channels(settings, past, expected)


def _channels(settings: Settings, past: Past, expected: FloatArray) -> list[Channel]:
    now, rules = past.now, settings.value
    margin = np.nan if rules.margin_ratio is None else rules.margin_ratio * rules.discount
    early = np.where(now.known_days >= past.horizon_days, now.early_amount, np.nan)
    first = pd.Timestamp(past.instant) - pd.to_timedelta(now.known_days, unit="D")
    year = pd.DatetimeIndex(first).tz_convert(settings.business.timezone).year.to_numpy(dtype=np.int64)
    return by_channel(_channel_of(settings, now, past), year, early, margin * expected, rules)


def _channel_of(settings: Settings, now: Pasts, past: Past) -> np.ndarray:
    name = settings.value.acquisition_attribute
    if name is None:
        return now.channel
    told = attributes_at(log_parts(settings.folder), (name,), [past.instant]).set_index("customer_id")[name]
    found = told.reindex(now.customer_ids).astype(object)
    return found.where(found.notna(), None).to_numpy(dtype=object)
