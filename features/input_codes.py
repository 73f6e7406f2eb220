"""Every finding that the input-data report knows: severity, what it says and how to mend it, in English and Chinese.

An error keeps the log from being replaced; a warning says that models or figures will suffer; advice is worth a look.
The texts are filled in with facts, never with a value of a customer. docs/data-contract.md is printed from this table.
Reads and writes nothing.
"""

from typing import Final

from features.input_code import Code
from features.input_codes_lawful import LAWFUL

_ALLOW_EN = 'if it is none of a person, say so: [ingest] allow_personal = ["{where}"]'
_ALLOW_ZH = '若并非个人信息，请在 [ingest] 中声明 allow_personal = ["{where}"]'
_LEAVE_EN = (
    "leave the column out of the mapping, or map `md5(x)` of it under another name; contact details "
    "belong into the file of "
)
_LEAVE_ZH = "请不要映射该列，或换个名称映射 `md5(x)`；联系方式应放在 [contacts] 的文件中；"

CODES: Final[dict[str, Code]] = {
    "no_events": Code(
        "error", "None of the {rows:,} rows is an event.", "{rows:,} 行中没有一条有效事件。",
        "check `path`, `table` and `where` of each [[source]] in the toml.",
        "请检查 toml 中每个 [[source]] 的 `path`、`table` 和 `where`。",
    ),
    "too_many_rejects": Code(
        "error", "{refused:,} of {rows:,} rows were refused, more than the share of {limit:g} that is allowed.",
        "{rows:,} 行中有 {refused:,} 行被拒绝，超过允许的比例 {limit:g}。",
        "correct the rows or the expressions that read them, leave rows out with `where`, or raise [ingest] "
        "max_rejected_share.", "请更正这些行或读取它们的表达式，用 `where` 排除，或提高 [ingest] max_rejected_share。",
    ),
    "personal_by_name": Code(
        "error", "The column is named like {kind_en} of a person.", "该列的名称像是个人的{kind_zh}。",
        _LEAVE_EN + "[contacts]; " + _ALLOW_EN + ".", _LEAVE_ZH + _ALLOW_ZH + "。",
    ),
    "personal_values": Code(
        "error", "{share:.0%} of its distinct values look like {kind_en} of a person.",
        "其不同取值中有 {share:.0%} 像是个人的{kind_zh}。",
        _LEAVE_EN + "[contacts]; " + _ALLOW_EN + ".", _LEAVE_ZH + _ALLOW_ZH + "。",
    ),
    "some_personal_values": Code(
        "warning", "{count:,} of {distinct:,} distinct values looked at are {kind_en} of a person.",
        "在查看的 {distinct:,} 个不同取值中，有 {count:,} 个是个人的{kind_zh}。",
        "clean the values in the source, or map them with `regexp_replace`; " + _ALLOW_EN + ".",
        "请在数据源中清理，或用 `regexp_replace` 映射；" + _ALLOW_ZH + "。",
    ),
    "key_is_personal": Code(
        "warning", "{share:.0%} of the customer ids look like {kind_en}: they stand in every table and answer.",
        "{share:.0%} 的客户编号像是{kind_zh}：它们会出现在每个表和每次应答中。",
        'map a hash in every source alike: `customer_id = "md5(lower(trim({expression})))"`, and send the same to '
        "/v1/score; " + _ALLOW_EN + ".",
        '请在所有数据源中同样映射哈希：`customer_id = "md5(lower(trim({expression})))"`，调用 /v1/score 时也用它；'
        + _ALLOW_ZH + "。",
    ),
    "text_holds_personal": Code(
        "warning", "Free text holds {kind_en}, in at least {count:,} of the texts looked at. It is no feature, but it "
        "is kept.", "自由文本中有{kind_zh}，查看的文本里至少 {count:,} 条。它不会成为特征，但会被保存。",
        "leave `text` out of the mapping, or mask it there with `regexp_replace`; " + _ALLOW_EN + ".",
        "请不要映射 `text`，或用 `regexp_replace` 遮盖；" + _ALLOW_ZH + "。",
    ),
    "rows_refused": Code(
        "warning", "{share:.1%} of the rows were refused ({refused:,}), most as {reason}.",
        "{share:.1%} 的行被拒绝（{refused:,} 行），主要原因是 {reason}。",
        "read log/rejects.parquet, which has each of them with its reason, and correct the source or the mapping.",
        "请查看 log/rejects.parquet（含每行及其原因），并更正数据源或映射。",
    ),
    "column_empty": Code(
        "warning", "The column is mapped but always empty.", "该列已映射，但始终为空。",
        "correct its expression, or leave it out of the [[source]].", "请更正表达式，或从 [[source]] 中去掉。",
    ),
    "source_stale": Code(
        "warning", "Its newest event is {age_days:,} days old; it used to come every {usual_days:,} days or sooner.",
        "最新事件距今 {age_days:,} 天；以往最多每 {usual_days:,} 天就有一次。",
        "see whether the export still runs; if the source has ended, expect its features to fade.",
        "请检查导出任务是否仍在运行；若数据源已停用，其特征会逐渐失效。",
    ),
    "history_too_short": Code(
        "warning", "The log spans {days:,} days; to train and to test takes {needed_days:,}: {history_days} of history "
        "and twice the outcome window of {window_days}.",
        "日志跨度 {days:,} 天；训练和测试需要 {needed_days:,} 天：{history_days} 天历史加两倍的结果窗口"
        "（{window_days} 天）。",
        "give a longer log, or shorten [definition] horizon_days or [training] min_history_days.",
        "请提供更长的日志，或缩短 [definition] horizon_days 或 [training] min_history_days。",
    ),
    "gap_in_time": Code(
        "warning", "No event from {first} to {last} ({days} days), where {usual:,.0f} a day are usual.",
        "{first} 至 {last}（{days} 天）没有事件，而平时每天约 {usual:,.0f} 条。",
        "see whether that export failed, and read it again; customers would look silent who were not.",
        "请检查当时的导出是否失败并重新读取；否则活跃客户会被误认为沉默。",
    ),
    "night_activity": Code(
        "warning", "By {timezone} its quietest hours are {start:02d}:00 to {end:02d}:00, by day: {share:.1%} of its "
        "events fall there. A clock shifted by about {shift:+d} hours would make that the night.",
        "按 {timezone} 时间，最安静的时段是白天 {start:02d}:00 至 {end:02d}:00，仅占 {share:.1%}。"
        "若时钟偏移约 {shift:+d} 小时，那里就是夜间。",
        "check `timezone` of the [[source]] and of [business]: the instants may be in another zone than it says.",
        "请检查该 [[source]] 和 [business] 的 `timezone`：时间可能属于另一时区。",
    ),
    "dates_shifted": Code(
        "warning", "{share:.0%} of its events happen at {clock} by {timezone}: days of another time zone.",
        "{share:.0%} 的事件发生在 {timezone} 时间 {clock}：日期像是另一时区的。",
        "give the zone in which these days were counted as `timezone` of the [[source]]; else events near midnight "
        "fall on another day.", "请把这些日期所属的时区写入该 [[source]] 的 `timezone`，否则会落到别的日期。",
    ),
    "rows_repeated": Code(
        "warning", "{share:.1%} of its events ({count:,}) repeat another one in customer, kind, time and all values.",
        "{share:.1%} 的事件（{count:,} 条）与另一条在客户、类型、时间和所有取值上完全相同。",
        "map the source's own id as `event_id`, so that the same event counts once; or export without overlap.",
        "请把数据源自身的编号映射为 `event_id`，使同一事件只计一次；或避免重叠导出。",
    ),
    "late_arrivals": Code(
        "warning", "{share:.1%} of its events reached us more than {every_days} days late, a whole cutoff period.",
        "{share:.1%} 的事件迟到超过 {every_days} 天，即一整个截点周期。",
        "a past cutoff does not see them; where a history was loaded at once, leave `ingested_at` unset for it.",
        "过去的截点看不到它们；若历史数据是一次性导入的，请不要映射 `ingested_at`。",
    ),
    "known_before_event": Code(
        "warning", "{share:.1%} of its events were known before they happened.",
        "{share:.1%} 的事件在发生之前就已入库。",
        "check that `event_timestamp` and `ingested_at` are mapped from the right columns and share a time zone.",
        "请检查 `event_timestamp` 与 `ingested_at` 的映射列及时区是否一致。",
    ),
    "times_implausible": Code(
        "warning", "{count:,} of its events lie before 1990, the first at {first}.",
        "{count:,} 条事件早于 1990 年，最早为 {first}。",
        "leave such rows out with `where`, or correct the expression: 1970-01-01 is an empty time in many systems.",
        "请用 `where` 排除，或更正表达式：1970-01-01 在许多系统中表示空值。",
    ),
    "negative_amounts": Code(
        "warning", "{share:.1%} of its amounts are negative.", "{share:.1%} 的金额为负。",
        "give what takes an order back a kind of its own (`event_type = \"CASE WHEN ... THEN 'return' ...\"`), or "
        "leave the sign out with `ltrim(x, '-')`.",
        "请为退回订单的记录设置单独的事件类型（如 'return'），或用 `ltrim(x, '-')` 去掉符号。",
    ),
    "kind_missing": Code(
        "warning", "[definition] counts this kind of event, and the log has none.",
        "[definition] 以该类事件为准，但日志中没有。",
        "correct `qualifying` or the mapping of `event_type`; the log has {kinds}.",
        "请更正 `qualifying` 或 `event_type` 的映射；日志中有 {kinds}。",
    ),
    "few_come_back": Code(
        "warning", "Only {share:.1%} of {customers:,} customers came at two times or more: most of what is called "
        "churn is a first visit without a second.",
        "{customers:,} 位客户中只有 {share:.1%} 来过两次及以上：所谓流失多为没有第二次购买。",
        "see that one person keeps one customer_id across visits; else a longer horizon or another definition.",
        "请确认同一人在多次访问中使用同一 customer_id；否则请加长 horizon 或更换定义。",
    ),
    "ids_alike": Code(
        "warning", "{count:,} customer ids equal another one but for spaces or capitals: one person may count as two.",
        "{count:,} 个客户编号与另一个只差空格或大小写：同一人可能被算作两位客户。",
        "map `lower(trim(x))` as customer_id in every source, and send the same to /v1/score; nothing, if they differ.",
        "请在所有数据源中映射 `lower(trim(x))` 为 customer_id，调用 /v1/score 时也用它；若确为不同客户则无需处理。",
    ),
    "ids_of_nobody": Code(
        "warning", "{count:,} events are of customer ids that stand for nobody: {ids}.",
        "{count:,} 条事件的客户编号不代表任何人：{ids}。",
        "leave such rows out with `where`; they count as one customer.", "请用 `where` 排除；它们会被算作一位客户。",
    ),
    "too_few_to_train": Code(
        "warning", "The {model} model will abstain or be a rule: {why}.", "模型 {model} 将弃权或仅用规则：{why_zh}。",
        "give a longer log, more cutoffs ([training] max_cutoffs, every_days) or another [definition]; "
        "`churn definition preview` counts every cutoff.",
        "请提供更长的日志、更多截点（[training] max_cutoffs、every_days）或更换 [definition]；"
        "`churn definition preview` 会逐一统计。",
    ),
    "some_rows_refused": Code(
        "advice", "{refused:,} rows were refused ({share:.2%}), most as {reason}.",
        "{refused:,} 行被拒绝（{share:.2%}），主要原因是 {reason}。",
        "log/rejects.parquet has each of them with its reason.", "log/rejects.parquet 中有每行及其原因。",
    ),
    "column_never_filled": Code(
        "advice", "The column is mapped, and none of the kinds of event in it fills it.",
        "该列已映射，但没有任何事件类型填写它。",
        "leave it out of the [[source]], or correct its expression.", "请从 [[source]] 中去掉，或更正表达式。",
    ),
    "column_sparse": Code(
        "advice", "The column is filled in {share:.0%} of its rows.", "该列仅在 {share:.0%} 的行中有值。",
        "nothing, if that is how it is; features of it are null elsewhere.",
        "若本来如此则无需处理；其余行的相关特征为空。",
    ),
    "amount_missing": Code(
        "advice", "No amount is mapped for what the definition counts: nothing is known of what customers are worth.",
        "未映射金额，因此无从得知客户价值。",
        "map `amount` in its [[source]], in the currency of [business].", "请在其 [[source]] 中映射 `amount`。",
    ),
    "dates_only": Code(
        "advice", "{share:.0%} of its events are at midnight: days without a time of day.",
        "{share:.0%} 的事件都在零点：只有日期，没有时刻。",
        "map the time of day where there is one; what happened first on a day cannot be told otherwise.",
        "若有具体时刻请映射；否则无法区分同一天内的先后。",
    ),
    "no_arrival_times": Code(
        "advice", "Nothing says when its events reached us: each counts as known when it happened.",
        "没有入库时间：每条事件视为发生时即已知。",
        "map `ingested_at` where the source has it; else late events flatter the back-test.",
        "若数据源有入库时间，请映射 `ingested_at`；否则迟到事件会让回测偏乐观。",
    ),
    "history_short": Code(
        "advice", "The log spans {days:,} days; with {needed_days:,} every cutoff would have a whole lookback of "
        "{history_days} days behind it and twice the outcome window of {window_days} after it.",
        "日志跨度 {days:,} 天；若有 {needed_days:,} 天，每个截点前可有完整的 {history_days} 天回看，之后有两倍的 "
        "{window_days} 天结果窗口。", "give a longer log if there is one, or a shorter [definition] lookback_days.",
        "如有更长的日志请提供，或缩短 [definition] lookback_days。",
    ),
    "some_rows_repeated": Code(
        "advice", "{count:,} events repeat another one in customer, kind, time and all values ({share:.2%}).",
        "{count:,} 条事件与另一条在所有取值上相同（{share:.2%}）。",
        "map the source's own id as `event_id` where there is one.", "如有自身编号，请映射为 `event_id`。",
    ),
    "ids_repeated": Code(
        "advice", "{count:,} rows came again under the same event_id; the first of each stays.",
        "{count:,} 行的 event_id 重复；每个只保留第一条。",
        "nothing, if exports overlap on purpose.", "若导出有意重叠则无需处理。",
    ),
    "busy_customer": Code(
        "advice", "One customer has {share:.0%} of the events, against a median of {median:,}.",
        "一位客户占 {share:.0%} 的事件，而中位数为 {median:,} 条。",
        "if that is a house account or a robot, leave it out with `where`.",
        "若是内部账号或机器人，请用 `where` 排除。",
    ),
    "unknown_channels": Code(
        "advice", "Channels that no published code stands for: {channels}.", "以下渠道没有对应的公开代码：{channels}。",
        "map them to a published code where one fits (docs/event-kinds.md); others stay channels of their own.",
        "如有合适的公开代码请映射（docs/event-kinds.md）；其余保持不变。",
    ),
    "personal_allowed": Code(
        "advice", "It looks like {kind_en} of a person, and allow_personal lets it in.",
        "看起来像个人的{kind_zh}，但 allow_personal 允许其进入。",
        "take it out of [ingest] allow_personal if it is one.", "若确为个人信息，请从 [ingest] allow_personal 中移除。",
    ),
    "allowance_unused": Code(
        "advice", "[ingest] allow_personal names it, and nothing there needs it.",
        "[ingest] allow_personal 中有它，但并不需要。",
        "take it out, so that a column of that name is looked at again.", "请移除，以便今后继续检查同名列。",
    ),
    **LAWFUL,
}  # fmt: skip
