"""Which customers a list shows: what its form and its links say. Bad input is no error here but the nearest that fits.

Start reading at `Wanted.of`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from churn.bundle import LABELS
from serving.web.words import BANDS, STAGES

MOST_PAGES = 1000


@dataclass(frozen=True)
class Wanted:
    """A filter, and a page of what it lets through.

    Args:
        model: churn or reactivation: who may leave, or who may come back.
        stage, band: only these; None: any.
        least_percent: only probabilities from this on, 0 to 100.
        page: from 1.
    """

    model: str = "churn"
    stage: str | None = None
    band: str | None = None
    least_percent: int = 0
    page: int = 1

    @classmethod
    def of(cls, query: Mapping[str, str]) -> "Wanted":
        """The filter of a query."""
        model, stage, band = query.get("model"), query.get("stage"), query.get("band")
        return cls(
            model=model if model in LABELS else "churn",
            stage=stage if stage in STAGES else None,
            band=band if band in BANDS else None,
            least_percent=_whole(query.get("least", ""), 0, 100, 0),
            page=_whole(query.get("page", ""), 1, MOST_PAGES, 1),
        )

    def where(self, path: str = "/", **changed: object) -> str:
        """The address of a page with this filter, or with a changed one."""
        one = replace(self, **changed)  # type: ignore[arg-type]
        pairs = {"model": one.model, "stage": one.stage, "band": one.band, "least": one.least_percent, "page": one.page}
        usual = {"model": "churn", "stage": None, "band": None, "least": 0, "page": 1}
        kept = {name: value for name, value in pairs.items() if value != usual[name]}
        return f"{path}?{urlencode(kept)}" if kept else path


def _whole(text: str, least: int, most: int, otherwise: int) -> int:
    """A whole number within bounds; another where the text is none."""
    text = text.strip()
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        return otherwise
    return min(max(int(text), least), most)
