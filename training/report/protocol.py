"""The protocol of a back-test in words, English and Chinese: what was learned from and judged, what is known when.

Reads what report.json holds; returns paragraphs. Start reading at `protocol`.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from churn.metrics_profit import Stakes
from churn.settings import Settings
from training.expected_profit import beta_of

Paragraphs = dict[str, list[str]]


def protocol(models: Sequence[Mapping[str, Any]], settings: Settings, draws: int) -> Paragraphs:
    """What the reader has to know before any figure, a paragraph each."""
    told = [
        _folds(models),
        _labels(settings),
        _rivals(models),
        _customers(models),
        _intervals(draws),
        _verdicts(settings),
    ]
    told.append(_money(settings))
    return {"en": [en for en, _ in told], "zh": [zh for _, zh in told]}


def _folds(models: Sequence[Mapping[str, Any]]) -> tuple[str, str]:
    folds = max((model["folds"] for model in models), key=len)
    tests = [day[:10] for fold in folds for day in fold["test_cutoffs"]]
    if not folds:
        return ("No fold could be judged; the reasons are below.", "没有可评判的折；原因见下。")
    first, last = folds[0], folds[-1]
    span = f"{first['train_cutoffs'][0][:10]} … {last['train_cutoffs'][-1][:10]}"
    return (
        (
            f"{len(folds)} fold{'s' * (len(folds) != 1)}, judged at {len(tests)} test "
            f"cutoff{'s' * (len(tests) != 1)}: "
            f"{', '.join(tests)}. Each fold trained anew, on cutoffs of {span}, newest {len(last['train_cutoffs'])} "
            "at most."
        ),
        (
            f"共 {len(folds)} 折，在 {len(tests)} 个测试截止日评判：{'、'.join(tests)}。每折重新训练，"
            f"训练截止日在 {span} 之间，最多取最新 {len(last['train_cutoffs'])} 个。"
        ),
    )


def _labels(settings: Settings) -> tuple[str, str]:
    gap, horizon = settings.definition.gap_days, settings.definition.horizon_days
    return (
        (
            f"An outcome takes {horizon} days after a gap of {gap}. What trains, stops, tunes or calibrates uses only "
            "outcomes that had matured, and had reached us, by the first test cutoff of its fold; test outcomes are "
            "as known "
            "at the end of the log. Customers whose outcome is not yet known are left out, never counted as zero."
        ),
        (
            f"结果在 {gap} 天间隔之后再等 {horizon} 天才能确定。训练、早停、"
            "调参与校准只用本折首个测试截止日之前已成熟且"
            "已到达的结果；测试结果以日志末尾所知为准。结果未知的客户不计入，绝不当作零。"
        ),
    )


def _rivals(models: Sequence[Mapping[str, Any]]) -> tuple[str, str]:
    shares = _shares(models)
    return (
        (
            "Rivals learned from the same history and saw as little of the test. recency_rule: isotonic fit of days "
            "since "
            "the last qualifying event. halving_rule: the best of 'silent for so many days'. logistic: six RFM "
            "features. "
            "bg_nbd and pareto_nbd: buy-till-you-die models, recalibrated where that helped on training rows. "
            "base_rate: everybody gets the training rows' rate. lightgbm, the learner, may itself hold a share of "
            f"bg_nbd's log-odds, as large as held-out customers want it{shares and f'; fold by fold {shares}'}."
        ),
        (
            "各对手使用同样的历史，也同样看不到测试结果。recency_rule：按距上次合格事件的天数做保序拟合；halving_rule："
            "“沉默满若干天”规则中最好的一条；logistic：六个 RFM 特征；bg_nbd 与 pareto_nbd：“购买直至流失”模型，"
            "在训练行上有益时再校准；base_rate：人人取训练行的平均率。学习器 lightgbm 的对数几率中"
            f"也可含 bg_nbd 的一份，份额由留出客户决定{shares and f'，各折为 {shares}'}。"
        ),
    )


def _shares(models: Sequence[Mapping[str, Any]]) -> str:
    """BG/NBD's share in the learner, fold by fold; of folds where the learner would serve."""
    found = {
        model["model"]: [
            f"{fold['params']['bg_nbd_share']:.0%}" for fold in model["folds"] if "bg_nbd_share" in fold["params"]
        ]
        for model in models
    }
    return "; ".join(f"{model} {', '.join(shares)}" for model, shares in found.items() if shares)


