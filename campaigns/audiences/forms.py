"""What each platform takes: columns, hashes, limits, consents, with the page that says so; what no page says is named.

    google      Customer Match: a CSV with `Email` and `Phone`
    meta        Custom Audience of customers: a CSV with `email`, `phone`, and `value` for a seed
    x           list audience: one hashed e-mail address a line, no header
    linkedin    contact list: a CSV with the columns of its template, of which `email` is filled

Pages were read on `READ_ON`. Names and postal addresses are left out: [contacts] has no postcode, without which Google
matches no name, and a full name in one column parts into first and last by guess alone. Start reading at `FORMS`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

READ_ON: Final = "2026-11-23"
META_DOCS: Final = "https://developers.facebook.com/documentation/ads-commerce"
EMAIL, PHONE = "email", "phone"
PhoneForm = Literal["+digits", "digits"]


@dataclass(frozen=True)
class Unverified:
    """Something about a form that no page we read says.

    Args:
        code: for machines. en, zh: the same for people, with what to do.
    """

    code: str
    en: str
    zh: str


@dataclass(frozen=True)
class Form:
    """What a platform takes.

    Args:
        vendor: its code. title: its name for people.
        columns: by identifier, the header of its column.
        has_header: whether the first line names the columns.
        template: every column in order, where those that stay empty must be there too.
        phone_form: how a phone number is spelt before it is hashed.
        gmail_alike: whether dots and what follows a plus are dropped from addresses at gmail.com and googlemail.com.
        value_column: header of the column of values, for a seed; None where none is documented.
        fewest_rows: fewer are of no use to it. fewest_matched: people that it must know among them.
        most_rows, most_bytes: of a file; None where no page says.
        consent: the names by which it takes consent, for everybody of an upload.
        pages: where this is documented.
        unverified: what no page says.
    """

    vendor: str
    title: str
    columns: Mapping[str, str]
    has_header: bool
    phone_form: PhoneForm
    gmail_alike: bool
    value_column: str | None
    fewest_rows: int
    fewest_matched: int
    most_rows: int | None
    most_bytes: int | None
    consent: tuple[str, ...]
    pages: tuple[str, ...]
    unverified: tuple[Unverified, ...] = ()
    template: tuple[str, ...] = ()


GOOGLE = Form(
    vendor="google", title="Google Ads Customer Match", columns={EMAIL: "Email", PHONE: "Phone"}, has_header=True,
    phone_form="+digits", gmail_alike=True, value_column=None, fewest_rows=100, fewest_matched=100, most_rows=None,
    most_bytes=5_000_000_000, consent=("ad_user_data", "ad_personalization"),
    pages=(
        "https://support.google.com/google-ads/answer/7659867",  # headers, encoding, SHA-256
        "https://developers.google.com/data-manager/api/devguides/concepts/formatting",  # normalised before hashing
        "https://developers.google.com/google-ads/api/docs/remarketing/audience-types/customer-match",
        "https://support.google.com/google-ads/answer/7476585",  # 100 active in 30 days, on every network
        "https://support.google.com/google-ads/answer/14310715",  # consent: both GRANTED, for all of an upload
        "https://developers.google.com/ads/blog/posts/2025/02/update-to-customer-match-membership",  # 540 days
        # 5 GB a file: an edition from the days of AdWords; editions of today name no limit
        "https://support.google.com/adwords/answer/6276125?co=ADWORDS.IsAWNCustomer%3Dfalse&hl=en-GB",
        "https://support.google.com/google-ads/answer/14546648",  # the ways to give consent
    ),
    unverified=(
        Unverified(
            "google_file_consent",
            "Consent was read of uploads by the API; of a file by hand no page that we read says where it is given: "
            "see support.google.com/google-ads/answer/14546648, and give it where you upload.",
            "已查到的同意状态说明只针对 API 上传；手动上传文件时在何处填写未经核实："
            "请参阅 support.google.com/google-ads/answer/14546648，并在上传时填写。",
        ),
    ),
)  # fmt: skip

META = Form(
    vendor="meta", title="Meta Custom Audience", columns={EMAIL: "email", PHONE: "phone"}, has_header=True,
    phone_form="digits", gmail_alike=False, value_column="value", fewest_rows=100, fewest_matched=100,
    most_rows=10_000, most_bytes=None, consent=("customer_consent",),
    pages=(
        "https://www.facebook.com/business/help/2082575038703844",  # headers; no lists of fewer than 100 people
        "https://www.facebook.com/business/help/1033094474356222",  # customer value: decimal or whole numbers
        f"{META_DOCS}/marketing-api/audiences/guides/custom-audiences",  # 10,000 at a time, customer_consent
        f"{META_DOCS}/marketing-api/audiences/guides/value-based-lookalike-audiences",  # by the API: LOOKALIKE_VALUE
        f"{META_DOCS}/conversions-api/parameters/customer-information-parameters",  # before hashing, with examples
    ),
    unverified=(
        Unverified(
            "meta_value_header",
            "That the column of values is called `value` was read on no page: choose the column when you are asked.",
            "价值列的列名 `value` 未经官方页面核实：上传时请手动选择该列。",
        ),
        Unverified(
            "meta_file_rows",
            "10,000 rows at a time is the limit of the API; whether a file by hand may have more was read on no page.",
            "每次 10,000 行是 API 的上限；手动上传文件的上限未经官方页面核实。",
        ),
    ),
)  # fmt: skip

X = Form(
    vendor="x", title="X list audience", columns={EMAIL: "email"}, has_header=False, phone_form="+digits",
    gmail_alike=False, value_column=None, fewest_rows=100, fewest_matched=500, most_rows=None,
    most_bytes=10_000_000_000, consent=(),
    pages=(
        "https://business.x.com/en/help/campaign-setup/campaign-targeting/custom-audiences/lists",
        "https://developer.x.com/en/docs/x-ads-api/audiences/overview/user-data",  # lower case, SHA-256 without salt
        "https://docs.x.com/x-ads-api/audiences",  # 100 matched; 500 to be chosen where campaigns are set up by hand
        # 10 GB a file: an edition that stands under another title; that of the page on lists names no limit
        "https://business.x.com/en/help/campaign-setup/campaign-targeting/lookalike-audiences.html",
    ),
    unverified=(
        Unverified(
            "x_phone",
            "X takes phone numbers, but no page was found that says how they are spelt before hashing: none is sent.",
            "X 支持手机号，但未找到哈希前的格式说明：因此不导出手机号。",
        ),
    ),
)  # fmt: skip

LINKEDIN = Form(
    vendor="linkedin", title="LinkedIn contact list", columns={EMAIL: "email"}, has_header=True, phone_form="+digits",
    gmail_alike=False, value_column=None, fewest_rows=300, fewest_matched=300, most_rows=300_000,
    most_bytes=20_000_000, consent=(),
    pages=(
        "https://www.linkedin.com/help/lms/answer/a1489764",  # 300 to 300,000 rows, 20 MB, e-mails plain or SHA-256
        "https://learn.microsoft.com/en-us/linkedin/marketing/matched-audiences/create-and-manage-list-uploads",
    ),
    template=("email", "firstname", "lastname", "jobtitle", "employeecompany", "country", "googleaid"),
    unverified=(
        Unverified(
            "linkedin_template",
            "It wants the headers of its template unchanged. These are the ones that others quote of it (the file is "
            "LinkedIn_Ads_Contact_Match_Template.csv at content.linkedin.com); the template itself was not read: "
            "compare them with the one that Campaign Manager offers.",
            "LinkedIn 要求模板列名保持不变。此处列名引自他人对模板（content.linkedin.com 的 "
            "LinkedIn_Ads_Contact_Match_Template.csv）的转述，未核对模板本身：请与 Campaign Manager 提供的模板比对。",
        ),
        Unverified(
            "linkedin_email",
            "How an address is spelt before hashing was read on no page: lower case without spaces, as elsewhere.",
            "邮箱哈希前的格式未经官方页面核实：与其他平台一致，转为小写并去除空格。",
        ),
    ),
)  # fmt: skip

FORMS: Final[Mapping[str, Form]] = {one.vendor: one for one in (GOOGLE, META, X, LINKEDIN)}
