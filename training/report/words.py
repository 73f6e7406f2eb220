"""The words of the report's page in both languages: learners, figures, slices, verdicts. Start at `name`."""

import re
from collections.abc import Sequence
from typing import Final

from churn.page import both

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
REASONS: Final = (  # why something has no figures: pattern of the English sentence, and the Chinese one
    (r"(\d+) rows, fewer than (\d+)", r"仅 \1 行，少于 \2 行"),
    (r"(\d+) rows of the rarer outcome, fewer than (\d+)", r"较少结果仅 \1 行，少于 \2 行"),
    (r"(\d+) customers?, fewer than (\d+)", r"仅 \1 位客户，少于 \2 位"),
    ("nobody to ask about: at those cutoffs every customer had lapsed", "空无一人：届时所有客户均已流失"),
    (
        "one customer to ask about: at those cutoffs every other customer had lapsed",
        "仅 1 位客户：届时其他客户均已流失",
    ),
    ("nobody to ask about: at those cutoffs no customer counted as lapsed", "空无一人：届时没有客户算作流失"),
    (
        "one customer to ask about: at those cutoffs no other customer counted as lapsed",
        "仅 1 位客户：届时没有其他客户算作流失",
    ),
    (r"one outcome only \(it came true for all of ([\d,]+)\)", r"结果全部相同（\1 行均为是）"),
    (r"one outcome only \(it came true for none of ([\d,]+)\)", r"结果全部相同（\1 行均为否）"),
    (r"without them training has (\d+) rows, fewer than (\d+)", r"除去他们后训练仅 \1 行，少于 \2 行"),
    (
        r"without them training has (\d+) rows of the rarer outcome, fewer than (\d+)",
        r"除去他们后训练中较少结果仅 \1 行，少于 \2 行",
    ),
    ("too few customers for some of them to be held out", "客户太少，无法轮流留出一部分"),
    ("nobody was kept out of training in this run", "本次运行没有把任何客户排除在训练之外"),
    ("the learner that is tried so has too few rows", "用于此项检验的方法行数不足"),
    ("the newest fold has too few rows", "最新一折行数不足"),
    ("no customer of the history came back, so .*", "历史中没有客户再次光顾，无从得知来访频率与离开时间"),
    ("the likelihood is not finite from any start", "从任何起点出发似然都不是有限值"),
    (r"the search for its parameters did not arrive \((.*)\)", r"参数搜索未收敛（\1）"),
    ("a subscriber's renewals follow a calendar, .*", "订阅续费按日历进行，此类购买模型无法描述"),
    ("it needs days since, tenure and mean pause .*", "它需要距今天数、客龄和平均间隔三项特征，其中有缺失"),
)
COHORTS: Final = (
    ("not lapsed", "未流失客户"),
    ("every lapsed customer", "全部已流失客户"),
    (r"lapsed at most (\d+) days ago", r"流失不超过 \1 天的客户"),
)
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


def reason(text: str) -> str:
    """Why something has no figures, in both languages; one that nobody translated stays English."""
    return both(text, in_chinese(text, REASONS))


def cohort(text: str) -> str:
    """Whom a model is asked about, in both languages."""
    return both(text, in_chinese(text, COHORTS))


def in_chinese(text: str, known: Sequence[tuple[str, str]] = REASONS) -> str:
    """The Chinese sentence of an English one; the English one where none is known."""
    for pattern, chinese in known:
        found = re.fullmatch(pattern, text)
        if found:
            return found.expand(chinese)
    return text
