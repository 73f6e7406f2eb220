"""Names, phones, e-mails, addresses and identity numbers are refused as attributes; what only looks so is not."""

from pathlib import Path

import pytest

from features.input_report import PersonalData
from features.personal_features import PersonalFeature, refuse_personal_features
from features.personal_words import personal_by_name, personal_by_value, personal_within
from features.sources import IngestReport, ingest
from tests.orders_csv import rejects_of, shop

PERSONAL = {
    "email": "email E-mail customerEmail contact_email mail email_address 邮箱 电子邮件 電郵",
    "phone": "phone mobile phone1 tel phone_number mobileNo customer_phone 手机 手机号 联系电话 客户手机号码 電話",
    "identity": "ssn id_card passport passport_no national_id driver_license card_number 身份证 身份证号 护照号",
    "address": "address address1 street shipping_address address_line_1 ip_address 地址 收货地址",
    "name": "name customer_name firstName last_name surname full_name username 姓名 客户姓名 收货人 联系人",
}
NOBODYS = (
    "product_name category channel phone_model has_email email_opens is_mobile campaign_name 商品名称 手机型号 "
    "手机品牌 region city acquisition_channel store_name sold_via brand_name event_name order_no mailing_list "
    "email_domain file_name postcode hotline telegram tele_sales id order_id reason 渠道 类别 网址 会员等级 rename"
)


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind, names in PERSONAL.items() for name in names.split()])
def test_names_of_columns_with_details_of_people(kind: str, name: str) -> None:
    assert personal_by_name(name) == kind


@pytest.mark.parametrize("name", NOBODYS.split())
def test_names_of_columns_that_only_sound_like_it(name: str) -> None:
    assert personal_by_name(name) is None


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("ann@example.com", "email"),
        ("13812345678", "phone"),
        ("138 1234 5678", "phone"),
        ("+44 20 7946 0958", "phone"),
        ("+8613812345678", "phone"),
        ("(020) 7946 0958", "phone"),
        ("555-010-4477", "phone"),
        ("11010519491231002X", "identity"),
        ("078-05-1120", "identity"),
        ("12 High Street", "address"),
        ("上海市浦东新区世纪大道100号", "address"),
        ("110105194912310021", None),  # its check digit is wrong
        ("2024-01-15", None),
        ("2024-01-15 10:00", None),
        ("20240101123456", None),
        ("85123A", None),
        ("123-4567890-1234567", None),
        ("1710000000", None),
        ("1710000000000", None),
        ("North", None),
        ("上海市", None),
        ("广东省深圳市", None),
        ("3 Way Cable", None),
        ("10.50", None),
        ("@home", None),
        ("tel:13812345678", "phone"),
        ("王芳 13812345678", "phone"),
        ("ann@example.com (work)", "email"),
        ("c4ca4238a13812345678bcc509a6f75b", None),  # a hash
        ("SKU13812345678", None),
    ],
)
def test_values_that_are_details_of_people(value: str, kind: str | None) -> None:
    assert personal_by_value(value) == kind


def test_details_within_a_text() -> None:
    assert personal_within("please write to ann@example.com") == "email"
    assert personal_within("我的手机是13812345678，请回电") == "phone"
    assert personal_within("证件 11010519491231002X") == "identity"
    assert personal_within("order 20240101123456 came @ 3 pm, 100 % fine") is None


def read(root: Path, column: str, values: list[str], expression: str | None = None, **more: object) -> IngestReport:
    """Ingest a log whose category is this column."""
    lines = "".join(f"{place:04d},2024-01-{place % 28 + 1:02d},{value}\n" for place, value in enumerate(values))
    (root / "orders.csv").write_text(f"customer_id,date,{column}\n{lines}", encoding="utf-8")
    allowed = more.pop("allow_personal", ())
    source = {
        "path": "orders.csv", "customer_id": "customer_id", "event_type": "'order'", "event_timestamp": "date",
        "timezone": "UTC", "category": expression or column,
    } | more  # fmt: skip
    settings = shop(root, source)
    limits = settings.ingest.model_copy(update={"allow_personal": allowed})
    return ingest(settings.model_copy(update={"ingest": limits}), environ={})


MOBILES = [f"1{3 + place % 6}{place * 123_456_789 % 10**9:09d}" for place in range(40)]
GIVEN = ("Anna", "Mary", "John", "Peter", "Alice", "Linda", "Karen", "Mark", "Laura", "Susan")
SURNAMES = "王李张刘陈杨黄赵吴周"
PEOPLE = [SURNAMES[place % 10] + "伟芳娜敏静丽强磊军洋"[place // 10 % 10] + "一二三"[place % 3] for place in range(60)]


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("email", ["x", "y"]),  # by its name alone
        ("手机", ["x", "y"]),
        ("note", ["ann@example.com", "bob@example.org", ""]),
        ("note", MOBILES),
        ("note", ["110105194912310029"[:17] + "X", "11010519491231002X"]),
        ("note", PEOPLE),
        (
            "note",
            [f"{first} {last}" for first in ("Anna", "Mary", "John") for last in ("Lee", "Hill", "Stone", "Moss")],
        ),
        ("note", [f"{place} Church Road" for place in range(1, 30)]),
        ("note", [f"{name} Smith".upper() for name in GIVEN]),
        ("note", [f'"Smith, {name}"' for name in GIVEN]),
        ("rep", [f"{name} Smith" for name in GIVEN] * 60),
    ],
)
def test_a_column_with_details_of_people_is_refused(tmp_path: Path, column: str, values: list[str]) -> None:
    with pytest.raises(PersonalData) as raised:
        read(tmp_path, column, values)
    error = raised.value
    assert "orders.category" in error.problem
    assert "ingest/report.html" in error.problem
    assert "md5(x)" in error.mend
    assert 'allow_personal = ["orders.category"]' in error.mend
    assert error.exit_code == 10
    assert not (tmp_path / "artifacts" / "shop" / "log").exists()
    page = (tmp_path / "artifacts" / "shop" / "ingest" / "report.html").read_text()
    assert "The log was not replaced" in page
    for value in filter(lambda value: len(value) > 3, values):
        assert value not in error.problem
        assert value not in page


