"""What a kind of finding is made of: its severity, and its texts in two languages. Reads nothing."""

from dataclasses import dataclass
from typing import Final, Literal

Severity = Literal["error", "warning", "advice"]
SEVERITIES: Final[tuple[Severity, ...]] = ("error", "warning", "advice")


@dataclass(frozen=True)
class Code:
    """What a kind of finding says, with facts in braces, and how to mend it."""

    severity: Severity
    en: str
    zh: str
    mend_en: str
    mend_zh: str
