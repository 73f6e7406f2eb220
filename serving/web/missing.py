"""The page that is shown where nobody has the id that was typed: which ids begin like it. Start at `unknown_page`."""

from collections.abc import Sequence
from html import escape
from urllib.parse import quote

from serving.web.frame import View

SHOWN = 80  # letters of an id that nobody has


def spellings(asked: str) -> list[str]:
    """What was typed, as it is and in capitals or small letters; nothing where nothing was."""
    return list(dict.fromkeys([asked, asked.upper(), asked.lower()])) if asked else []


def unknown_page(view: View, asked: str, alike: Sequence[str]) -> str:
    """The content of the page.

    Args:
        view: for whom.
        asked: the id that was typed.
        alike: ids that begin like it.
    """
    heading = f"<h1>{view.say('find')}</h1>"
    if not asked:
        return f'{heading}<p class="problem">{view.say("type_an_id")}</p>'
    shown = asked if len(asked) <= SHOWN else f"{asked[:SHOWN]}…"
    problem = f'<p class="problem" role="alert">{view.say("unknown", asked=shown)}</p>'
    links = "".join(f'<li><a href="/customer?id={quote(one, safe="")}">{escape(one)}</a></li>' for one in alike)
    return f"{heading}{problem}<h2>{view.say('begin_so')}</h2><ul>{links}</ul>" if links else f"{heading}{problem}"
