"""The pages of a run: sections in, a folder of HTML out, in both languages, with one navigation; no script.

    index.html, data.html ...          in the language of the business
    index.en.html or index.zh.html ... the same in the other; links stay in the language that was chosen

A page per language, and not a switch on the page: a choice carries from page to page without script, also from a file.
Every link of a reason has something to lead to: an anchor that no section made leads to its model's first section of
that page. Start reading at `write_site`.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from pathlib import Path

from churn.page import Two, both, both_code, frame
from monitoring.section import PAGES, Section
from monitoring.site.light import MODELS, light
from monitoring.site.style import STYLE

NAMES: dict[str, Two] = {
    "index": ("Overview", "总览"),
    "data": ("Data", "数据"),
    "drift": ("Drift", "偏移"),
    "performance": ("Performance", "表现"),
    "business": ("Business", "业务"),
    "model": ("Model card", "模型卡"),
    "history": ("History", "历史"),
}
LANGUAGES = {"en": "English", "zh": "中文"}
OWN_LINK = re.compile(rf'href="({"|".join(PAGES)})\.html')
TABLE = re.compile(r'(<table(?! class="bars").*?</table>)', re.DOTALL)  # scrolls sideways, also by keyboard
IDS = re.compile(r'\bid="([^"]+)"')
HEAD = "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\"><title>"
FOOTER: Two = (
    "Made by churn monitor on this machine; nothing here was loaded from elsewhere, and no customer is named.",
    "由 churn monitor 在本机生成；未从外部加载任何内容，也不含任何客户标识。",
)
NOTHING: Two = ("Nothing to show: this part could not be looked at in this run.", "暂无内容：本次运行未能查看此部分。")


@dataclass(frozen=True)
class Site:
    """What the pages of a run say.

    Args:
        business: name, plain text. language: en or zh, in which pages without a language in their name are.
        now: the instant judged, in the zone of the business. clock: wall or log.
        outcome: the verdict over everything. says: that in a sentence.
        sections: in the order in which they are shown.
        links: evidence of the reasons, as `drift.html#churn-scores`: each leads somewhere.
    """

    business: str
    language: str
    now: datetime
    clock: str
    outcome: str
    says: Two
    sections: tuple[Section, ...]
    links: tuple[str, ...] = ()


def write_site(site: Site, folder: Path) -> None:
    """Write every page in both languages into a folder that exists."""
    main = "zh" if site.language == "zh" else "en"
    for page in PAGES:
        for language in LANGUAGES:
            text = _page(site, page, language, main)
            (folder / file_of(page, language, main)).write_text(text, encoding="utf-8")


def file_of(page: str, language: str, main: str) -> str:
    """The file of a page in a language, where `main` is that of the business."""
    return f"{page}.html" if language == main else f"{page}.{language}.html"


def _page(site: Site, page: str, language: str, main: str) -> str:
    mine = [one for one in site.sections if one.page == page]
    wanted = {link.partition("#")[2] for link in site.links if link.startswith(f"{page}.html#")}
    body = [*_contents(mine), *(_section(one, lost) for one, lost in _with_anchors(mine, wanted))]
    body = body or [f"<p>{both(*NOTHING)}</p>"]
    text = frame(
        f"{NAMES[page][language == 'zh']} · {site.business}",
        language=language,
        heading=_heading(site, page),
        as_of=_as_of(site),
        body=body,
        footer=FOOTER,
        says=both_code(*site.says) if page == "index" else "",
        style=STYLE,
        top=_top(page, language, main),
    )
    text = text.replace('<header class="advice">', f'<header class="{site.outcome}">', 1).replace("<title>", HEAD, 1)
    return text if language == main else OWN_LINK.sub(rf'href="\1.{language}.html', text)


def _top(page: str, language: str, main: str) -> str:
    """Navigation; the link to the page in the other language is made so that no rewriting meets it."""
    links = "".join(
        f'<a href="{one}.html"{" aria-current=page" if one == page else ""}>{both(*NAMES[one])}</a>' for one in PAGES
    )
    (other,) = set(LANGUAGES) - {language}
    there = file_of(page, other, main)
    switch = f'<a class="language" href="./{there}" lang="{other}" hreflang="{other}">{LANGUAGES[other]}</a>'
    return f'<nav class="site" aria-label="{"页面" if language == "zh" else "Pages"}">{links}{switch}</nav>'


def _heading(site: Site, page: str) -> str:
    name = escape(site.business)
    if page == "index":
        return f"{light(site.outcome)} {name}"
    return f"{both(*NAMES[page])} <small>{name}</small>"


def _as_of(site: Site) -> str:
    when = f"{site.now:%Y-%m-%d %H:%M} ({site.now.tzinfo})"
    if site.clock == "log":
        return both(f"As of {when}, where the event log ends.", f"截至 {when}（事件日志末尾）。")
    return both(f"As of {when}.", f"截至 {when}。")


def _contents(sections: Sequence[Section]) -> Iterator[str]:
    """Links to the sections of a page that has more than a few."""
    if len(sections) > 3:
        links = "".join(f'<li><a href="#{escape(one.id)}">{_title(one)}</a></li>' for one in sections)
        yield f'<ul class="contents">{links}</ul>'


def _title(section: Section) -> str:
    model = f" <small>{both(*MODELS.get(section.model, (section.model,) * 2))}</small>" if section.model else ""
    return f"{both(*section.title)}{model}"


def _section(section: Section, anchors: Sequence[str]) -> str:
    lost = "".join(f'<a id="{escape(one)}"></a>' for one in anchors)
    note = f'<p class="quiet">{both(*section.note)}</p>' if section.note else ""
    body = TABLE.sub(r'<div class="scroll" role="group" tabindex="0">\1</div>', section.body)
    return f'<section id="{escape(section.id)}">{lost}<h2>{_title(section)}</h2>{note}{body}</section>'


def _with_anchors(sections: Sequence[Section], wanted: set[str]) -> Iterator[tuple[Section, list[str]]]:
    """Each section with the anchors that it has to have beside its own: those of links that lead nowhere else."""
    made = {one for section in sections for one in (section.id, *IDS.findall(section.body))}
    led: dict[str, list[str]] = {}
    for anchor in sorted(wanted - made):
        led.setdefault(_nearest(sections, anchor), []).append(anchor)
    for section in sections:
        yield section, led.get(section.id, [])


def _nearest(sections: Sequence[Section], anchor: str) -> str:
    """The section that an anchor without a place of its own leads to: that of the business, or its model's first."""
    model, _, rest = anchor.partition("-")
    of_business = next(
        (one.id for one in sections if not one.model and rest in (one.anchor, *IDS.findall(one.body))), None
    )
    of_model = next((one.id for one in sections if one.model == model), None)
    return of_business or of_model or (sections[0].id if sections else "")
