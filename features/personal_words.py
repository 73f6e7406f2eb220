"""What a person's name, phone, e-mail, address or identity number looks like, by a column's name and by its values.

Made to be wrong seldom: `product_name`, `phone_model`, `has_email` and a category of wines are nobody's. What the
patterns miss, `[ingest] allow_personal` cannot add: leave such columns out. Reads texts only. Start reading at
`personal_by_name` and `personal_by_value`.
"""

import re
from collections.abc import Callable
from typing import Final

KINDS: Final = {  # kind: how a sentence names it
    "email": ("e-mail addresses", "电子邮箱"),
    "phone": ("phone numbers", "电话号码"),
    "identity": ("identity numbers", "证件号码"),
    "address": ("addresses", "住址"),
    "name": ("names", "姓名"),
}
LONGEST, LONGEST_TEXT = 200, 2_000  # letters looked at, of a value and of a free text
_PERSON = (
    "customer|client|user|member|contact|person|first|last|full|family|given|middle|maiden|nick|buyer|recipient|"
    "receiver|consignee|guest|patient|legal|real|display|account|holder|sur|fore"
)
_FLAGS = (
    r"^(is|has|had|can|no|num|number_of|n|count|opt)_|_(count|flag|opt_in|optin|consent|model|brand|type|opens|os)$"
)
_NAMES: Final = {  # of a column in snake case, digits at its end left out
    "email": r"(^|_)(e_mail|email|mail)s?(_?(address|addr|id))?$|邮箱(地址|号)?$|郵箱$|电邮$|電郵$|电子邮件(地址)?$",
    "phone": r"(^|_)(phone|mobile|telephone|tel|cellphone|cell_phone|fax|msisdn|whatsapp)s?(_?(number|no|num|nr))?$|"
    r"^(手机|手機|电话|電話|联系方式|聯繫方式|联系电话|微信)$|(手机|手機|电话|電話|微信)(号|号码|號|號碼)$|(联系|家庭|办公|客户|会员)电话$|微信id$",
    "identity": r"(^|_)(id_?card|identity(_?card)?|identification|national_?id|citizen_?id|id_number|ssn|"
    r"social_security|passport|driver_?s?_licen[cs]e|iban|credit_?card|card_number|bank_account|licen[cs]e_plate)"
    r"(_?(number|no|num|nr))?$|身份证|身份證|护照|護照|证件号|證件號|银行卡号|银行账号|社保号|车牌",
    "address": r"(^|_)(address|addr|street|address_line|house_number)$|^(address|addr)_|(^|[^网網p])(地址|住址)$|门牌",
    "name": rf"^name$|(^|_)({_PERSON})_?names?$|^(surname|forename|username|login)$|姓名|^(名字|用户名|昵称|会员名)$|"
    r"(客户|会员|用户|联系人|收货人|收件人)(名|名称|名字)$|^(联系人|收货人|收件人)$",
}
_BY_NAME: Final = {kind: re.compile(pattern) for kind, pattern in _NAMES.items()}
_FLAG: Final = re.compile(_FLAGS)
EMAIL: Final = re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}")
_MOBILE_CN: Final = re.compile(r"(?<![0-9])(\+?86[ -]?)?1[3-9][0-9][ -]?[0-9]{4}[ -]?[0-9]{4}(?![0-9])")
_PHONE_HELD: Final = re.compile(r"(?<![0-9A-Za-z])(?:" + _MOBILE_CN.pattern + r")(?![0-9A-Za-z])")  # no part of a hash
_E164: Final = re.compile(r"(?<![0-9])\+[1-9][0-9]{0,2}[ -]?[0-9(][0-9 ()-]{5,14}[0-9](?![0-9])")
_NATIONAL: Final = re.compile(r"\(?0?[0-9]{2,4}\)?[ .-][0-9]{3,4}[ .-]?[0-9]{4}")  # (020) 7946 0958, 415-555-2671
_IDENTITY: Final = re.compile(r"(?<![0-9])[1-8][0-9]{5}(?:19|20)[0-9]{2}[01][0-9][0-3][0-9][0-9]{3}[0-9Xx](?![0-9])")
_SSN: Final = re.compile(r"(?!000|666|9)[0-9]{3}-(?!00)[0-9]{2}-(?!0000)[0-9]{4}")
_ADDRESS: Final = re.compile(
    r"[0-9]{1,5}[A-Za-z]?,? [A-Za-z0-9' .]+ (street|st|road|rd|avenue|ave|lane|ln|drive|dr|boulevard|blvd|way|court|"
    r"square|terrace|close)\b.*|.*([路街巷弄道村里]|大道)[0-9０-９一二三四五六七八九十]+(号|號|弄|栋|幢).*|"
    r".*[省市区縣县].*[0-9]+(号|號)?(楼|室|栋|幢|单元).*|[A-Z][a-zß]+(straße|strasse|weg|platz) [0-9]+.*",
    re.IGNORECASE,
)
_SURNAMES: Final = frozenset(  # the hundred commonest of the census of 2020, which more than 8 in 10 people bear
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩邓冯曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚沈钟姜崔谭陆范"
    "汪廖石金韦贾夏付方邹熊白孟秦邱侯江尹薛闫段雷龙黎史陶贺毛郝顾龚邵万覃武钱戴严莫孔向常張劉陳楊黃趙吳孫馬許鄭羅謝"
)
_GIVEN_NAMES: Final = (
    "james mary michael patricia robert jennifer john linda david elizabeth william barbara richard susan joseph "
    "jessica thomas sarah christopher karen charles lisa daniel nancy matthew sandra anthony betty mark ashley "
    "donald emily steven kimberly andrew margaret paul donna joshua michelle kenneth carol kevin amanda brian "
    "melissa george deborah timothy stephanie ronald rebecca jason sharon edward laura jeffrey cynthia ryan dorothy "
    "jacob amy nicholas kathleen gary angela eric shirley jonathan emma stephen brenda larry pamela justin nicole "
    "scott anna brandon samantha benjamin katherine samuel christine gregory helen alexander debra patrick rachel "
    "frank carolyn jack janet raymond maria jerry olivia tyler heather aaron alice henry grace peter jane adam "
    "hannah oliver sophie lucy harry charlotte simon claire ahmed mohammed fatima anil priya ravi wei li hans klaus "
    "pierre marie jean juan jose carlos luis ana sofia marco giulia ivan olga "
)
_GIVEN: Final = frozenset(_GIVEN_NAMES.split())
_HAN: Final = re.compile(r"[\u4e00-\u9fff]{2,3}")
_TWO_WORDS: Final = re.compile(r"([A-Z][A-Z'-]+)(,?) (?:[A-Z]\.? )?([A-Z][A-Z'-]+)", re.IGNORECASE)
_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def personal_by_name(name: str) -> str | None:
    """The kind of personal detail that a column's name speaks of; None where it speaks of none."""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name.strip())
    plain = re.sub(r"[^0-9a-z\u4e00-\u9fff]+", "_", spaced.lower()).strip("_").rstrip("0123456789").rstrip("_")
    if _FLAG.search(plain):
        return None
    return next((kind for kind, pattern in _BY_NAME.items() if pattern.search(plain)), None)


