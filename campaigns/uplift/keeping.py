"""What was learned of each action, kept whole: figures, and the model where it is trusted.

    campaigns/uplift/<action>/model.json    who judged it trusted, on what, and LightGBM's texts; no row, nobody's id
    campaigns/uplift/<action>/report.html   the same for people

Plans ask `uplift_of`; an action without a trusted model has none, whatever was learned. Start reading there.
"""

import json
import re
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
import pandas as pd

from campaigns.uplift.gathering import Refused, Rows
from campaigns.uplift.judging import TRUSTED, Judged
from campaigns.uplift.learners import Tau
from campaigns.uplift.training import Shrunk
from churn.errors import DataError
from churn.metrics_uplift import FloatArray
from features.atomic import write_json
from features.treatments import FOLDER

FILE, PAGE, PLACE = "model.json", "report.html", "uplift"
FORM: Final = 1
CODE: Final = r"[a-z0-9][a-z0-9_-]{0,39}"  # as of [[action]] code: it names a folder


class NoCode(DataError):
    """What is to be the code of an action cannot be one."""

    def __init__(self, action: str) -> None:
        super().__init__(
            f"{action!r} cannot be the code of an action, so its uplift has no place to lie in.",
            mend="bring the campaign in again under a code of at most 40 of a to z, 0 to 9, - and _, as in coupon.",
        )


class BrokenUplift(DataError):
    """What was learned of an action cannot be read."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(f"{path} cannot be used: {why}.", mend="train it again: `churn campaign uplift`.")


class FeaturesMissing(DataError):
    """The features that a model of uplift reads are not there."""

    def __init__(self, action: str, missing: list[str]) -> None:
        some = ", ".join(missing[:3]) + (" ..." if len(missing) > 3 else "")
        super().__init__(
            f"The uplift of {action!r} cannot be told: {len(missing)} of its features are not there ({some}).",
            mend="the log or [features] changed since it was learned: train it again with `churn campaign uplift`.",
        )


@dataclass(frozen=True)
class Uplift:
    """What an action changes, by features; trusted.

    Args:
        action: its code.
        names: of the features that it reads.
        model: shrunk effects.
        figures: what it was judged by, as `model.json` has them.
        known_until: up to which the log was known when it was learned.
    """

    action: str
    names: tuple[str, ...]
    model: Shrunk
    figures: dict[str, Any]
    known_until: datetime

    def effects(self, frame: pd.DataFrame) -> FloatArray:
        """By how much the action raises each customer's chance to come within its window.

        Args:
            frame: a float column a feature, NaN where null; others are not read. n rows.

        Returns:
            In [-1, 1], below 0 for whom it drives away. Shape (n,).

        Raises:
            FeaturesMissing: columns are not there.
        """
        if missing := [name for name in self.names if name not in frame.columns]:
            raise FeaturesMissing(self.action, missing)
        return np.clip(self.model.of(frame[list(self.names)].to_numpy(dtype=np.float64)), -1.0, 1.0)

    @classmethod
    def of_json(cls, told: dict[str, Any]) -> Self:
        """As `model.json` has it."""
        kept = dict(told["model"])
        tau = Tau(tuple(kept.pop("boosters")), tuple(kept.pop("factors")))
        return cls(
            told["action"], tuple(told["features"]), Shrunk(tau, **kept), told["judged"],
            datetime.fromisoformat(told["known_until"]),
        )  # fmt: skip


def uplift_of(folder: Path, action: str) -> Uplift | None:
    """The trusted model of an action; None where there is none, for whatever reason.

    Args:
        folder: the artifacts of a business.
        action: its code.

    Raises:
        BrokenUplift: its file cannot be read.
    """
    told = read(folder, action)
    if told is None or told["verdict"] != TRUSTED:
        return None
    try:
        return Uplift.of_json(told)
    except (KeyError, TypeError, ValueError) as error:
        raise BrokenUplift(file_of(folder, action), f"{type(error).__name__}: {error}") from error


def read(folder: Path, action: str) -> dict[str, Any] | None:
    """What was learned of an action, trusted or not; None where nobody tried.

    Raises:
        BrokenUplift: its file cannot be read.
    """
    path = file_of(folder, action)
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise BrokenUplift(path, "it is no JSON") from error
    if not isinstance(told, dict) or told.get("form") != FORM or "verdict" not in told:
        raise BrokenUplift(path, f"it has not form {FORM}")
    return told


def keep(
    folder: Path, action: str, rows: Rows | Refused, judged: Judged | None, model: Shrunk | None, *,
    now: datetime, seed: int,
) -> dict[str, Any]:  # fmt: skip
    """Write what was learned of an action, or why nothing was; what was written.

    Args:
        folder: the artifacts of a business.
        action: its code.
        rows: that were learned from, or why there are none.
        judged: what the model is worth; None where nothing was learned.
        model: is kept where it is trusted.
        now: up to which the log is known.
        seed: of everything random.
    """
    told: dict[str, Any] = {"form": FORM, "action": action, "known_until": now.isoformat(), "seed": seed}
    if isinstance(rows, Refused):
        told |= {"verdict": rows.code, "counts": rows.counts, "left_out": rows.left_out}
    if isinstance(rows, Rows) and judged is not None:
        told |= {"verdict": judged.verdict, "campaigns": list(rows.campaigns), "left_out": rows.left_out}
        told |= {"judged": _figures(judged), "features": list(rows.names)}
        if model is not None and judged.is_trusted:
            tau = {"boosters": list(model.tau.boosters), "factors": list(model.tau.factors)}
            line = {"learner": model.learner, "level": model.level, "slope": model.slope, "centre": model.centre}
            told["model"] = tau | line
    write_json(file_of(folder, action), told)
    plain: dict[str, Any] = json.loads(json.dumps(told))  # as it is read again
    return plain


def _figures(judged: Judged) -> dict[str, Any]:
    told = asdict(judged)
    told["top"] = {f"{share:.0%}": figure for share, figure in told["top"].items()}
    told["curve"] = [{"share": share, **figure} for share, figure in told["curve"]]
    return told


def file_of(folder: Path, action: str) -> Path:
    """Where what was learned of an action lies.

    Raises:
        NoCode: this can be the code of no action.
    """
    if re.fullmatch(CODE, action) is None:
        raise NoCode(action)
    return folder / FOLDER / PLACE / action / FILE
