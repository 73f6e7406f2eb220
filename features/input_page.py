"""The page of the input-data report, `ingest/report.html`: findings first, then what came in, in pictures.

One file, no script, nothing from outside; every text of the data is escaped. Both languages are in it. Start reading
at `page`.
"""

from collections.abc import Iterable, Sequence
from html import escape
from typing import TYPE_CHECKING

from churn.page import both, both_code, frame, part
from features.input_code import SEVERITIES
from features.input_finding import Finding
from features.input_pictures import completeness, hours, weekly
from features.input_tables import models, sources, tiles
from features.input_words import SEVERITY

if TYPE_CHECKING:
    from features.input_report import InputReport

PER_HOUR = (
    "Events without a time of day are left out. The quietest six hours are marked where they lie by day.",
    "不含没有时刻的事件。若最安静的六小时在白天，会标出。",
)
FOOTER = (
    "All findings and their mends: docs/data-contract.md. Made by churn ingest; report.json has the numbers.",
    "各项发现及处理方法见 docs/data-contract.md。由 churn ingest 生成；report.json 含相同数字。",
)


def page(report: "InputReport") -> str:
    """The page."""
    seen = report.seen
    business = seen.settings.business
    return frame(
        f"{business.name}: input data",
        language=business.language,
        tone=next((severity for severity in SEVERITIES if report.counts[severity]), "fine"),
        heading=escape(business.name),
        says=_says(report),
        as_of=both(
            f"As of {seen.now:%Y-%m-%d %H:%M} UTC ({business.clock} clock); hours and days by {business.timezone}.",
            f"截至 {seen.now:%Y-%m-%d %H:%M} UTC（{business.clock} 时钟）；时刻与日期按 {business.timezone}。",
        ),
        body=[
            _wide(_findings(report.findings)),
            part(("What came in", "读入内容"), tiles(report)),
            part(
                ("Is there enough to learn from?", "是否足以训练？"), f"<section>{models(report.readiness)}</section>"
            ),
            part(("Events per week", "每周事件数"), _grid(weekly(report.weeks))),
            part(("Activity by hour", "按小时的活动"), _grid(hours(seen.profile.sources, seen.times)), note=PER_HOUR),
            part(("How complete each mapped column is", "各映射列的完整度"), _grid(completeness(seen.profile.sources))),
            part(("Source by source", "各数据源"), _wide(sources(seen))),
        ],
        footer=FOOTER,
    )


def _wide(content: str) -> str:
    return f"<section>{content}</section>"


def _grid(pictures: str) -> str:
    return f'<div class="grid">{pictures}</div>'


def _says(report: "InputReport") -> str:
    if report.errors():
        return both("The log was not replaced: mend the errors first.", "日志未被替换：请先处理错误。")
    if report.counts["warning"]:
        return both("The log was written. Read the warnings before you train.", "日志已写入。训练前请阅读警告。")
    return both("The log was written; nothing stands in the way of training.", "日志已写入，可以训练。")


def _findings(findings: Sequence[Finding]) -> str:
    loud = [one for one in findings if one.severity != "advice"]
    quiet = [one for one in findings if one.severity == "advice"]
    head = _list(loud) if loud else f"<p>{both('No errors and no warnings.', '没有错误和警告。')}</p>"
    if not quiet:
        return head
    open_ = "" if loud else " open"
    count = both(f"{len(quiet)} pieces of advice", f"{len(quiet)} 条建议")
    return f"{head}<details{open_}><summary>{count}</summary>{_list(quiet)}</details>"


def _list(findings: Iterable[Finding]) -> str:
    items = []
    for one in findings:
        name = f'<span class="badge">{both(*SEVERITY[one.severity])}</span>'
        where = f"<code>{escape(one.where)}</code> " if one.where else ""
        what, mend = one.what, one.mend
        sentences = both_code(what["en"], what["zh"], (mend["en"], mend["zh"]))
        items.append(f'<li class="{one.severity}">{name}{where}{sentences}</li>')
    return f'<ul class="findings">{"".join(items)}</ul>'
