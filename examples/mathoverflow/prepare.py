"""Turn the published MathOverflow files into the table that examples/mathoverflow/churn.toml reads.

    python examples/mathoverflow/prepare.py sx-mathoverflow-a2q.txt.gz sx-mathoverflow-c2q.txt.gz \
        sx-mathoverflow-c2a.txt.gz data/mathoverflow

Each file holds lines `SOURCE TARGET UNIXTIME`: who acted, towards whom, when (UTC). The name says what the action was.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

NAME = "events.parquet"
ACTIONS = {"a2q": "answer_to_question", "c2q": "comment_on_question", "c2a": "comment_on_answer"}


def actions_of(path: Path) -> pd.DataFrame:
    """The rows of one published file."""
    action = next((name for part, name in ACTIONS.items() if part in path.name), None)
    if action is None:
        raise SystemExit(f"{path}: the name must say a2q, c2q or c2a; sx-mathoverflow.txt.gz holds all three unnamed")
    rows = pd.read_csv(path, sep=r"\s+", header=None, names=["user_id", "target_user_id", "unix_time"])
    time = pd.to_datetime(rows["unix_time"], unit="s").astype("datetime64[us]")
    return rows[["user_id", "target_user_id"]].assign(time=time, event=action)


def prepare(published: Sequence[Path], folder: Path) -> Path:
    """Write the table; the same files give the same bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = pd.concat([actions_of(path) for path in published])
    path = folder / NAME
    rows.sort_values(["time", "user_id", "target_user_id", "event"]).to_parquet(path, index=False)
    return path


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("published", type=Path, nargs=3, help="the files a2q, c2q and c2a")
    parser.add_argument("folder", type=Path, help="where the table goes: $CHURN_DATA/mathoverflow")
    given = parser.parse_args()
    print(prepare(given.published, given.folder))


if __name__ == "__main__":
    main()
