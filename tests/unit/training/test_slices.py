"""Parts of the judged rows: stages, value, history and attributes, each row in one part of a dimension."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from training.rows import Columns, Rows
from training.slices import aligned, groups_of, slices

NAMES = ("order_days_since", "order_tenure_days", "order_count_ever", "order_total_ever")


def rows(n: int = 12) -> Rows:
    X = np.column_stack([np.arange(n), np.arange(n) + 50, np.arange(n) % 5 + 1, np.arange(n) * 10.0])
    return Rows(
        columns=Columns(NAMES),
        X=X.astype(float),
        outcome=np.arange(n) % 2 * 1.0,
        customer=np.array([f"c{one}" for one in range(n)], dtype=object),
        cutoff_us=np.repeat([1, 2], n // 2),
        stage=np.array(["new", "active", "loyal"] * (n // 3), dtype=object),
    )


def test_each_row_is_in_one_slice_of_a_dimension() -> None:
    mine = rows()
    found = slices(mine, pd.DataFrame({"region": ["east", None, "west"] * 4}))
    dimensions = dict.fromkeys(one.dimension for one in found)
    assert list(dimensions) == ["stage", "value", "history", "region"]
    for dimension in dimensions:
        masks = [one.mask for one in found if one.dimension == dimension]
        assert np.sum(masks, axis=0).tolist() == [1] * len(mine)
        assert all(mask.any() for mask in masks)


def test_value_is_told_among_the_rows_of_one_cutoff() -> None:
    value = {one.name: one.mask for one in slices(rows()) if one.dimension == "value"}
    assert [int(mask[:6].sum()) for mask in value.values()] == [2, 2, 2]
    assert value["high"].nonzero()[0].tolist() == [4, 5, 10, 11]


def test_one_time_buyers_are_a_slice() -> None:
    history = {one.name: one.mask for one in slices(rows()) if one.dimension == "history"}
    assert history["one order"].nonzero()[0].tolist() == [0, 5, 10]


def test_an_attribute_of_many_values_keeps_eight_of_them() -> None:
    groups = groups_of(pd.Series([f"city {one % 20 if one % 3 else one % 8}" for one in range(300)]))
    assert len(set(groups)) == 9
    assert "other" in groups


def test_numbers_are_told_apart_by_quarters() -> None:
    groups = groups_of(pd.Series([*range(20, 60), None], dtype=object))
    assert pd.Series(groups).value_counts().to_dict() == {
        "[-inf, 29.75)": 10,
        "[29.75, 39.5)": 10,
        "[39.5, 49.25)": 10,
        "[49.25, inf)": 10,
        "unknown": 1,
    }


def test_attributes_are_laid_beside_the_rows_of_their_cutoff() -> None:
    mine = rows()
    told = pd.DataFrame({"customer_id": ["c0", "c6", "c6"], "cutoff_us": [1, 1, 2], "region": ["east", "old", "west"]})
    laid = aligned(told, mine)
    assert laid["region"].iloc[[0, 6]].tolist() == ["east", "west"]
    assert laid["region"].notna().sum() == 2
    assert len(laid) == len(mine)


def test_a_log_without_amounts_or_counts_is_not_told_apart_by_them() -> None:
    mine = rows()
    bare = Rows(Columns(NAMES[:2]), mine.X[:, :2], mine.outcome, mine.customer, mine.cutoff_us, mine.stage)
    assert {one.dimension for one in slices(bare)} == {"stage"}


@pytest.mark.parametrize("values", [[None, None], []])
def test_an_attribute_that_nobody_has_is_unknown(values: list[None]) -> None:
    assert set(groups_of(pd.Series(values, dtype=object))) <= {"unknown"}


def test_equal_values_lie_where_their_middle_lies() -> None:
    """Of a log without amounts most have bought once: they are the low third, not the middle one."""
    counts = np.array([1.0] * 7 + [2.0, 3.0, 4.0, 5.0, 6.0])
    names = ("order_count_ever", "order_days_since", "order_tenure_days")
    few = replace(rows(), columns=Columns(names), X=np.column_stack([counts, np.ones(12), np.ones(12)]))
    few = replace(few, cutoff_us=np.zeros(12, dtype=np.int64))
    value = {one.name: one.mask for one in slices(few) if one.dimension == "value"}
    assert value["low"].tolist() == [True] * 7 + [False] * 5
    assert value["high"].sum() == 4


def test_a_value_that_is_called_unknown_or_other_is_not_merged_with_what_is() -> None:
    told = groups_of(pd.Series(["unknown", "other", None, "north"], dtype=object))
    assert told.tolist() == ["'unknown'", "'other'", "unknown", "north"]
