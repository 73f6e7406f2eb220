"""What every page says while nobody needs a key: `open_banner(request.state.caller.open, language)`."""

TEXTS = {
    "en": "Open demo: nobody needs a key. Only this machine is answered; close it with <code>churn keys create</code>.",
    "zh": "开放演示：无需密钥即可使用。仅响应本机请求；运行 <code>churn keys create</code> 即可关闭。",
}


def open_banner(is_open: bool, language: str) -> str:
    """A line of HTML for the top of a page; empty where a key is needed.

    Args:
        is_open: nobody needs one.
        language: en or zh.
    """
    return f'<p class="open" role="status">{TEXTS[language]}</p>' if is_open else ""
