"""Who opted out of scoring gets no number: from no scorer, no batch and no night, whatever came in which order."""

from collections.abc import Iterable

from hypothesis import example, given
from hypothesis import strategies as st

from features.opt_outs import ROWS, standing
from serving import nightly
from serving.shadow import _is_asked
from tests.tiny_service import champion, row, scorer

WORDS = st.tuples(
    st.sampled_from("abc"), st.sampled_from(["opt_out", "opt_in"]), st.sampled_from(["scoring", "评分", "email", ""]),
    st.integers(0, 4), st.integers(0, 6),
)  # fmt: skip
Word = tuple[str, str, str, int, int]  # who, which kind, of what, when it happened, when it reached us


class Standing:
    """Objections as rows of opt-outs have them before an instant."""

    def __init__(self, words: Iterable[Word], now: int) -> None:
        import pyarrow as pa

        told = [
            {
                "customer_id": who, "event_type": kind, "category": of or None, "event_timestamp": at,
                "ingested_at": max(at, known), "superseded_at": None,
            }
            for who, kind, of, at, known in words
        ]  # fmt: skip
        found = standing(pa.Table.from_pylist(told, schema=ROWS), now)
        self._who = set(found.loc[found["category"] == "scoring", "customer_id"])

    def among(self, customer_ids: Iterable[str], category: str = "scoring") -> set[str]:
        """Those of these who object."""
        return self._who & set(customer_ids) if category == "scoring" else set()


def objects(words: Iterable[Word], who: str, now: int) -> bool:
    """The same, said plainly: what was known, the newest of it, and at one instant the objection."""
    mine = [
        (at, kind == "opt_out")
        for one, kind, of, at, known in words
        if one == who and of in ("scoring", "评分") and at < now and max(at, known) < now
    ]
    return bool(mine) and max(mine)[1]


@given(st.lists(WORDS, max_size=12), st.integers(0, 7), st.randoms(use_true_random=False))
@example([("a", "opt_out", "scoring", 1, 1), ("a", "opt_in", "scoring", 1, 1)], 5, None)
def test_nobody_who_objects_gets_a_number(words: list[Word], now: int, order: object) -> None:
    shuffled = list(words)
    if order is not None:
        order.shuffle(shuffled)  # type: ignore[attr-defined]
    ask = scorer(opted_out=Standing(shuffled, now))
    rows = [row(one) for one in "abc"]
    usual = scorer().score(["a", "b", "c"], rows, language="en", top=1)
    kept = nightly.nights(
        ask.champions, rows, [one.judged for one in usual], ask.calendar, 1
    )  # of before the objection
    rows = [row(one, nightly=kept[place].nightly) for place, one in enumerate("abc")]
    for answer in ask.score(["a", "b", "c"], rows, language="zh", top=1):
        score, silent = answer.score, objects(words, answer.score.customer_id, now)
        assert (score.abstention is not None and score.abstention.code == "opted_out") == silent
        assert (score.probability is None) == silent == (answer.judged is None) == (answer.vector is None)
        assert (score.reasons == []) == silent == (score.value is None and score.percentile is None)
        line = answer.log_row()
        assert (line["probability"] is None) == silent == (line["vector"] is None)
        assert _is_asked(answer, "churn", champion("churn")) is not silent
