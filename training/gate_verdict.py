"""What the gate says: a check with its reason in English and Chinese, and the verdict over all of them.

Knows no number. Start reading at `Verdict`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

State = Literal["passed", "failed", "not_required"]
PARITY, LOST = "parity", "features_lost"


@dataclass(frozen=True)
class Check:
    """One condition of the gate: its name, how it went, and why, in English and Chinese."""

    name: str
    state: State
    why: str
    why_zh: str = ""


def check(name: str, is_met: bool, why: str, why_zh: str) -> Check:
    """A condition that was looked at."""
    return Check(name, "passed" if is_met else "failed", why, why_zh)


def failed(name: str, why: str, why_zh: str) -> Check:
    """A condition that is not met."""
    return Check(name, "failed", why, why_zh)


def skipped(name: str, why: str, why_zh: str) -> Check:
    """A condition that is not asked for here."""
    return Check(name, "not_required", why, why_zh)


def some_of(names: Sequence[str], most: int = 3) -> str:
    """The first of some names, and how many more there are."""
    return ", ".join(names[:most]) + (f" (+{len(names) - most})" if len(names) > most else "")


@dataclass(frozen=True)
class Verdict:
    """Whether a challenger may serve, condition by condition.

    Args:
        checks: the conditions.
        rule: by which rule it was judged: first, replace, renew, features_changed, afresh or again.
    """

    checks: tuple[Check, ...]
    rule: str = "first"

    @property
    def passed(self) -> bool:
        """No condition failed."""
        return all(check.state != "failed" for check in self.checks)

    @property
    def failed(self) -> list[str]:
        """The names of the conditions that failed."""
        return [check.name for check in self.checks if check.state == "failed"]

    @property
    def reasons(self) -> list[str]:
        """Why not: the failed conditions in words."""
        return [check.why for check in self.checks if check.state == "failed"]

    def as_json(self) -> dict[str, Any]:
        """What `champion/<model>.json` and the history keep."""
        return {"passed": self.passed, "rule": self.rule, "checks": [asdict(check) for check in self.checks]}


def parity_check(certificate: Mapping[str, Any] | None, feature_set_hash: str, definition_id: str) -> Check:
    """Whether it is proven that on-line rows equal off-line rows, for the features and definition of a model.

    Args:
        certificate: of features/parity.py; None where there is none.
        feature_set_hash: the features that the model learned from.
        definition_id: what churn meant to it.
    """
    if certificate is None:
        why = f"no certificate says that on-line rows of its features ({feature_set_hash}) equal the off-line ones"
        return failed(PARITY, why, f"没有证书证明其特征（{feature_set_hash}）的在线行与离线行一致")
    if (certificate["feature_set_hash"], certificate["definition_id"]) != (feature_set_hash, definition_id):
        found = certificate["feature_set_hash"]
        return failed(PARITY, f"its certificate is of other features ({found})", f"证书属于另一组特征（{found}）")
    count, mismatches = certificate["count"], certificate["mismatches"]
    told = f"{count - mismatches} of {count} on-line rows ({certificate['rows']}) equal the off-line ones"
    return check(PARITY, bool(certificate["passed"]), told, f"{count} 行在线特征中 {count - mismatches} 行与离线一致")
