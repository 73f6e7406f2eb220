"""Has the shop customers, rows and outcomes enough for a model? Told before anything is learned or written.

    too few customers             FewCustomers     not even the rule of thumb could be judged
    nobody, or one, to ask about  NobodyToAsk      everybody had lapsed, or nobody had
    one outcome only              SameOutcome      nothing to tell apart

LightGBM has floors of its own (training/ladder.py). Reads three columns of snapshots. Start reading at `refusal`.
"""

from churn.settings import Settings
from features.snapshots import Snapshot
from training.folding import FrozenFold
from training.rows import TooFewRows

LEAST_CUSTOMERS = 10  # [training] min_customers may not be lower


class FewCustomers(TooFewRows):
    """The shop has fewer customers than any model should be judged on."""

    def __init__(self, model: str, role: str, customers: int, least: int) -> None:
        one, may_lower = "customer" if customers == 1 else "customers", customers >= LEAST_CUSTOMERS
        lower = f", or lower [training] min_customers to {customers}, knowing how little figures of so few say"
        super().__init__(
            model,
            role,
            f"{customers} {one}, fewer than {least}",
            mend=f"wait until {least - customers} more have been customers for a while (from before the first test "
            f"cutoff), or ingest earlier events{lower if may_lower else ''}; `churn definition preview` counts.",
        )


class NobodyToAsk(TooFewRows):
    """At its cutoffs nobody was there whom the model asks about."""

    def __init__(self, model: str, role: str, rows: int) -> None:
        active, other = model == "churn", " other" if rows else ""
        state = f"every{other} customer had lapsed" if active else f"no{other} customer counted as lapsed"
        super().__init__(
            model,
            role,
            f"{'one customer' if rows else 'nobody'} to ask about: at those cutoffs {state}",
            mend="set a "
            + ("longer" if active else "shorter")
            + " [definition] lapse (its `days`), or "
            + ("ingest newer events" if active else "wait until some have lapsed, and train --model churn alone")
            + "; `churn definition preview` counts who is asked about.",
        )


class SameOutcome(TooFewRows):
    """All rows to learn from, or all to judge by, have the same outcome."""

    def __init__(self, model: str, role: str, *, rows: int, happened: bool) -> None:
        nobody_came = (model == "churn") == happened
        super().__init__(
            model,
            role,
            f"one outcome only (it came true for {'all' if happened else 'none'} of {rows:,})",
            mend=f"set a {'longer' if nobody_came else 'shorter'} [definition] horizon_days, so that "
            f"{'some come back' if nobody_came else 'some stay away'} within it, or give more customers or cutoffs "
            "([training] max_cutoffs, every_days); `churn definition preview` counts outcomes. Where "
            f"{'nobody ever' if nobody_came else 'everybody always'} comes back, there is nothing to foretell.",
        )


def check(model: str, role: str, *, customers: int, rows: int, happened: int, least: int) -> None:
    """See that there is enough for the rule of thumb at least.

    Args:
        model: churn or reactivation.
        role: of the rows: training, test or newest.
        customers: of both models, whom the shop knows; those of a test may be as few as they like.
        rows: mature ones of the model.
        happened: how many of them came true.
        least: [training] min_customers.

    Raises:
        FewCustomers, NobodyToAsk, SameOutcome: there is not.
    """
    if role != "test" and customers < least:
        raise FewCustomers(model, role, customers, least)
    if rows < 2:
        raise NobodyToAsk(model, role, rows)
    if not 0 < happened < rows:
        raise SameOutcome(model, role, rows=rows, happened=happened > 0)


def refusal(model: str, fold: FrozenFold, settings: Settings) -> TooFewRows | None:
    """Why a model cannot be trained on a fold, or None: asked before anything is learned or a registry opened."""
    try:
        for role, snapshot in (("training", fold.train), ("test", fold.test), ("newest", fold.whole)):
            if snapshot is not None:
                _check(snapshot, model, role, settings.training.min_customers)
    except TooFewRows as error:
        return error
    return None


def _check(snapshot: Snapshot, model: str, role: str, least: int) -> None:
    asked = snapshot.columns("customer_id", "model", "label")
    label = asked.loc[asked["model"] == model, "label"].dropna()
    customers = asked["customer_id"].nunique()
    check(model, role, customers=customers, rows=len(label), happened=int(label.sum()), least=least)
