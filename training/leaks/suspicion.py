"""What a hunt found: a check, how bad it is, the kind of event, its features, and the figures. In two languages.

    suspicious   a model would learn it: look at where it comes from, and leave it out until it is mended
    guarded      it would leak from a table of today; snapshots leave out what was not known yet, so no model sees it
    look         odd, and tells little of the outcome

Reads nothing. Start reading at `Suspicion`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

Level = Literal["suspicious", "guarded", "look"]
LEVELS: Final[tuple[Level, ...]] = ("suspicious", "guarded", "look")

WHAT: Final[dict[str, tuple[str, str]]] = {
    "too_good_alone": (
        ("{features} alone tells the {model} outcome with AUC {alone:.3f}; all features of other kinds together reach "
        "{others:.3f}."),
        "仅 {features} 一项预测 {model} 结果的 AUC 即达 {alone:.3f}；其他类型的全部特征合计为 {others:.3f}。",
    ),
    "known_time": (
        ("Computed from what is known today, {features} would tell the {model} outcome with AUC {later:.3f}; as known "
        "at the cutoff it is {known:.3f}. Its events reach us after the day they are dated."),
        ("若按今日所知计算，{features} 预测 {model} 结果的 AUC 为 {later:.3f}；按截止时所知仅为 {known:.3f}。"
        "这类事件到达的时间晚于其标注的日期。"),
    ),
    "future_correlated": (
        ("{features} tells who was silent long after ({far:.3f} AUC for the last horizon of the log) better than what "
        "came next ({near:.3f}). What is known of the past fades; this grows."),
        ("{features} 预测很久以后的沉默（日志最后一个周期，AUC {far:.3f}）优于预测随后的结果（{near:.3f}）。"
        "过去的信息应逐渐失效，而它却在增强。"),
    ),
    "recorded_late": (
        ("The last {days} days of the log hold {found} of these events; {expected:.0f} were to be expected. They are "
        "written down later than they are dated, and the source does not say when (`ingested_at`)."),
        ("日志最后 {days} 天只有 {found} 条这类事件，按惯例应有 {expected:.0f} 条。它们的记录时间晚于标注日期，"
        "而数据源未说明何时得知（`ingested_at`）。"),
    ),
    "not_as_known": (
        ("In {share:.1%} of the rows of the frozen snapshot {features} is not what the log gives by what was known at "
        "the cutoff."),
        "冻结快照中 {share:.1%} 的行里，{features} 与日志按截止时所知算出的值不同。",
    ),
}  # fmt: skip
MEND: Final[dict[str, tuple[str, str]]] = {
    "too_good_alone": (
        ("Ask who writes it, and when: before the customer falls silent, or after. If after, map `ingested_at` to when "
        "it was written, or name it in [features] leave_out."),
        ("请确认由谁、何时写入：在客户沉默之前还是之后。若在之后，请将 `ingested_at` 映射为写入时间，"
        "或写入 [features] leave_out。"),
    ),
    "known_time": (
        "Nothing to mend here: snapshots leave it out. Do not build features outside from a table of today.",
        "无需处理：快照不含此信息。请勿在外部用今日的表构造特征。",
    ),
    "future_correlated": (
        ("It looks like today's value dated back, such as a status or a list made later. Map the day from which it was "
        "known, or name it in [features] leave_out."),
        "它像是把今日的值回填到过去，例如状态或事后整理的名单。请映射其实际得知日期，或写入 [features] leave_out。",
    ),
    "recorded_late": (
        ("Map `ingested_at` of this source to when a row was written, or name its features in [features] leave_out. If "
        "the source only ends early, say so with [definition] observed_until."),
        ("请将该数据源的 `ingested_at` 映射为行的写入时间，或将其特征写入 [features] leave_out。"
        "若只是数据源提前结束，请用 [definition] observed_until 说明。"),
    ),
    "not_as_known": (
        "Freeze and train again: `churn train`. If it comes back, the past of the log changes without saying when.",
        "请重新冻结并训练：`churn train`。若再次出现，说明日志的过去在变化而未说明时间。",
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Suspicion:
    """Something a hunt found.

    Args:
        check: its name in `WHAT`.
        level: how bad it is.
        kind: the kind of event that it speaks of, with its reason code where it speaks of one.
        model: churn or reactivation; empty where it is the same for both.
        features: that it names, the worst first.
        figures: the numbers behind it.
    """

    check: str
    level: Level
    kind: str
    model: str
    features: tuple[str, ...]
    figures: Mapping[str, float]

    def says(self, language: str) -> str:
        """What was found, in `en` or `zh`."""
        facts = {
            **self.figures,
            "model": self.model,
            "features": f"`{self.features[0] if self.features else self.kind}`",
        }
        return WHAT[self.check][language == "zh"].format(**facts)

    def mend(self, language: str) -> str:
        """What to do about it, in `en` or `zh`."""
        return MEND[self.check][language == "zh"]

    def as_json(self) -> dict[str, Any]:
        """For machines."""
        return {
            "check": self.check, "level": self.level, "kind": self.kind, "model": self.model or None,
            "features": list(self.features), "figures": {name: float(one) for name, one in self.figures.items()},
            "what": {language: self.says(language) for language in ("en", "zh")},
            "mend": {language: self.mend(language) for language in ("en", "zh")},
        }  # fmt: skip
