"""The codes of channels: by which ways customers and a business meet, one published list for every log.

A log may name its channels as it likes; these codes are what reports, answers and documents speak of. Data, and one
function that says which of a log's channels are none of these. Start reading at `CHANNELS`.
"""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Final

CHANNELS: Final[dict[str, tuple[str, str]]] = {  # code: English, Chinese
    "phone": ("phone call", "电话"),
    "email": ("e-mail", "电子邮件"),
    "sms": ("text message", "短信"),
    "mail": ("letter", "信函"),
    "visit": ("visit in person", "上门拜访"),
    "store": ("shop", "门店"),
    "web": ("web site", "网站"),
    "app": ("app", "应用程序"),
    "mini_program": ("mini program", "小程序"),
    "push": ("push message", "推送"),
    "chat": ("chat", "在线聊天"),
    "hotline": ("hotline", "服务热线"),
    "forum": ("forum", "论坛"),
    "community": ("own community", "自有社区"),
    "live_stream": ("live stream", "直播"),
    "short_video": ("short video", "短视频"),
    "wechat": ("WeChat", "微信"),
    "wechat_group": ("WeChat group", "微信群"),
    "wechat_moments": ("WeChat Moments", "朋友圈"),
    "wecom": ("WeCom", "企业微信"),
    "weibo": ("Weibo", "微博"),
    "xiaohongshu": ("Xiaohongshu", "小红书"),
    "douyin": ("Douyin", "抖音"),
    "bilibili": ("Bilibili", "哔哩哔哩"),
    "zhihu": ("Zhihu", "知乎"),
    "qq": ("QQ", "QQ"),
    "facebook": ("Facebook", "Facebook"),
    "instagram": ("Instagram", "Instagram"),
    "x": ("X", "X"),
    "linkedin": ("LinkedIn", "领英"),
    "youtube": ("YouTube", "YouTube"),
    "tiktok": ("TikTok", "TikTok"),
    "whatsapp": ("WhatsApp", "WhatsApp"),
    "telegram": ("Telegram", "Telegram"),
    "line": ("LINE", "LINE"),
    "marketplace": ("marketplace", "电商平台"),
    "partner": ("partner", "合作伙伴"),
    "event": ("event", "线下活动"),
}
SAME: Final = {  # what logs call them
    **{zh.lower(): code for code, (_, zh) in CHANNELS.items()},
    **{en.lower(): code for code, (en, _) in CHANNELS.items()},
    "mobile": "app",
    "telephone": "phone",
    "call": "phone",
    "tel": "phone",
    "text": "sms",
    "twitter": "x",
    "website": "web",
    "online": "web",
    "offline": "store",
    "in_store": "store",
    "shop": "store",
    "letter": "mail",
    "fb": "facebook",
    "ig": "instagram",
    "livestream": "live_stream",
    "客服热线": "hotline",
    "线下": "store",
}


def unknown_channels(levels: Iterable[str]) -> dict[str, str | None]:
    """The channels of a log that are no code of the list, each with the nearest code, or None where none is near."""
    return {level: _nearest(level) for level in sorted(set(levels)) if level not in CHANNELS}


def channel_of(said: str) -> str | None:
    """The code of a channel that a word names, as logs write it; None where it names none."""
    plain = said.strip().lower()
    named = plain.replace("-", "_").replace(" ", "_")
    for one in (plain, named, named.replace("_", "")):
        if one in CHANNELS or one in SAME:
            return one if one in CHANNELS else SAME[one]
    return None


def _nearest(level: str) -> str | None:
    named = level.strip().lower().replace("-", "_").replace(" ", "_")
    near = get_close_matches(named, CHANNELS, n=1, cutoff=0.8)
    return channel_of(level) or (near[0] if near else None)
