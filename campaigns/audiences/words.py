"""Why customers are on no list, and what to know of a list, in the words of people. Start reading at `WHY_NOT`."""

from collections.abc import Mapping
from typing import Final

from campaigns.audiences.candidates import NO_SCORE, UNLIKELY
from campaigns.audiences.hashing import NO_DETAILS, REFUSED_DETAILS, UNUSABLE
from campaigns.suppress import WORDS

NOT_SCORED, SAME_DETAILS, NOT_AMONG_BEST = "not_scored_now", "same_details_as_another", "not_among_the_best"
NO_FLAG, FEW_MAY_MATCH, SEVERAL_LISTS = "consent_unspecified", "few_may_match", "several_lists"

WHY_NOT: Final[Mapping[str, tuple[str, str]]] = {
    **WORDS,
    "opted_out": ("they do not want to be contacted, or to be on such lists", "客户拒绝被联系或拒绝进入广告受众"),
    "no_consent": ("no consent to this use is known", "未取得相应的同意"),
    NO_SCORE: ("their model told no probability", "模型未给出概率"),
    UNLIKELY: ("less likely to come back than was asked for", "回流概率低于要求"),
    NO_DETAILS: ("no e-mail address or phone number that this platform takes", "没有该平台可用的邮箱或手机号"),
    UNUSABLE: ("their phone number is none, or lacks its country code", "手机号无效或缺少国家代码"),
    REFUSED_DETAILS: ("somebody who refused has the same details", "与已拒绝的客户使用相同的联系方式"),
    NOT_SCORED: ("the newest scores do not know them", "最新评分中没有该客户"),
    SAME_DETAILS: ("another customer on the list has the same details", "名单中已有相同联系方式的客户"),
    NOT_AMONG_BEST: ("others are worth more", "未进入价值最高的客户"),
}
NO_FLAG_EN = (
    "Nothing says that these customers agreed to advertising platforms, so consent is not stated; Google then uses "
    'nobody from the European Economic Area. Name a column: [contacts] consents = { audience = "may_advertise" }; or, '
    "if the consents to e-mail and calls cover it, say so: [audiences] consents_cover_advertising = true."
)
NO_FLAG_ZH = (
    "未说明客户同意用于广告平台，因此同意状态为未指定；Google 不会使用欧洲经济区客户的数据。请设置 [contacts] "
    'consents = { audience = "may_advertise" }；若邮件与电话同意已涵盖该用途，请设置 [audiences] '
    "consents_cover_advertising = true。"
)
TOLD: Final[Mapping[str, tuple[str, str]]] = {
    NO_FLAG: (NO_FLAG_EN, NO_FLAG_ZH),
    FEW_MAY_MATCH: (
        "The platform must know {fewest} of these {rows} people; if it knows fewer, it shows the list as too small.",
        "平台须匹配到至少 {fewest} 人（名单共 {rows} 人），否则会显示名单过小。",
    ),
    SEVERAL_LISTS: (
        "One audience takes one file there: make an audience of each of the {files} files.",
        "该平台一个受众只接受一个文件：请为 {files} 个文件分别建立受众。",
    ),
}