def _customers(models: Sequence[Mapping[str, Any]]) -> tuple[str, str]:
    en = (
        "Every test month lies after everything learned: months are always unseen. Customers in no training row of the "
        "fold (new ones) are told apart from those who were in one."
    )
    zh = "每个测试月份都在所有训练内容之后，月份总是未见过的。本折训练行中从未出现的客户（新客户）与出现过者分开列出。"
    if not any(model["folds"] and not model["customers"]["kept_out"]["abstained"] for model in models):
        return en, zh
    return (
        en + " And a fifth of all customers, chosen by a hash of the id, was kept out of one further training in the "
        "newest fold, which separates unseen customers from unseen months.",
        zh + "另按 id 的哈希把五分之一客户排除在最新一折的一次额外训练之外，从而区分“未见过的客户”与“未见过的月份”。",
    )


def _intervals(draws: int) -> tuple[str, str]:
    return (
        (
            f"Intervals hold 95%: {draws} bootstrap draws of whole customers (Poisson weights), the percentiles 2.5 "
            "and 97.5; "
            "for distances, which drawing enlarges (ECE, reliability, resolution), reflected at the figure. They "
            "tell how much "
            "the figure depends on which customers were there, not how much next year may differ from this one."
        ),
        (
            f"区间为 95%：对整位客户做 {draws} 次自助抽样（泊松权重），取 2.5 与 97.5 百分位；"
            "对会被抽样放大的距离类指标"
            "（ECE、可靠性、分辨度）以原值为轴反射。区间说明结果对“恰好是哪些客户”的依赖，不说明明年与今年的差别。"
        ),
    )


def _verdicts(settings: Settings) -> tuple[str, str]:
    training = settings.training
    return (
        (
            "A rival is beaten, or ahead, where the difference on the same draws is more than one standard error; "
            "otherwise "
            f"both are within it. A part with fewer than {training.min_rows} rows or {training.min_positives} of the "
            "rarer "
            "outcome abstains. With this many parts some intervals miss by chance: look at a part, then ask whether "
            "it stands "
            "in the next back-test too."
        ),
        (
            f"在同一批抽样上差异大于一个标准误才算胜或负，否则视为不分上下。少于 {training.min_rows} 行或较少结果不足 "
            f"{training.min_positives} 个的部分不作评判。切分很多时难免有区间偶然失准：看到异常后，"
            "请在下一次回测中确认。"
        ),
    )


def _money(settings: Settings) -> tuple[str, str]:
    stakes, currency = Stakes.of(settings.costs), settings.business.currency
    if stakes is None:
        return (
            (
                "No profit is told, since no [costs] are set: give value_amount, offer_amount, contact_amount and "
                "accept_ratio."
            ),
            "未设置 [costs]，因此不给出利润：请填写 value_amount、offer_amount、contact_amount 和 accept_ratio。",
        )
    alpha, beta = beta_of(stakes)
    return (
        (
            f"Profit is money per customer ({currency}) of a retention campaign: a customer kept is worth "
            f"{stakes.value_amount:g}, an offer costs {stakes.offer_amount:g} when taken, a contact "
            f"{stakes.contact_amount:g}; "
            f"{stakes.accept_ratio:.0%} of those about to leave accept, those who would stay always take the offer. "
            "'Profit' "
            f"contacts everybody from probability {stakes.break_even:.3f} on, fixed beforehand; 'maximum profit' "
            "takes the "
            f"best cut-off in hindsight; 'expected maximum profit' lets the share who accept vary as Beta({alpha:g}, "
            f"{beta:g}) "
            "(empulse). Reactivation has no profit: who comes back unasked earns nothing by being asked, and who "
            "would come "
            "back only if asked is in no label."
        ),
        (
            f"利润为挽留活动中每位客户的金额（{currency}）：留住一位客户值 {stakes.value_amount:g}，优惠被领取时花费 "
            f"{stakes.offer_amount:g}，每次联系花费 {stakes.contact_amount:g}；将流失者中 {stakes.accept_ratio:.0%} "
            "接受，"
            f"本会留下者总会领取优惠。“利润”事先固定：概率不低于 {stakes.break_even:.3f} 者全部联系；“最大利润”"
            "取事后最佳"
            f"截断；“期望最大利润”让接受比例服从 Beta({alpha:g}, {beta:g})（empulse）。召回模型不给利润：不请自来者"
            "无需联系，只因被联系才回来的人不在任何标签中。"
        ),
    )
