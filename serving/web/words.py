"""What the pages say, in English and Chinese: every text once, side by side. `say(key, language)` picks one."""

from typing import Final

from serving.web.campaign_words import CAMPAIGNS

Two = tuple[str, str]

WORDS: Final[dict[str, Two]] = {
    "at_risk": ("Customers at risk", "高风险客户"),
    "coming_back": ("Customers to win back", "可挽回客户"),
    "about_churn": (
        "Active customers by the money that is likely to leave with them: probability × spend.",
        "活跃客户，按可能随流失而损失的金额排序：流失概率 × 预计消费。",
    ),
    "about_reactivation": (
        "Lapsed customers by the money that is likely to come back with them: probability of a return × spend.",
        "已流失客户，按可能挽回的金额排序：回归概率 × 预计消费。",
    ),
    "as_told": ("As last told, by the night or after an event.", "以最近一次评分为准（每晚批量或事件触发）。"),
    "find": ("Find a customer", "查找客户"),
    "customer_id": ("Customer id", "客户编号"),
    "show": ("Show", "查看"),
    "which": ("Which customers", "客户范围"),
    "filter": ("Filter", "筛选"),
    "apply": ("Apply", "应用"),
    "stage": ("Stage", "阶段"),
    "band": ("Band", "档位"),
    "least": ("Probability from, %", "最低概率（%）"),
    "any": ("any", "不限"),
    "churn": ("Who may leave", "可能流失"),
    "reactivation": ("Who may come back", "可能回归"),
    "download": ("Download as CSV", "下载 CSV"),
    "probability": ("Probability", "概率"),
    "value_at_risk": ("Value at risk", "风险金额"),
    "value_to_win": ("Value to win back", "可挽回金额"),
    "told_at": ("Scored on", "评分时间"),
    "before": ("Back", "上一页"),
    "next": ("Next", "下一页"),
    "page": ("Page {number}", "第 {number} 页"),
    "pages_of_list": ("Pages of the list", "列表分页"),
    "nobody": ("Nobody fits. Loosen the filter.", "没有符合条件的客户，请放宽筛选条件。"),
    "none_of_these": (
        "Nobody is on this list: no such customer has a score. Their model may not be promoted yet.",
        "此列表为空：没有此类客户的评分，其模型可能尚未启用。",
    ),
    "nothing_yet": (
        "Nobody was scored yet. `churn score --all` does it.",
        "尚未评分。请运行 `churn score --all`。",
    ),
    "not_now": ("This page cannot be shown now", "暂时无法显示此页面"),
    "unknown": (
        "Nobody with the id “{asked}” is known. New customers enter with their first event.",
        "没有编号为“{asked}”的客户。新客户在首个事件后进入系统。",
    ),
    "type_an_id": ("Type the id of a customer above.", "请在上方输入客户编号。"),
    "begin_so": ("Ids that begin like this", "以此开头的编号"),
    "of_churned": (
        "chance of leaving: inactive for all of the {days} days from {day}.",
        "流失概率：自 {day} 起连续 {days} 天不活跃。",
    ),
    "of_reactivated": ("chance of coming back within {days} days from {day}.", "自 {day} 起 {days} 天内的回归概率。"),
    "between": (
        "Of customers told this, {low} to {high} did.",
        "获得相同评分的客户中，实际比例为 {low} 至 {high}。",
    ),
    "percentile": (
        "Higher than {percent} of the customers the model learned from.",
        "高于模型所学客户中的 {percent}。",
    ),
    "no_number": ("No score", "无评分"),
    "why": ("What the score is associated with", "与评分相关的因素"),
    "association": (
        "Associations found by the model, not causes: a change of one need not change the outcome.",
        "以下为模型发现的相关因素，并非原因：改变其中之一，结果未必随之改变。",
    ),
    "actionable": ("can be acted on", "可采取行动"),
    "raises": ("raises", "升高"),
    "lowers": ("lowers", "降低"),
    "stated": ("What they told us", "客户自述"),
    "stated_none": ("Nothing stated in the past year.", "近一年无自述原因。"),
    "open_complaints": (
        "Open complaints: {count}, the oldest {days} days old.",
        "未解决投诉：{count} 件，最早 {days} 天前。",
    ),
    "no_open_complaint": ("No open complaint.", "无未解决投诉。"),
    "action": ("What to do", "下一步行动"),
    "due": ("due {day}", "截止 {day}"),
    "no_action": ("No action is set up for this customer.", "尚未为该客户设置行动。"),
    "none_worth_it": ("No action is worth it now.", "目前没有值得采取的行动。"),
    "action_outdated": (
        "What was recommended was for another stage than today's; the next night recommends anew.",
        "此前的建议针对另一生命周期阶段，下次夜间评分后更新。",
    ),
    "wants_no_contact": ("They want no contact: nothing is recommended.", "客户不希望被联系，因此不作推荐。"),
    "numbers": ("In numbers", "数据"),
    "expected_spend": ("Expected spend", "预计消费"),
    "next_event": ("Next event", "下次活动"),
    "later_than": ("after {day}", "{day} 之后"),
    "days_left": ("Active days left", "剩余活跃天数"),
    "more_than": ("more than {days}", "多于 {days}"),
    "value_tier": ("Value tier", "价值层级"),
    "lifetime": ("Margin in {months} months", "未来{months}个月毛利"),
    "high_value": ("high value", "高价值客户"),
    "high_potential": ("high potential", "高潜力客户"),
    "churned_for": ("Inactive for …", "连续不活跃的概率"),
    "reactivated_for": ("Back within …", "在此期间回归的概率"),
    "horizon_days": ("{days} days", "{days} 天"),
    "history": ("History", "历史"),
    "no_history": ("No change since the first score.", "自首次评分以来无变化。"),
    "from": ("From", "原状态"),
    "to": ("To", "新状态"),
    "offer": ("Categories to offer", "推荐品类"),
    "by_own": ("by their own orders", "按自身订单"),
    "by_look_alikes": ("by orders of customers like them", "按相似客户的订单"),
    "by_popularity": ("popular with everybody", "按热门程度"),
    "hit_rates": (
        "Such offers hit {rate} of later buyers; what is popular would have hit {popular}.",
        "此类推荐曾命中后来购买者中的 {rate}；若推荐热门品类，则为 {popular}。",
    ),
    "unmeasured": ("How often such offers hit could not be measured yet.", "此类推荐的命中率尚无法衡量。"),
    "contacts": ("Last contacts", "最近联系"),
    "no_contacts": ("None on record.", "无联系记录。"),
    "standing_on": ("About this answer", "关于此评分"),
    "fresh": (
        "Knows what happened before {at} ({hours} hours ago); valid until {until}.",
        "数据截至 {at}（{hours} 小时前）；有效期至 {until}。",
    ),
    "fresh_alone": ("Knows what happened before {at} ({hours} hours ago).", "数据截至 {at}（{hours} 小时前）。"),
    "by": ("Answered by {version}. {grade}", "由 {version} 评分。{grade}"),
    "score_id": ("Number of this answer:", "评分编号："),
    "pages": ("Pages", "页面"),
    "list": ("List", "列表"),
    "monitoring": ("Monitoring", "监控"),
    "campaigns": ("Campaigns", "营销活动"),
    **CAMPAIGNS,
    "no_run_yet": ("Nothing was judged yet. `churn monitor` does it.", "尚未运行监控。请运行 `churn monitor`。"),
    "run_gone": ("The pages of this run are kept no more.", "该次运行的页面已不再保留。"),
    "newest_run": ("The newest run", "最新一次运行"),
    "documents": ("API", "接口文档"),
    "login": ("Log in", "登录"),
    "key": ("Key with the scope read", "具有 read 权限的密钥"),
    "key_help": (
        "Whoever runs the service makes one: churn keys create NAME --scope read",
        "由服务管理员创建：churn keys create NAME --scope read",
    ),
    "unauthorised": (
        "This key is not known, or is no longer good. Look for letters that are missing.",
        "密钥未知或已失效。请检查是否缺少字符。",
    ),
    "forbidden": (
        "This key is good, but may not read. Ask for one with the scope read.",
        "密钥有效，但没有读取权限。请申请具有 read 权限的密钥。",
    ),
    "too_many_failures": (
        "Too many wrong keys. Try again in {seconds} seconds.",
        "错误次数过多，请在 {seconds} 秒后重试。",
    ),
    "not_our_form": (
        "This form did not come from this page. Load the page again.",
        "此表单并非来自本页面，请刷新后重试。",
    ),
    "logout": ("Log out", "退出"),
    "language": ("Language", "语言"),
    "skip": ("Skip to the content", "跳至正文"),
    "clock_log": (
        "Now is where the event log ends, not today.",
        "当前时间取自事件日志末尾，而非今日。",
    ),
}
STAGES: Final[dict[str, Two]] = {
    "prospect": ("prospect", "潜在客户"),
    "new": ("new", "新客户"),
    "active": ("active", "活跃"),
    "loyal": ("loyal", "忠诚"),
    "lapsing": ("lapsing", "渐失"),
    "lapsed": ("lapsed", "已流失"),
    "won_back": ("won back", "已挽回"),
}
BANDS: Final[dict[str, Two]] = {"high": ("high", "高"), "medium": ("medium", "中"), "low": ("low", "低")}
TIERS = BANDS | {"middle": ("middle", "中")}


def say(key: str, language: str, **facts: object) -> str:
    """A text of the pages in a language, with its facts; not escaped."""
    return pick(WORDS[key], language).format(**facts)


def pick(two: Two, language: str) -> str:
    """The one of two texts that is in this language."""
    return two[1] if language == "zh" else two[0]


def stage_name(stage: str | None, language: str) -> str:
    """A stage in words."""
    return pick(STAGES[stage], language) if stage in STAGES else "–"


def band_name(band: str | None, language: str) -> str:
    """A band in words."""
    return pick(BANDS[band], language) if band in BANDS else "–"
