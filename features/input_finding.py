"""A finding about what came in: severity, code, where, what it says and how to mend it, in English and Chinese.

Reads and writes nothing; the texts are those of features/input_codes.py. Start reading at `finding`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from features.input_code import SEVERITIES, Severity
from features.input_codes import CODES


@dataclass(frozen=True)
class Finding:
    """Something the report found.

    Args:
        severity: error, warning or advice.
        code: its name in `CODES`.
        where: the source, column, kind or model it speaks of; empty for the whole log.
        what: language to sentence. mend: likewise.
    """

    severity: Severity
    code: str
    where: str
    what: Mapping[str, str]
    mend: Mapping[str, str]

    def as_json(self) -> dict[str, Any]:
        """For machines."""
        return asdict(self)


def finding(code: str, where: str = "", /, **facts: object) -> Finding:
    """A finding of a known code, its texts filled in with facts."""
    one, facts = CODES[code], facts | {"where": where}
    return Finding(
        one.severity,
        code,
        where,
        {"en": one.en.format(**facts), "zh": one.zh.format(**facts)},
        {"en": one.mend_en.format(**facts), "zh": one.mend_zh.format(**facts)},
    )


def worst_first(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Errors, then warnings, then advice; within each by code and place."""
    return tuple(sorted(findings, key=lambda one: (SEVERITIES.index(one.severity), one.code, one.where)))
