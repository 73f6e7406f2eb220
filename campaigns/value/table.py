"""The table VALUES: of everybody with a score, what they are worth, how surely, by whom it was estimated.

    spend if they come (SCORES) x margin   --> expected_value_amount, within the model's horizon
    lifetime sales x margin x discount     --> clv_amount with its interval, within [value] horizon_months

The first is money *given* that the customer stays or comes back: whoever plans an action multiplies it with a chance of
their own. The second holds that chance. Without [value] margin_ratio neither is told, and `clv_code` says so; tiers
need no money. Whoever opted out of being scored is left out. Start reading at `values_table`.
"""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from campaigns.people import newest_batch
from campaigns.value.lifetime import Lifetime
from campaigns.value.pasts import Pasts
from campaigns.value.tiers import fewest_with, parts_of, tiers
from churn.events import FloatArray
from churn.settings import Settings
from churn.tables import VALUES, check
from features import parquet
from features.atomic import write_whole

NO_MARGIN, NO_PURCHASE, OPTED_OUT = "no_margin_ratio", "no_purchase", "opted_out"
YES, NO = "yes", "no"
FILE: Final = Path("tables") / "values.parquet"
READ: Final = ("customer_id", "abstention", "value_expected_amount", "cutoff")


@dataclass(frozen=True)
class Scored:
    """Everybody of the newest batch who may be valued.

    Args:
        rows: customer_id, value_expected_amount.
        instant: up to which their features knew.
    """

    rows: pd.DataFrame
    instant: datetime


def scored(settings: Settings) -> Scored:
    """Everybody of the newest scores, without those who opted out of them.

    Raises:
        NoScores: there are none.
    """
    path = newest_batch(settings.folder)
    rows = parquet.read_frame(path, list(READ))
    cutoff = rows["cutoff"].max()
    instant = cutoff.to_pydatetime() if cutoff is not pd.NaT else datetime.fromisoformat(f"{path.stem[:10]}T00:00:00Z")
    kept = rows[rows["abstention"].isna() | (rows["abstention"] != OPTED_OUT)]
    kept = kept.drop_duplicates("customer_id").sort_values("customer_id", ignore_index=True)
    return Scored(kept[["customer_id", "value_expected_amount"]], instant)


def values_table(
    settings: Settings, people: Scored, past: Pasts, life: Lifetime, referred: tuple[FloatArray, FloatArray]
) -> pd.DataFrame:
    """VALUES.

    Args:
        settings: margin, discount, tiers.
        people: whom.
        past: what they bought so far, of everybody in the log.
        life: what they will spend; in the order of `past`.
        referred: customers they referred, and what those spent; likewise.
    """
    rules, ids = settings.value, people.rows["customer_id"].to_numpy(dtype=object)
    place = pd.Index(past.customer_ids).get_indexer(pd.Index(ids))

    def of(values: FloatArray, nothing: float = 0.0) -> FloatArray:
        return np.where(place >= 0, values[place], nothing) if len(values) else np.full(len(ids), nothing)

    visits, spend, lately = of(past.visits), of(past.spend_amount), of(past.spend_lately_amount)
    margin = np.nan if rules.margin_ratio is None else rules.margin_ratio
    worth, expected = margin * rules.discount, of(life.expected, np.nan)
    growth = expected - lately
    table = pd.DataFrame(
        {
            "customer_id": pd.Series(ids, dtype="str"),
            "expected_value_amount": margin * people.rows["value_expected_amount"].to_numpy(dtype=np.float64),
            "value_tier": tiers(parts_of(visits, spend, of(referred[0]), of(referred[1])), rules, len(ids)),
            "clv_amount": worth * expected,
            "clv_low_amount": worth * of(life.low, np.nan),
            "clv_high_amount": worth * of(life.high, np.nan),
            "clv_months": np.where(np.isfinite(worth * expected), float(rules.horizon_months), np.nan),
            "clv_estimator": _texts(np.isfinite(worth * expected), life.choice.estimator, None),
            "clv_code": _codes(place, expected, rules.margin_ratio, life.choice.why),
            "past_value_amount": margin * lately,
            "high_value": _texts(fewest_with(lately, rules.high_value_share), YES, NO),
            "high_potential": _unless(
                np.isnan(growth), _texts(fewest_with(growth, rules.high_potential_share), YES, NO)
            ),
            "currency": settings.business.currency,
        }
    )
    return check(VALUES, table)


def write_values(folder: Path, table: pd.DataFrame) -> Path:
    """Write the table whole; who reads it follows by itself."""
    fields = [pa.field(one.name, pa.float64() if one.dtype == "float64" else pa.string()) for one in VALUES]
    rows = pa.Table.from_pandas(table, schema=pa.schema(fields), preserve_index=False)
    path = folder / FILE
    write_whole(path, lambda draft: parquet.write_table(rows, draft))
    return path


def _texts(where: NDArray[np.bool_], one: str | None, other: str | None) -> NDArray[np.object_]:
    return np.array([other, one], dtype=object)[where.astype(np.intp)]


def _unless(null: NDArray[np.bool_], texts: NDArray[np.object_]) -> NDArray[np.object_]:
    found = texts.copy()
    found[null] = None
    return found


def _codes(
    place: NDArray[np.intp], expected: FloatArray, margin_ratio: float | None, why: str | None
) -> NDArray[np.object_]:
    """Why there is no lifetime value; None where there is one."""
    codes = np.full(len(place), None, dtype=object)
    codes[np.isnan(expected)] = why
    codes[place < 0] = NO_PURCHASE
    if margin_ratio is None:
        codes[:] = NO_MARGIN
    return codes


def parts_known(past: Pasts, referred: tuple[FloatArray, FloatArray]) -> list[str]:
    """By which parts tiers are told: those of which the log knows something."""
    return list(parts_of(past.visits, past.spend_amount, *referred))
