"""The figures that the front page shows and the history draws: few, each with its way over the runs.

Start reading at `way`.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape

from churn.page import Two, both
from monitoring.history import Run
from monitoring.site.plots import spark

FIGURE = re.compile(r"(?P<name>[a-z_0-9]+)(?:\{(?P<labels>.*)\})?")


@dataclass(frozen=True)
class Key:
    """A figure that people look at.

    Args:
        name: as Prometheus has it. words: for people.
        shape: how it is written, for `format`.
        labels: beside model and version.
        is_money: its currency stands behind it.
    """

    name: str
    words: Two
    shape: str
    labels: Mapping[str, str] = field(default_factory=dict)
    is_money: bool = False


OF_MODELS = (
    Key("churn_monitor_rows", ("customers asked about", "应评分客户数"), ",.0f"),
    Key("churn_monitor_score_mean", ("mean score", "平均评分"), ".3f"),
    Key("churn_monitor_score_psi", ("PSI of the scores", "评分 PSI"), ".3f"),
    Key("churn_monitor_estimated_roc_auc", ("ROC AUC, estimated", "估计 ROC AUC"), ".3f", {"end": "mid"}),
    Key("churn_monitor_realised_roc_auc", ("ROC AUC, realised", "实际 ROC AUC"), ".3f"),
    Key("churn_monitor_realised_rate_ratio", ("actual / expected rate", "实际 / 预期比率"), ".2f"),
)
MONTH = {"grain": "month"}
OF_BUSINESS = (
    Key("churn_monitor_retention_rate", ("retention of the month, by cohort", "月留存率（按队列）"), ".1%", MONTH),
    Key("churn_monitor_churn_rate", ("churn rate of the month", "月流失率"), ".1%", MONTH),
    Key("churn_monitor_won_back_customers", ("won back in the month", "当月挽回客户"), ",.0f", MONTH),
    Key("churn_monitor_lost_amount", ("value lost in the month", "当月流失价值"), ",.0f", MONTH, is_money=True),
)


def way(runs: Sequence[Run], key: Key, model: str | None) -> list[float | None]:
    """A figure over the runs, whichever version served; None where a run did not have it.

    Args:
        runs: oldest first.
        key: which figure.
        model: of which model; None: of the business.
    """
    wanted = {f"{name}='{value}'" for name, value in key.labels.items()} | ({f"model='{model}'"} if model else set())
    return [next((value for told, value in one.figures.items() if _is(told, key.name, wanted)), None) for one in runs]


def _is(told: str, name: str, wanted: set[str]) -> bool:
    found = FIGURE.fullmatch(told)
    if found is None or found["name"] != name:
        return False
    return {one for one in (found["labels"] or "").split(",") if one and not one.startswith("version=")} == wanted


def tiles(runs: Sequence[Run], keys: Sequence[Key], model: str | None, currency: str = "") -> str:
    """The figures that the newest run has, each with its way; empty where it has none."""
    return "".join(_tile(key, way(runs, key, model), currency if key.is_money else "") for key in keys)


def _tile(key: Key, values: Sequence[float | None], unit: str) -> str:
    if not values or values[-1] is None:
        return ""
    told = format(values[-1], key.shape) + (f" <small>{escape(unit)}</small>" if unit else "")
    return f'<div class="tile">{both(*key.words)}<b>{told}</b>{spark(values, title=key.words)}</div>'
