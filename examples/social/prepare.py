"""Write a made-up export of a brand's WeChat groups and social accounts, in the form that such exports have.

    python examples/social/prepare.py data/social

Five CSV files with Chinese column names, as examples/social/churn.toml reads them: 群成员 (who joined and left which
group), 群消息 (messages and replies), 社交互动 (posts, comments, likes, shares), 推荐 (who recommended us to whom)
and 订单 (orders). Nobody in them exists; the same seed gives the same bytes.
"""

import argparse
import csv
import random
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path

FILES = {
    "群成员": ("成员ID", "群名称", "入群时间", "退群时间"),
    "群消息": ("消息ID", "成员ID", "群名称", "发送时间", "回复消息ID"),
    "社交互动": ("互动ID", "客户ID", "平台", "动作", "时间"),
    "推荐": ("推荐人ID", "被推荐人ID", "推荐时间"),
    "订单": ("订单号", "客户ID", "下单时间", "实付金额"),
}
BEGIN = datetime(2023, 1, 1)  # noqa: DTZ001  # exports have local times without a zone
DAYS = 730
GROUPS, PLATFORMS, ACTIONS = (
    ("新品群", "福利群", "亲子群"),
    ("微博", "小红书", "抖音"),
    ("发帖", "评论", "点赞", "转发"),
)
Row = tuple[object, ...]


def export(people: int, seed: int) -> dict[str, list[Row]]:
    """The rows of each file: whoever falls silent in the groups tends to stop buying soon after."""
    rng = random.Random(seed)
    rows: dict[str, list[Row]] = {name: [] for name in FILES}
    for number in range(people):
        _person(f"M{number:04}", rng, rows)
        if number and rng.random() < 0.2:
            rows["推荐"].append((f"M{rng.randrange(number):04}", f"M{number:04}", _time(rng, rng.uniform(0, DAYS))))
    return rows


def _person(member: str, rng: random.Random, rows: dict[str, list[Row]]) -> None:
    joined, stays = rng.uniform(0, 200), rng.expovariate(1 / 400)
    leaves, pace = joined + stays, rng.uniform(0.5, 1.5)
    for group in rng.sample(GROUPS, rng.randint(1, 2)):
        left = _time(rng, leaves + 20) if leaves + 20 < DAYS and rng.random() < 0.6 else ""
        rows["群成员"].append((member, group, _time(rng, joined), left))
    for at in _moments(rng, joined, min(leaves, DAYS), every=20 / pace):
        answered = f"X{rng.randrange(10**6):06}" if rng.random() < 0.4 else ""
        rows["群消息"].append((f"X{len(rows['群消息']):06}", member, rng.choice(GROUPS), _time(rng, at), answered))
    for at in _moments(rng, joined, min(leaves, DAYS), every=30 / pace):
        act = rng.choices(ACTIONS, (1, 3, 8, 2))[0]
        rows["社交互动"].append((f"H{len(rows['社交互动']):06}", member, rng.choice(PLATFORMS), act, _time(rng, at)))
    for at in _moments(rng, joined, min(leaves + 15, DAYS), every=45 / pace):
        rows["订单"].append((f"D{len(rows['订单']):06}", member, _time(rng, at), f"{rng.uniform(30, 400):.2f}"))


def _moments(rng: random.Random, begin: float, end: float, *, every: float) -> Iterable[float]:
    at = begin + rng.expovariate(1 / every)
    while at < end:
        yield at
        at += rng.expovariate(1 / every)


def _time(rng: random.Random, day: float) -> str:
    when = BEGIN + timedelta(days=int(day), seconds=rng.randrange(8 * 3600, 23 * 3600))
    return when.strftime("%Y-%m-%d %H:%M:%S")


def prepare(folder: Path, people: int = 800, seed: int = 7) -> list[Path]:
    """Write the five files."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, rows in export(people, seed).items():
        paths.append(folder / f"{name}.csv")
        with paths[-1].open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(FILES[name])
            writer.writerows(rows)
    return paths


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="where the files go: $CHURN_DATA/social")
    parser.add_argument("--people", type=int, default=800)
    parser.add_argument("--seed", type=int, default=7)
    given = parser.parse_args()
    print(*prepare(given.folder, given.people, given.seed), sep="\n")


if __name__ == "__main__":
    main()
