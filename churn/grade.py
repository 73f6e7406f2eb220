"""How much better than a rule of thumb is a model? A letter, and a sentence that a marketer reads.

    A   surely at least 10% less surprised than the recency rule     (low end of the 95% interval of its skill >= .10)
    B   surely at least 5%                                           (>= .05)
    C   surely better                                                (> 0)
    no better than a rule                                            (the interval reaches 0, or the rule itself)

Skill is the share of the rule's log loss that the model takes away, on the same rows; its interval comes from drawing
customers anew. Reads three numbers; knows no model. Start reading at `Grade.of`.

Source: the letters are those of Microsoft Dynamics 365 Customer Insights, which grades by accuracy against a baseline
without an interval and serves its C; https://learn.microsoft.com/dynamics365/customer-insights/data/predict-transactional-churn
"""

from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict

Letter = Literal["A", "B", "C", "none"]
Learner = Literal["lightgbm", "bg_nbd", "recency_rule"]
FLOORS: tuple[tuple[Letter, float], ...] = (("A", 0.10), ("B", 0.05), ("C", 0.0))

SENTENCES: dict[Letter, tuple[str, str]] = {
    "A": ("A: far better than a rule of thumb", "A级：远胜于按沉默天数的经验规则"),
    "B": ("B: clearly better than a rule of thumb", "B级：明显优于按沉默天数的经验规则"),
    "C": ("C: somewhat better than a rule of thumb", "C级：略优于按沉默天数的经验规则"),
    "none": ("no better than a rule of thumb", "不优于按沉默天数的经验规则"),
}
LEARNERS: dict[Learner, tuple[str, str]] = {
    "lightgbm": ("a model of all features", "综合全部特征的模型"),
    "bg_nbd": ("a counting model of visits (BG/NBD)", "到访计数模型（BG/NBD）"),
    "recency_rule": ("the rule of thumb itself: days since the last event", "经验规则本身：距上次事件的天数"),
}


class Grade(BaseModel):
    """A letter, and what it rests on."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    letter: Letter
    skill: float
    """Share of the rule's log loss that the model takes away; negative: it adds to it."""
    low: float
    high: float
    """The 95% interval of the skill."""
    customers: int
    """So many were judged on."""

    @classmethod
    def of(cls, skill: float, low: float, high: float, *, customers: int, learner: Learner) -> Self:
        """The letter that an interval earns; the rule itself earns none."""
        earned = next((letter for letter, floor in FLOORS if low > floor or low == floor > 0), "none")
        letter: Letter = "none" if learner == "recency_rule" else earned  # type: ignore[assignment]  # one of FLOORS
        return cls(letter=letter, skill=skill, low=low, high=high, customers=customers)

    def sentence(self, learner: Learner, language: str = "en") -> str:
        """Who answers and how good that is, for people."""
        place = int(language == "zh")
        told = SENTENCES[self.letter][place]
        who = LEARNERS[learner][place]
        if learner == "recency_rule":
            return f"{told}（由{who}给出）" if place else f"{told} (answered by {who})"
        saved = self.skill >= 0
        share, low, high = (self.skill, self.low, self.high) if saved else (-self.skill, -self.high, -self.low)
        if place:
            word = "少" if saved else "多"
            return f"{told}（由{who}给出；预测误差比规则{word}{share:.0%}，95%区间{low:.0%}至{high:.0%}）"
        return (
            f"{told} (answered by {who}; {share:.0%} {'less' if saved else 'more'} error than the rule, "
            f"95% interval {low:.0%} to {high:.0%})"
        )

    def as_json(self, learner: Learner) -> dict[str, Any]:
        """The grade, who answers, and both sentences."""
        told = {"learner": learner, **self.model_dump()}
        return told | {language: self.sentence(learner, language) for language in ("en", "zh")}


def in_answer(learner: Learner, grade: Grade | None, language: str) -> dict[str, Any]:
    """What a score says of the model behind it: learner, grade, grade_text."""
    letter, text = (grade.letter, grade.sentence(learner, language)) if grade else (None, None)
    return {"learner": learner, "grade": letter, "grade_text": text}
