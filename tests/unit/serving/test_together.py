"""What several ask at the same time is what each would have been told alone, in as few calls as there are words."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from serving.schemas import Score
from serving.scorer import Answer
from serving.together import Asked, together
from tests.tiny_service import NOW

ASKED = st.builds(
    Asked, st.lists(st.sampled_from("abcde"), min_size=1, max_size=4), st.sampled_from(["en", "zh"]), st.integers(0, 2)
)


def test_each_is_told_what_it_asked() -> None:
    calls: list[tuple[str, int]] = []

    def answering(customer_ids: Sequence[str], language: str, top: int) -> list[Answer]:
        calls.append((language, top))
        return [
            Answer(Score(score_id=f"{language}{top}", customer_id=who, scored_at=NOW, clock="wall", definition_id=""))
            for who in customer_ids
        ]

    @given(st.lists(ASKED, max_size=8))
    def law(group: list[Asked]) -> None:
        calls.clear()
        told = [[(one.score.score_id, one.score.customer_id) for one in part] for part in together(answering, group)]
        assert told == [[(f"{one.language}{one.top}", who) for who in one.customer_ids] for one in group]
        assert len(calls) == len(set(calls))

    law()
