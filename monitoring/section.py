"""What a part of monitoring gives to the site, to Prometheus and to the history of runs.

A reason that links to `drift.html#scores` means the section of its own model: where a page speaks of several models,
the ids on it are `churn-scores`, `reactivation-scores` (`place`), and `shown_at` makes the link.

Start reading at `Section`.
"""

from dataclasses import dataclass, field

from churn.page import Two

PAGES = ("index", "data", "drift", "performance", "business", "model", "history")  # of the site, in this order


def place(model: str | None, anchor: str) -> str:
    """The id of something on a page: a section's, or a row's inside of one (a feature)."""
    return f"{model}-{anchor}" if model else anchor


def shown_at(evidence: str, model: str | None) -> str:
    """The link to what a reason of a model rests on: `drift.html#scores` is the section of that model."""
    page, _, anchor = evidence.partition("#")
    return f"{page}#{place(model, anchor)}" if anchor else page


@dataclass(frozen=True)
class Section:
    """A part of a page.

    Args:
        page: which of `PAGES`. anchor: its id there, so that a reason can link to it.
        title: of the part. note: a quieter sentence under it.
        body: HTML, made with `churn.page` and `monitoring.site.plots`.
        model: churn or reactivation; None where it speaks of the business.
    """

    page: str
    anchor: str
    title: Two
    body: str
    note: Two | None = None
    model: str | None = None

    @property
    def id(self) -> str:
        """Its id on the page."""
        return place(self.model, self.anchor)


@dataclass(frozen=True)
class Figure:
    """A number of a run, kept in the history and shown to Prometheus.

    Args:
        name: in Prometheus's form, with its unit: churn_monitor_score_psi.
        value: finite; what cannot be told is left out.
        meaning: one sentence.
        labels: model, version, segment ...; never anything of a customer.
    """

    name: str
    value: float
    meaning: str
    labels: dict[str, str] = field(default_factory=dict)
