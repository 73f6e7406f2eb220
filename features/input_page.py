"""The page of the input-data report, `ingest/report.html`: findings first, then what came in, in pictures.

One file, no script, nothing from outside; every text of the data is escaped. Both languages are in it. Start reading
at `page`.
"""

from collections.abc import Iterable, Sequence
from html import escape
from string import Template
from typing import TYPE_CHECKING

from features.input_codes import SEVERITIES
from features.input_finding import Finding
from features.input_pictures import completeness, hours, weekly
from features.input_style import STYLE
from features.input_tables import models, sources, tiles
from features.input_words import SEVERITY, both, code

if TYPE_CHECKING:
    from features.input_report import InputReport

DOCUMENT = Template("""<!doctype html>
<html lang="$language"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>$title</title><style>$style</style></head>
<body><main>
<div class="language"><label><input type="radio" name="language" id="en"$en> English</label>
<label><input type="radio" name="language" id="zh"$zh> 中文</label></div>
<header class="$tone"><h1>$business</h1><p>$says</p><p class="quiet">$as_of</p></header>
<section>$findings</section>
<h2>$came_in</h2>$tiles
<h2>$learn</h2><section>$models</section>
<h2>$per_week</h2><div class="grid">$weeks</div>
<h2>$per_hour</h2><p class="quiet">$per_hour_note</p><div class="grid">$hours</div>
<h2>$filled</h2><div class="grid">$columns</div>
<h2>$per_source</h2><section>$sources</section>
<footer>$footer</footer>
</main></body></html>
""")


def page(report: "InputReport") -> str:
    """The page."""
    seen = report.seen
    business = seen.settings.business
    worst = next((severity for severity in SEVERITIES if report.counts[severity]), "fine")
    return DOCUMENT.substitute(
        language=business.language,
        en=" checked" if business.language == "en" else "",
        zh=" checked" if business.language == "zh" else "",
        title=escape(f"{business.name}: input data"),
        style=STYLE,
        tone=worst,
        business=escape(business.name),
        says=_says(report),
        as_of=both(
            f"As of {seen.now:%Y-%m-%d %H:%M} UTC ({business.clock} clock); hours and days by {business.timezone}.",
            f"截至 {seen.now:%Y-%m-%d %H:%M} UTC（{business.clock} 时钟）；时刻与日期按 {business.timezone}。",
        ),
        findings=_findings(report.findings),
        came_in=both("What came in", "读入内容"),
        tiles=tiles(report),
        learn=both("Is there enough to learn from?", "是否足以训练？"),
        models=models(report.readiness),
        per_week=both("Events per week", "每周事件数"),
        weeks=weekly(report.weeks),
        per_hour=both("Activity by hour", "按小时的活动"),
        per_hour_note=both(
            "Events without a time of day are left out. The quietest six hours are marked where they lie by day.",
            "不含没有时刻的事件。若最安静的六小时在白天，会标出。",
        ),
        hours=hours(seen.profile.sources, seen.times),
        filled=both("How complete each mapped column is", "各映射列的完整度"),
        columns=completeness(seen.profile.sources),
        per_source=both("Source by source", "各数据源"),
        sources=sources(seen),
        footer=both(
            "All findings and their mends: docs/data-contract.md. Made by churn ingest; report.json has the numbers.",
            "各项发现及处理方法见 docs/data-contract.md。由 churn ingest 生成；report.json 含相同数字。",
        ),
    )


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
        sentences = "".join(
            f'<span class="{language}">{code(one.what[language])} '
            f'<span class="mend">{code(one.mend[language])}</span></span>'
            for language in ("en", "zh")
        )
        items.append(f'<li class="{one.severity}">{name}{where}{sentences}</li>')
    return f'<ul class="findings">{"".join(items)}</ul>'
