"""Why there is no number: the codes of abstentions, each with its problem and its mend, in English and Chinese.

Data only. Who reads them works with customers, in the language that was asked for.
"""

from serving.schemas import Abstention

ABSTENTIONS: dict[str, tuple[str, str]] = {
    "unknown_customer": (
        "The on-line store has no row of this customer.",
        "check the id; new customers enter with `churn ingest` and `churn features materialise`, or with a live event.",
    ),
    "store_unavailable": (
        "The on-line store does not answer in time, so there are no features to score.",
        "ask again in some seconds: the service asks the store every second; docs/operations.md says what to look at.",
    ),
    "erased": (
        "This customer was forgotten.",
        "nothing brings their rows back; who comes back by themselves is let in by `churn forget --undo-block`.",
    ),
    "opted_out": (
        "This customer objected to being scored, so they are not.",
        "nothing is to be mended: decide without a score; an event `opt_in` of category `scoring` lifts the objection.",
    ),
    "no_qualifying_event": (
        "A prospect: no qualifying event yet, so there is nothing to leave from or come back to.",
        "ask again after their first one; [definition] qualifying says which events count.",
    ),
    "not_eligible": (
        "No model is asked about this customer: not eligible by the definition, or lapsed too long ago.",
        "see `eligible` and `win_back_within_days` in [definition].",
    ),
    "no_model_for_stage": (
        "The {model} model, which answers for this stage, has no champion.",
        "`churn train --model {model}`, then `churn promote --model {model}`; the service takes it over by itself.",
    ),
    "model_stopped": (
        "Monitoring's verdict stopped {version}.",
        "see the reasons in monitoring/report.html; then `churn promote` another model or `churn rollback`.",
    ),
    "feature_set_changed": (
        "The features in the store are not those that {version} learned from.",
        "train and promote on the present features, or materialise the ones the model knows.",
    ),
    "events_rejected": (
        "An imagined event cannot be taken, and a number without it would mislead.",
        "see `rejected` beside the score: each event there has a code and a mend.",
    ),
    "stale_features": (
        "The features are older than {hours} hours ([serving] max_feature_age_hours).",
        "run `churn ingest` and `churn features materialise`; schedule both (docs/operations.md).",
    ),
    "clock_skew": (
        "The features are {minutes} minutes ahead of the service's clock, so nobody can say how old they are.",
        "set the clocks of all machines by one time server; what a wrong clock wrote: `churn features materialise`.",
    ),
}


ABSTENTIONS_ZH: dict[str, tuple[str, str]] = {
    "unknown_customer": (
        "在线特征库中没有该客户的记录。",
        "请核对客户编号；新客户通过 `churn ingest` 和 `churn features materialise` 进入，或随其实时事件进入。",
    ),
    "store_unavailable": (
        "在线特征库未能及时响应，因此没有可用于评分的特征。",
        "请几秒后再试：服务每秒会重新询问特征库；排查方法见 docs/operations.md。",
    ),
    "erased": (
        "该客户的数据已按要求删除。",
        "已删除的记录无法恢复；客户若自行回来，可用 `churn forget --undo-block` 放行。",
    ),
    "opted_out": (
        "该客户已拒绝个人评分，因此不予评分。",
        "无需处理：请在没有评分的情况下决策；客户重新同意时，发送类别为 `scoring` 的 `opt_in` 事件即可恢复。",
    ),
    "no_qualifying_event": (
        "潜在客户：尚无任何计入的行为，因此谈不上流失或回归。",
        "请在其首次行为之后再查询；哪些事件计入由 [definition] qualifying 规定。",
    ),
    "not_eligible": (
        "该客户不在任何模型的范围内：按定义不适用，或流失已久。",
        "见 [definition] 中的 `eligible` 与 `win_back_within_days`。",
    ),
    "no_model_for_stage": (
        "负责该阶段的 {model} 模型尚无冠军版本。",
        "依次运行 `churn train --model {model}`、`churn promote --model {model}`，服务会自行接管。",
    ),
    "model_stopped": (
        "监控已停用 {version}。",
        "原因见 monitoring/report.html；之后用 `churn promote` 启用另一个模型，或用 `churn rollback` 回退。",
    ),
    "feature_set_changed": (
        "特征库中的特征与 {version} 训练时所用的不同。",
        "请用现有特征重新训练并上线，或重新生成该模型所用的特征。",
    ),
    "events_rejected": (
        "假设的事件无法采纳，而不计入它的数字会产生误导。",
        "见评分旁的 `rejected`：其中每个事件都有代码和处理办法。",
    ),
    "stale_features": (
        "特征已超过 {hours} 小时未更新（[serving] max_feature_age_hours）。",
        "运行 `churn ingest` 和 `churn features materialise`，并将两者设为定时任务（docs/operations.md）。",
    ),
    "clock_skew": (
        "特征的时间领先于服务的时钟 {minutes} 分钟，因此无法判断特征的新旧。",
        "让所有机器与同一时间服务器对时；若记录由错误的时钟写入，运行 `churn features materialise`。",
    ),
}
IN = {"en": ABSTENTIONS, "zh": ABSTENTIONS_ZH}


def abstention(code: str, language: str = "en", **facts: str) -> Abstention:
    """One abstention in words of a language, en or zh, with the facts of the case filled in."""
    problem, mend = IN[language][code]
    return Abstention(code, problem.format(**facts), mend.format(**facts))
