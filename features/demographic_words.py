"""Which attributes of a profile are demographic, by their names: they make no feature unless somebody asks for it.

Who somebody is, not what they did: sex, age, origin, belief, health, family, income, schooling. Made to be wrong
seldom: `account_age`, `page`, `health_score` and `region` are none. What it takes for one and is none, and what a
model is to see all the same, `[fairness] allow_as_features` names. Reads names only. Start reading at
`is_demographic`.
"""

import re
from collections.abc import Iterable
from typing import Final

from churn.sections import Wanted

_WORDS: Final = (  # anywhere in a name, as a word of it
    "gender|sex|ethnicity|ethnic|ethnic_group|ethnic_origin|race|racial|religion|religious|faith|nationality|citizenship|"
    "national_origin|country_of_birth|birth|birthday|birthdate|birth_date|birth_year|birthyear|dob|date_of_birth|"
    "year_of_birth|place_of_birth|marital|married|marriage|civil_status|income|salary|education|schooling|occupation|"
    "disability|disabled|pregnant|pregnancy|children|kids|household_size|family_size|sexual_orientation|orientation|"
    "political|politics|mother_tongue|native_language|union_member|caste|immigration|veteran|health_status|"
    "health_condition|medical"
)
_WHOLE: Final = (  # only as a whole name: `account_age` is none
    r"((customer|client|user|member|person|buyer)_)?ages?(_(years?|groups?|bands?|ranges?|brackets?|buckets?|class))?"
)
_ZH: Final = (
    "性别|性別|^年龄|^年齡|(客户|会员|用户)年龄|年龄段|出生|生日|民族|种族|種族|宗教|信仰|国籍|國籍|婚姻|婚否|已婚|收入|薪资|"
    "工资|学历|學歷|教育程度|文化程度|职业|職業|籍贯|籍貫|户籍|戶籍|户口|残疾|殘疾|健康状况|病史|政治面貌|怀孕|孕期|子女|"
    "性取向|家庭人口"
)
_BY_NAME: Final = re.compile(rf"(^|_)({_WORDS})(_|$)|^({_WHOLE})$|{_ZH}")


def is_demographic(name: str) -> bool:
    """Whether the name of an attribute speaks of who somebody is.

    >>> [is_demographic(one) for one in ("Gender", "ageGroup", "account_age", "月收入", "region", "birth_year")]
    [True, True, False, True, False, True]
    """
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name.strip())
    plain = re.sub(r"[^0-9a-z\u4e00-\u9fff]+", "_", spaced.lower()).strip("_").rstrip("0123456789").rstrip("_")
    return _BY_NAME.search(plain) is not None


def left_out(attributes: Iterable[str], wanted: Wanted) -> list[str]:
    """Those of some attributes that make no feature, as they are demographic and nobody asked for them."""
    if not wanted.without_demographic:
        return []
    return [name for name in attributes if is_demographic(name) and name not in wanted.demographic_allowed]
