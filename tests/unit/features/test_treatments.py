"""Whom campaigns were planned for: written whole, read back as it was, and told where it cannot be read."""

from pathlib import Path

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from churn.errors import WrongColumns
from churn.tables import TREATMENTS
from features.treatments import BrokenTreatments, read_treatments, treatments_file, write_treatments

NOW = pd.Timestamp("2025-03-01", tz="UTC").as_unit("us")


def rows(campaign: str, *customers: str) -> pd.DataFrame:
    planned = pd.DataFrame(
        {
            "campaign": campaign, "customer_id": list(customers), "action": "coupon", "channel": "sms",
            "model": "churn", "stage": "lapsing", "planned_at": NOW, "due": NOW, "window_end": NOW, "owner": "shop",
            "propensity": 0.9, "is_treated": [one != "held" for one in customers], "probability": 0.4,
            "value_amount": 100.0, "take_up_ratio": 0.1, "cost_amount": 3.0, "expected_profit_amount": 1.0,
            "why_en": "likely to leave", "why_zh": None,
        }
    )  # fmt: skip
    return planned[TREATMENTS.names].astype({name: TREATMENTS[name].dtype for name in ("planned_at", "due")})


def test_treatments_come_back_as_they_were_written(tmp_path: Path) -> None:
    write_treatments(tmp_path, "autumn", rows("autumn", "a", "held"))
    write_treatments(tmp_path, "spring", rows("spring", "b"))
    assert_frame_equal(read_treatments(tmp_path, "autumn"), rows("autumn", "a", "held"), check_dtype=False)
    assert list(read_treatments(tmp_path)["customer_id"]) == ["a", "held", "b"]
    assert read_treatments(tmp_path)["is_treated"].tolist() == [True, False, True]


def test_nothing_planned_is_no_row(tmp_path: Path) -> None:
    assert list(read_treatments(tmp_path).columns) == TREATMENTS.names
    assert read_treatments(tmp_path, "autumn").empty


def test_other_columns_are_refused_and_a_broken_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(WrongColumns):
        write_treatments(tmp_path, "autumn", rows("autumn", "a").drop(columns="owner"))
    path = treatments_file(tmp_path, "autumn")
    path.parent.mkdir(parents=True)
    path.write_bytes(b"no parquet")
    with pytest.raises(BrokenTreatments, match="put it back from a backup"):
        read_treatments(tmp_path)
