"""Which groups reasons speak of: the compiled loops against plain Python, and against a list sorted by hand."""

import numpy as np
import pytest

from churn.explanation import Explainer
from churn.reasonkernel import find_reasons
from churn.reasons import UNCLEAR
from churn.treeshap import WrongRows, compiled
from tests.unit.churn.test_reasons import FEATURES, USUAL


def test_reasons_are_found_as_plain_python_finds_them() -> None:
    """What is compiled and what can be read and stepped through choose the same groups and features, ties included."""
    rng = np.random.default_rng(8)
    contributions = np.round(rng.normal(size=(80, 6)), 1)
    contributions[:3] = [[0.0], [0.5], [-0.5]]
    usual, group = np.array([0.1, 0.0, 0.0, -0.2, 0.0]), np.array([0, 1, 1, 2, 0])
    for top in (1, 3):
        for least_share in (0.0, 0.3):
            asked = (contributions, usual, group, least_share)
            each = [(np.zeros((80, top, 2)), np.full((80, 3 + top), -1)) for _ in range(2)]
            find_reasons(*asked, *each[0])
            compiled().find_reasons(*asked, *each[1])
            np.testing.assert_array_equal(each[0][0], each[1][0])
            np.testing.assert_array_equal(each[0][1], each[1][1])
            assert each[0][1][:, 1].max() == top


def test_the_strongest_groups_by_another_way() -> None:
    """Against the sums sorted by hand: first those in the direction of the score, each direction strongest first."""
    rng = np.random.default_rng(9)
    contributions = rng.normal(size=(50, 5))
    told = Explainer(FEATURES, USUAL, outcome="churned", least_share=0.15).explain(
        contributions, np.ones((50, 5)), top=9
    )
    columns = {"silence": [0], "rhythm": [1, 2], "value": [3], "profile": [4]}
    for row, found in zip(contributions, told, strict=True):
        sums = {code: sum(float(row[j]) for j in places) for code, places in columns.items()}
        moved, way = sum(map(abs, sums.values())), 1 if sum(sums.values()) >= 0 else -1
        big = sorted((one for one in sums if abs(sums[one]) / moved >= 0.15), key=lambda one: -abs(sums[one]))
        along = [one for one in big if sums[one] * way > 0]
        expected = along + [one for one in big if one not in along]
        assert [one.code for one in found if one.direction] == expected
        assert (found[0].code == UNCLEAR.code) == (not along)


def test_too_few_contributions_are_refused() -> None:
    with pytest.raises(WrongRows, match="5 features"):
        Explainer(FEATURES, USUAL, outcome="churned").explain(np.ones((2, 4)), np.ones((2, 5)))