def personal_by_value(value: str, *, is_key: bool = False) -> str | None:
    """The kind of personal detail that a value is; names are told by `looks_like_a_name` for many at once.

    A whole value, or a part that stands alone in it: `tel:13812345678`.

    Args:
        value: a text.
        is_key: an id, which may well look like a local phone number.
    """
    text = value.strip()
    if len(text) > LONGEST:
        return None
    tests = _EXACT if is_key else (*_EXACT, *_LOOSE)
    return next((kind for kind, is_one in tests if is_one(text)), None)


def personal_within(text: str) -> str | None:
    """The kind of personal detail that stands anywhere in a free text."""
    text = text[:LONGEST_TEXT]
    if EMAIL.search(text):
        return "email"
    if any(is_identity_number(found) for found in _IDENTITY.findall(text)):
        return "identity"
    return "phone" if _MOBILE_CN.search(text) or _E164.search(text) else None


def is_identity_number(text: str) -> bool:
    """Whether a text of 18 passes as a Chinese identity number. Source: GB 11643-1999 (ISO 7064 MOD 11-2)."""
    total = sum(int(digit) * weight for digit, weight in zip(text[:17], _WEIGHTS, strict=True))
    return "10X98765432"[total % 11] == text[17].upper()


def looks_like_a_name(value: str) -> bool:
    """Whether a value may be a person's name: alone it proves nothing, most of many do."""
    text = value.strip()
    if _HAN.fullmatch(text):
        return text[0] in _SURNAMES
    words = _TWO_WORDS.fullmatch(text)
    return words is not None and words[3 if words[2] else 1].lower() in _GIVEN  # `Lee, Anna` as well as `Anna Lee`


def _is_identity(text: str) -> bool:
    return bool(_IDENTITY.fullmatch(text)) and is_identity_number(text)


_EXACT: Final[tuple[tuple[str, Callable[[str], object]], ...]] = (
    ("email", EMAIL.fullmatch),
    ("identity", _is_identity),
    ("phone", _MOBILE_CN.fullmatch),
    ("phone", _E164.fullmatch),
)
_LOOSE: Final[tuple[tuple[str, Callable[[str], object]], ...]] = (
    ("identity", _SSN.fullmatch),
    ("phone", _NATIONAL.fullmatch),
    ("address", _ADDRESS.fullmatch),
    ("email", EMAIL.search),
    ("phone", _PHONE_HELD.search),
)
