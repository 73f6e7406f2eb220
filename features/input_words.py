"""Words of the input-data report's page in both languages, and lengths of time."""

from typing import Final

SEVERITY: Final = {"error": ("Error", "错误"), "warning": ("Warning", "警告"), "advice": ("Advice", "建议")}


def duration(seconds: float) -> str:
    """A length of time in the unit that suits it."""
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if abs(seconds) >= size:
            return f"{seconds / size:,.1f} {unit}"
    return f"{seconds:,.0f} s"
