"""The traffic light: a colour, a place and a word, so that nobody needs to see the colour. Start reading at `light`."""

from churn.page import Two, both

WORDS: dict[str, Two] = {
    "keep": ("keep", "保持"),
    "watch": ("watch", "关注"),
    "retrain": ("retrain", "重训"),
    "stop": ("stop", "停用"),
    "cannot_tell": ("cannot tell", "无法判断"),
}
MODELS: dict[str, Two] = {"churn": ("churn", "流失模型"), "reactivation": ("reactivation", "召回模型")}
LAMPS = ("stop", "watch", "keep")  # from above
LIT = {"stop": 0, "retrain": 1, "watch": 1, "keep": 2}


def light(outcome: str) -> str:
    """Three lamps of which one is lit (none where nothing can be told), and the word."""
    lamps = "".join(
        f'<circle cx="9" cy="{9 + 16 * place}" r="6.5" class="{"lit" if LIT.get(outcome) == place else "dark"}"/>'
        for place in range(len(LAMPS))
    )
    svg = (
        f'<svg class="lamps" viewBox="0 0 18 50" aria-hidden="true"><rect width="18" height="50" rx="6"/>{lamps}</svg>'
    )
    return f'<span class="light {outcome}">{svg}{badge(outcome)}</span>'


def badge(outcome: str) -> str:
    """A verdict as a word on its colour."""
    return f'<span class="verdict {outcome}">{both(*WORDS.get(outcome, (outcome, outcome)))}</span>'
