"""What the site shows of the data: broken columns, freshness, stages, answers without a number. Start at `sections`."""

from collections.abc import Iterator, Mapping, Sequence
from html import escape

from churn.page import Two, both, both_code, table
from churn.stages import FIVE, Stage
from monitoring.business.words import STAGE_WORDS
from monitoring.data.contract import Fault
from monitoring.findings import Findings
from monitoring.section import Section, place


def sections(
    findings: Sequence[Findings], stages: Mapping[Stage, int], abstentions: Mapping[str, int]
) -> Iterator[Section]:
    """The data that models are given now.

    Args:
        findings: of each model.
        stages: customers in each stage now; empty where the features of now do not tell.
        abstentions: answers without a number, by code.
    """
    for found in findings:
        title = ("Is what the model is given sound?", "提供给模型的数据是否可靠？")
        note = (f"{found.rows:,} customers are asked about now.", f"当前需评分客户 {found.rows:,} 位。")
        yield Section("data", "contract", title, _faults(found), note, found.champion.model)
    yield Section("data", "freshness", ("How old are the features?", "特征的时效"), _freshness(findings))
    if stages:
        yield Section("data", "stages", ("Where customers stand", "客户所处阶段"), _stages(stages))
    if abstentions:
        yield Section("data", "abstentions", ("Answers without a number", "无评分的回答"), _silent(abstentions))


def _faults(found: Findings) -> str:
    if not found.faults:
        said = ("No column is broken.", "没有损坏的列。")
        return f'<p class="fine">{both(*said)}</p>'
    head = [both("column", "列"), both("what", "问题"), both("rows", "涉及行"), both("mend", "处理")]
    return f'<div class="scroll wraps">{table(head, [_fault(found, one) for one in found.faults])}</div>'


def _fault(found: Findings, one: Fault) -> list[str]:
    name = f'<code id="{escape(place(found.champion.model, one.feature))}">{escape(one.feature)}</code>'
    return [name, both(one.code.replace("_", " "), one.code_zh), f"{one.share:.0%}", both_code(*one.mend)]


def _freshness(findings: Sequence[Findings]) -> str:
    if not findings or findings[0].age is None:
        said = ("It cannot be told how old the features of now are.", "无法得知当前特征的时效。")
        return f"<p>{both(*said)}</p>"
    hours, most = (one.total_seconds() / 3600 for one in (findings[0].age, findings[0].max_age))
    return "<p>" + both(
        f"The features of now are {hours:,.1f} hours old; the service accepts {most:,.0f}.",
        f"当前特征已有 {hours:,.1f} 小时；服务最多接受 {most:,.0f} 小时。",
    ) + "</p>"  # fmt: skip


def _stages(stages: Mapping[Stage, int]) -> str:
    rows = [
        [both(*STAGE_WORDS[stage]), both(FIVE[stage].en, FIVE[stage].zh), f"{count:,}"]
        for stage, count in stages.items()
    ]
    head: Two = ("of the five that the trade speaks of", "行业五阶段")
    return table([both("stage", "阶段"), both(*head), both("customers now", "当前客户")], rows)


def _silent(abstentions: Mapping[str, int]) -> str:
    rows = [[f"<code>{escape(code)}</code>", f"{count:,}"] for code, count in abstentions.items()]
    return table([both("reason", "原因"), both("answers", "回答")], rows)
