"""The words of the report's page in both languages: learners, figures, slices, verdicts. Start at `name`."""

from typing import Final

from features.input_words import both

LEARNERS: Final = {
    "lightgbm": ("our model (line + trees)", "本模型（线性+树）"),
    "logistic": ("logistic regression, six RFM features", "逻辑回归（六个 RFM 特征）"),
    "recency_rule": ("recency rule", "近因规则"),
    "halving_rule": ("best 'silent for n days' rule", "最佳“沉默 n 天”规则"),
    "bg_nbd": ("BG/NBD", "BG/NBD"),
    "pareto_nbd": ("Pareto/NBD", "Pareto/NBD"),
    "base_rate": ("base rate for everybody", "人人取平均率"),
}
FIGURES: Final = {
    "roc_auc": ("ROC AUC", "ROC AUC"),
    "pr_auc": ("PR AUC", "PR AUC"),
    "log_loss": ("log loss", "对数损失"),
    "brier": ("Brier", "Brier"),
    "reliability": ("reliability", "可靠性"),
    "resolution": ("resolution", "分辨度"),
    "uncertainty": ("uncertainty", "不确定性"),
    "within_bins": ("within bins", "箱内余项"),
    "ece": ("ECE", "ECE"),
    "ece_by_chance": ("ECE by chance", "偶然 ECE"),
    "lift_10": ("top-decile lift", "前 10% 提升"),
    "profit": ("profit", "利润"),
    "max_profit": ("maximum profit", "最大利润"),
    "expected_max_profit": ("expected maximum profit", "期望最大利润"),
    "flagged_share": ("share flagged", "被标记比例"),
    "false_positive_rate": ("false positives", "误报率"),
    "false_negative_rate": ("false negatives", "漏报率"),
    "base_rate": ("base rate", "实际率"),
}
MODELS: Final = {
    "churn": ("Who will leave", "谁会流失"),
    "reactivation": ("Who will come back", "谁会回来"),
}
DIMENSIONS: Final = {
    "stage": ("lifecycle stage", "生命周期阶段"),
    "value": ("value (spend so far, thirds)", "价值（累计消费三等分）"),
    "history": ("history", "购买次数"),
}
NAMES: Final = {
    "new": "新客",
    "active": "活跃",
    "loyal": "忠诚",
    "lapsing": "将流失",
    "lapsed": "已流失",
    "won_back": "已挽回",
    "prospect": "潜在",
    "low": "低",
    "middle": "中",
    "high": "高",
    "one order": "一单",
    "two or three": "两到三单",
    "four or more": "四单及以上",
    "unknown": "未知",
    "other": "其他",
}
CELLS: Final = {
    "unseen customers, seen months": "未见客户、已见月份",
    "seen customers, unseen months": "已见客户、未见月份",
    "unseen customers, unseen months": "未见客户、未见月份",
}
VERDICTS: Final = {
    "ahead": ("beaten by more than one standard error", "被超过一个标准误地击败"),
    "within": ("within one standard error", "在一个标准误之内"),
    "behind": ("ahead of our model by more than one standard error", "超过本模型一个标准误以上"),
}
SHORT: Final = {"ahead": ("beaten", "被击败"), "within": ("within", "相当"), "behind": ("ahead of us", "领先")}


def learner(code: str) -> str:
    """A learner in both languages."""
    return both(*LEARNERS.get(code, (code, code)))


def figure(code: str) -> str:
    """A figure in both languages."""
    return both(*FIGURES.get(code, (code, code)))


def name(text: str) -> str:
    """A slice's name in both languages; a value of a profile stays as it is."""
    return both(text.replace("_", " "), NAMES.get(text, text))


def dimension(code: str) -> str:
    """What slices are told apart by."""
    return both(*DIMENSIONS.get(code, (code, code)))
