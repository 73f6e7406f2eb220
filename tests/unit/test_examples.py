"""The examples: published files become tables, the settings read them, and the numbers on their pages are those."""

import gzip
import importlib.util
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from types import ModuleType

import pandas as pd
import pytest

from churn.definition import ChurnDefinition, StageRules
from churn.model_sections import Training
from churn.monitoring_sections import Monitoring
from churn.sections import Business, Features, Ingest, Serving, Store
from churn.settings import Settings, load
from features.catalogue import catalogue
from features.compute import compute
from features.log_reading import read_events
from features.sources import IngestReport, ingest

ROOT = Path(__file__).parents[2]


def prepare_of(example: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(
        f"prepare_{example.replace('-', '_')}", ROOT / "examples" / example / "prepare.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def ingested(example: str, data: Path, root: Path) -> IngestReport:
    settings = load(ROOT / "examples" / example / "churn.toml", environ={}).model_copy(update={"root": root})
    return ingest(settings, environ={"CHURN_DATA": str(data)})


@pytest.mark.shared_data
@pytest.mark.parametrize("example", ["cdnow", "online-retail-ii", "mathoverflow"])
def test_the_published_logs_give_no_error_and_no_warning(example: str, data_folder: Path, tmp_path: Path) -> None:
    """What the input-data report says of sound logs of real businesses is advice."""
    found = ingested(example, data_folder, tmp_path).found
    assert [one.code for one in found.findings if one.severity != "advice"] == []
    assert all(one.why is None for one in found.readiness)


def test_cdnow_from_the_published_file(tmp_path: Path) -> None:
    master = tmp_path / "CDNOW_master.txt"
    master.write_text(
        " 00001 19970101  1  11.77\n 00002 19970112  1  12.00\n 00002 19970112  5  77.00\n"
        " 00003 19980331  2   0.00\n 00003 19980401  2  20.76\n"
    )
    table = prepare_of("cdnow").prepare(master, tmp_path / "cdnow")
    assert gzip.decompress(table.read_bytes()).decode().splitlines() == [
        "customer_id,date,cds,amount",
        "00001,1997-01-01,1,11.77",
        "00002,1997-01-12,1,12.0",
        "00002,1997-01-12,5,77.0",
        "00003,1998-03-31,2,0.0",
    ]
    assert table.read_bytes() == prepare_of("cdnow").prepare(master, tmp_path / "again").read_bytes()
    log = ingested("cdnow", tmp_path, tmp_path).manifest
    assert (log.events, log.customers, log.kinds) == (4, 3, {"order": 4})
    master.write_text("customer,day\n")
    with pytest.raises(SystemExit, match="four columns"):
        prepare_of("cdnow").prepare(master, tmp_path / "cdnow")


def test_online_retail_from_the_published_sheets(tmp_path: Path) -> None:
    first = pd.DataFrame(
        [
            ("489434", "85048", "LIGHTS", 12, "2009-12-01 07:45:00", 6.95, 13085.0, "United Kingdom"),
            ("489434", "22041", "FRAME", 2, "2009-12-01 07:45:00", 2.1, 13085.0, "United Kingdom"),
            ("C489449", "22041", "FRAME", -1, "2009-12-01 07:45:00", 2.1, 13085.0, "United Kingdom"),
            ("489450", "22041", "FRAME", 1, "2009-12-01 08:00:00", 2.1, None, "United Kingdom"),
            ("A506401", "B", "Adjust bad debt", 1, "2010-04-29 13:36:00", -53594.36, 13085.0, "United Kingdom"),
            ("536365", "85123A", "HOLDER", 6, "2010-12-01 08:26:00", 2.55, 17850.0, "United Kingdom"),
        ],
        columns=["Invoice", "StockCode", "Description", "Quantity", "InvoiceDate", "Price", "Customer ID", "Country"],
    )
    second = first.iloc[5:].set_axis(
        ["InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country"],
        axis=1,
    )
    files = [tmp_path / "2009-2010.csv", tmp_path / "2010-2011.csv"]
    first.to_csv(files[0], index=False)
    second.to_csv(files[1], index=False)
    table = prepare_of("online-retail-ii").prepare(files, tmp_path / "online_retail_ii")
    assert gzip.decompress(table.read_bytes()).decode().splitlines() == [
        "customer_id,time,kind,lines,items,amount,country",
        "13085,2009-12-01 07:45:00,cancellation,1,-1,-2.1,United Kingdom",
        "13085,2009-12-01 07:45:00,purchase,2,14,87.6,United Kingdom",
        "17850,2010-12-01 08:26:00,purchase,1,6,15.3,United Kingdom",
    ]
    log = ingested("online-retail-ii", tmp_path, tmp_path).manifest
    assert (log.events, log.kinds, log.rejected) == (3, {"cancellation": 1, "purchase": 2}, {})


def test_mathoverflow_from_the_published_files(tmp_path: Path) -> None:
    lines = {"a2q": "1 4 1254192988\n3 4 1254194642\n", "c2q": "1 2 1254202536\n", "c2a": "3 1 1457136355\n"}
    files = [tmp_path / f"sx-mathoverflow-{part}.txt.gz" for part in lines]
    for path, text in zip(files, lines.values(), strict=True):
        path.write_bytes(gzip.compress(text.encode()))
    table = pd.read_parquet(prepare_of("mathoverflow").prepare(files, tmp_path / "mathoverflow"))
    assert table["event"].tolist() == [
        "answer_to_question",
        "answer_to_question",
        "comment_on_question",
        "comment_on_answer",
    ]
    assert str(table["time"][0]) == "2009-09-29 02:56:28"
    log = ingested("mathoverflow", tmp_path, tmp_path).manifest
    assert (log.events, log.customers) == (4, 2)
    with pytest.raises(SystemExit, match="a2q, c2q or c2a"):
        prepare_of("mathoverflow").prepare([tmp_path / "sx-mathoverflow.txt.gz"] * 3, tmp_path)


SOCIAL = {  # a tiny export, by hand: A talks in two groups and leaves one; B, whom A brought, likes and replies
    "群成员": "成员ID,群名称,入群时间,退群时间\nA,新品群,2024-01-05 09:00:00,2024-03-01 10:00:00\n"
    "A,福利群,2024-01-06 09:00:00,\nB,福利群,2024-02-01 09:00:00,\n",
    "群消息": "消息ID,成员ID,群名称,发送时间,回复消息ID\nX1,A,新品群,2024-02-10 20:00:00,\n"
    "X2,B,福利群,2024-02-10 21:00:00,X1\nX3,A,福利群,2024-04-01 00:30:00,\n",
    "社交互动": "互动ID,客户ID,平台,动作,时间\nH1,B,小红书,点赞,2024-03-30 12:00:00\n"
    "H2,B,抖音,评论,2024-03-30 12:05:00\n",
    "推荐": "推荐人ID,被推荐人ID,推荐时间\nA,B,2024-01-30 08:00:00\n",
    "订单": "订单号,客户ID,下单时间,实付金额\nD1,A,2024-01-20 10:00:00,99.50\nD2,B,2024-03-31 10:00:00,20\n",
}


def test_social_from_an_export_with_chinese_columns(tmp_path: Path) -> None:
    (tmp_path / "social").mkdir()
    for name, text in SOCIAL.items():
        (tmp_path / "social" / f"{name}.csv").write_text(text, encoding="utf-8")
    log = ingested("social", tmp_path, tmp_path).manifest
    assert log.kinds == {
        "group_join": 3, "group_leave": 1, "group_message": 2, "group_reply": 1, "order": 2, "referral": 1,
        "referred": 1, "social_comment": 1, "social_like": 1,
    }  # fmt: skip
    settings = load(ROOT / "examples" / "social" / "churn.toml", environ={}).model_copy(update={"root": tmp_path})
    wanted = catalogue(list(log.kinds), log.columns, settings.lifecycle, settings.wanted)
    cutoff = settings.lifecycle.calendar.midnight(date(2024, 4, 2))
    cube = compute(read_events(settings.folder), [cutoff], wanted, settings.lifecycle)
    a, b = (dict(zip(wanted.names, row[0], strict=True)) for row in cube)
    assert (a["groups_count"], a["group_message_count_90d"]) == (1, 2)
    assert (a["referral_count_ever"], a["referred_count_ever"], b["referred_count_ever"]) == (1, 0, 1)
    assert (b["social_count_30d"], b["social_channel_distinct_365d"], b["social_days_365d"]) == (2, 3, 2)
    assert a["group_message_days_since"] == 23.5 / 24  # half past midnight in Shanghai
    assert b["xiaohongshu_likes_count_90d"] == 1
    assert a["order_then_group_message_14d_share_365d"] == 0
    assert a["holiday_days_to_next"] == 2  # 清明, 4 April


def test_the_made_up_export_of_social_activity_gives_no_error_and_no_warning(tmp_path: Path) -> None:
    prepare_of("social").prepare(tmp_path / "social", people=150)
    found = ingested("social", tmp_path, tmp_path).found
    assert {one.code for one in found.findings if one.severity != "advice"} <= {"too_few_to_train"}


def test_the_made_up_export_is_the_same_bytes_again(tmp_path: Path) -> None:
    prepare = prepare_of("social").prepare
    files = [prepare(tmp_path / folder, people=20) for folder in ("one", "two")]
    assert [path.read_bytes() for path in files[0]] == [path.read_bytes() for path in files[1]]
    (tmp_path / "social").mkdir()
    for path in files[0]:
        path.rename(tmp_path / "social" / path.name)
    report = ingested("social", tmp_path, tmp_path)
    assert report.manifest.rejected == {}
    assert {"group_message", "social_like", "order"} <= set(report.manifest.kinds)


@pytest.mark.shared_data
@pytest.mark.parametrize(
    ("example", "events", "customers"),
    [("cdnow", 63_753, 23_570), ("online-retail-ii", 44_705, 5_941), ("mathoverflow", 506_458, 19_771)],
)
def test_the_real_logs_come_in_whole(
    example: str, events: int, customers: int, data_folder: Path, tmp_path: Path
) -> None:
    log = ingested(example, data_folder, tmp_path).manifest
    assert (log.events, log.customers, log.rejected) == (events, customers, {})
    assert log.first_event_at < log.last_event_at < log.observed_until == log.now


def sections() -> Iterator[tuple[str, str]]:
    tables = {
        "business": Business,
        "definition": ChurnDefinition,
        "stages": StageRules,
        "ingest": Ingest,
        "features": Features,
        "training": Training,
        "store": Store,
        "serving": Serving,
        "monitoring": Monitoring,
    }
    for section, table in tables.items():
        for name in table.model_fields:
            yield section, name


def test_the_demos_settings_name_every_setting() -> None:
    text = (ROOT / "churn.toml").read_text(encoding="utf-8")
    parts = {part.split("]")[0].strip("["): part for part in text.split("\n[")}
    missing = [
        f"{section}.{name}"
        for section, name in sections()
        if not any(line.lstrip("# ").startswith(f"{name} =") for line in parts[section].splitlines())
    ]
    assert missing == []
    assert isinstance(load(ROOT / "churn.toml", environ={}), Settings)