@pytest.mark.parametrize(
    ("column", "values", "expression"),
    [
        ("email", ["ann@example.com", "bob@example.org"], "md5(email)"),
        ("email", ["ann@example.com", "", "bob@example.org"], "CASE WHEN email <> '' THEN 'yes' ELSE 'no' END"),
        ("email", ["yes", "no"], None),  # a flag under that name
        ("product_name", [f"Card {place}" for place in range(40)], None),
        (
            "note",
            ["黄酒", "白酒", "毛衣", "方便面", "金饰", "江米", "面包", "牛奶", "鸡蛋", "水果", "蔬菜", "大米"],
            None,
        ),
        (
            "city",
            ["广州市", "深圳市", "上海市", "温州", "金华", "黄山", "徐州", "石家庄", "武汉", "唐山", "贺州", "北京"],
            None,
        ),
        ("note", [f"2024-{place % 12 + 1:02d}-15" for place in range(40)], None),
        ("note", [f"{15_000_000 + place}" for place in range(40)], None),
    ],
)
def test_what_only_looks_like_it_is_let_in(
    tmp_path: Path, column: str, values: list[str], expression: str | None
) -> None:
    assert read(tmp_path, column, values, expression).found.counts["error"] == 0


def test_attributes_of_profiles_are_refused_too(tmp_path: Path) -> None:
    with pytest.raises(PersonalData) as raised:
        read(tmp_path, "x", ["1", "2"], attributes={"姓名": "x", "tier": "x"})
    assert "orders.姓名" in raised.value.problem
    assert "orders.tier" not in raised.value.problem


@pytest.mark.parametrize("expression", ["md5(x)", "x = '1'", "x"])
def test_an_attribute_is_refused_by_its_name_whatever_is_in_it(tmp_path: Path, expression: str) -> None:
    """Its name is that of a feature."""
    with pytest.raises(PersonalData, match="another name"):
        read(tmp_path, "x", ["1", "0"], attributes={"email": expression})
    assert read(tmp_path, "x", ["1", "0"], attributes={"has_email": expression}).found.counts["error"] == 0


def test_features_named_like_details_of_people_are_refused() -> None:
    for kinds, own, name in (
        (["order", "profile.手机"], [], "手机"),
        (["order"], ["customer_email"], "customer_email"),
    ):
        with pytest.raises(PersonalFeature) as raised:
            refuse_personal_features(kinds, own, ())
        assert name in raised.value.problem
        assert "churn ingest" in raised.value.mend
        refuse_personal_features(kinds, own, [f"crm.{name}"])
    refuse_personal_features(["order", "profile.region"], ["email_opens"], ())


def test_the_settings_may_let_a_column_in_and_the_report_says_so(tmp_path: Path) -> None:
    found = read(tmp_path, "name", ["Card", "Bag"], allow_personal=("orders.category", "orders.channel")).found
    assert [(one.code, one.where) for one in found.findings if one.code.startswith(("personal", "allow"))] == [
        ("allowance_unused", "orders.channel"),
        ("personal_allowed", "orders.category"),
    ]


def test_kinds_and_channels_with_details_of_people_are_not_named(tmp_path: Path) -> None:
    people = [f"ann{place}@example.com" for place in range(30)] * 8
    for column in ("event_type", "channel"):
        with pytest.raises(PersonalData, match=rf"orders\.{column}"):
            read(tmp_path, "who", people, category="'a'", **{column: "who"})
        for name in ("report.html", "report.json"):
            assert "example.com" not in (tmp_path / "artifacts" / "shop" / "ingest" / name).read_text()


def test_numbers_of_orders_from_a_counter_are_no_phones(tmp_path: Path) -> None:
    counted = [f"{15_800_000_000 + place}" for place in range(60)]
    assert read(tmp_path, "order_no", counted, order_id="order_no", category="'a'").found.counts["error"] == 0
    with pytest.raises(PersonalData, match=r"orders\.order_id"):
        read(tmp_path, "order_no", MOBILES, order_id="order_no", category="'a'")


def test_a_key_made_of_phones_is_warned_of(tmp_path: Path) -> None:
    found = read(tmp_path, "who", MOBILES, customer_id="who", category="'a'").found
    warned = [one for one in found.findings if one.code == "key_is_personal"]
    assert [one.where for one in warned] == ["orders.customer_id"]
    assert "md5(lower(trim(who)))" in warned[0].mend["en"]


def test_free_text_is_warned_of(tmp_path: Path) -> None:
    texts = ["all well", "call me: 13812345678", "", "write to ann@example.com"]
    found = read(tmp_path, "words", texts, text="words", category="'a'").found
    assert [one.where for one in found.findings if one.code == "text_holds_personal"] == ["orders.text"]


def test_what_is_refused_is_kept_without_the_details_of_people(tmp_path: Path) -> None:
    (tmp_path / "orders.csv").write_text("customer_id,date,phone,item\n1,2024-01-01,13812345678,a\n2,soon,139,b\n")
    source = {"customer_id": "customer_id", "event_type": "'order'", "event_timestamp": "date", "timezone": "UTC"}
    report = ingest(shop(tmp_path, {"path": "orders.csv", **source}), environ={})
    assert rejects_of(report)["raw"].tolist() == ['{"customer_id":"2","date":"soon","item":"b"}']
