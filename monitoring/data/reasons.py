"""What unsound data means for a verdict. Start reading at `about_data`."""

from collections.abc import Iterator

from churn.page import Two
from monitoring.findings import Findings
from monitoring.reason import Reason

UNUSABLE = {"missing_column", "not_a_number"}
FEWEST_KEPT = 0.5  # share of the customers of the run before

FEW: Two = (
    "wait for more customers, or lower [training] min_rows knowingly.",
    "等待更多客户，或在清楚后果的前提下调低 [training] min_rows。",
)
NOBODY: Two = (
    "see what the log holds (`churn ingest` says what it read), then run `churn features materialise`.",
    "查明日志内容（`churn ingest` 会说明读取了什么），再运行 `churn features materialise`。",
)


def about_data(findings: Findings) -> Iterator[Reason]:
    """Can the model be scored with at all, and is what it is given sound?"""
    bundle = findings.champion.bundle
    yield from about_stop(findings.stopped_at)
    if findings.feature_set_hash is not None and findings.feature_set_hash != bundle.feature_set_hash:
        yield Reason(
            "stop", "other_feature_set",
            (
                (f"The features of now ({findings.feature_set_hash}) are not those that the champion learned from "
                f"({bundle.feature_set_hash}), so it cannot be scored with."),
                f"当前特征集（{findings.feature_set_hash}）与模型训练所用的（{bundle.feature_set_hash}）不同，无法评分。",
            ), 1, 0,
            (
                ("run `churn retrain` on the present features, or go back to the settings and the log it learned from "
                "and run `churn features materialise`."),
                "在当前特征上运行 `churn retrain`；或恢复训练时的设置与日志，再运行 `churn features materialise`。",
            ), "data.html#contract",
        )  # fmt: skip
    yield from _about_rows(findings)


def about_stop(stopped_at: str | None) -> Iterator[Reason]:
    """Was it stopped, and has nobody let a model serve since?"""
    if stopped_at:
        yield Reason(
            "stop", "stopped_before",
            (
                f"It was stopped ({stopped_at}) and nobody has let a model serve since, so it gives no scores.",
                f"它已于 {stopped_at} 停用，此后没有人再启用模型，因此没有评分。",
            ), 1, 0,
            (
                "once the cause is mended, `churn promote`; or `churn rollback` to the champion before it.",
                "原因排除后运行 `churn promote`；或用 `churn rollback` 回到之前的模型。",
            ), "model.html#serving",
        )  # fmt: skip


def _about_rows(findings: Findings) -> Iterator[Reason]:
    if findings.rows < findings.min_rows and "features" not in findings.untold:
        yield Reason(
            "cannot_tell", "too_few_customers",
            (f"The model is asked about {findings.rows} customers now.", f"当前只有 {findings.rows} 位客户需要评分。"),
            findings.rows, findings.min_rows,
            FEW if findings.rows else NOBODY, "data.html#contract",
        )  # fmt: skip
    yield from _about_fewer(findings)
    if findings.age is not None and findings.age > findings.max_age:
        yield Reason(
            "watch", "features_are_old",
            (
                "The features of now are older than the service accepts, in hours.",
                "当前特征已超过服务允许的时长（小时）。",
            ),
            round(findings.age.total_seconds() / 3600, 1), findings.max_age.total_seconds() / 3600,
            (
                "run `churn ingest` and `churn features materialise`; see why the schedule did not.",
                "运行 `churn ingest` 与 `churn features materialise`，并查明定时任务为何没有运行。",
            ), "data.html#freshness",
        )  # fmt: skip
    for fault in findings.faults:
        outcome = "stop" if fault.code in UNUSABLE else "watch"
        told = f"{fault.feature}: {fault.code.replace('_', ' ')}, in {fault.share:.0%} of the rows."
        told_zh = f"{fault.feature}：{fault.code_zh}，涉及 {fault.share:.0%} 的行。"
        yield Reason(
            outcome, f"broken_{fault.code}", (told, told_zh), round(fault.share, 4), 0, fault.mend,
            f"data.html#{fault.feature}", (fault.feature,),
        )  # fmt: skip


def _about_fewer(findings: Findings) -> Iterator[Reason]:
    """Half of the customers of the run before are gone: no business loses them so."""
    before = findings.rows_before
    if before is None or findings.rows >= before * FEWEST_KEPT or "features" in findings.untold:
        return
    yield Reason(
        "watch", "rows_fell",
        (
            f"The model is asked about far fewer customers than at the run before ({before:,}).",
            f"需评分的客户远少于上一次监控（{before:,} 位）。",
        ), findings.rows, round(before * FEWEST_KEPT),
        (
            ("see whether a source or a part of the log is missing (`churn ingest` says what it read), then run "
            "`churn features materialise` again."),
            "检查是否缺少数据源或部分日志（`churn ingest` 会说明读取了什么），再运行 `churn features materialise`。",
        ), "data.html#contract",
    )  # fmt: skip
