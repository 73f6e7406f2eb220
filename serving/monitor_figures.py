"""What the newest run of `churn monitor` found, as `/metrics` tells it: the file that monitoring wrote for Prometheus.

Read again when it has changed. A line that is none of ours is left out, so that a spoilt file never costs the scrape.
Start reading at `MonitorFigures.text`.
"""

import re
from pathlib import Path

from serving.now import Watched

FILE = Path("monitoring") / "metrics.prom"
LABEL = r'[a-z_]+="(?:[^"\\\n]|\\["\\n])*"'
SAMPLE = re.compile(rf"churn_monitor_[a-z0-9_]+(?:\{{{LABEL}(?:,{LABEL})*\}})? -?[0-9][0-9.eE+-]*")
ABOUT = re.compile(r"# (?:HELP churn_monitor_[a-z0-9_]+ .*|TYPE churn_monitor_[a-z0-9_]+ gauge)")


class MonitorFigures:
    """The figures of a business.

    Args:
        folder: its artifacts.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE
        self._watched = Watched(lambda: self._path, self._read)

    def text(self) -> bytes:
        """Lines for Prometheus; none before the first run."""
        return self._watched.content()

    def _read(self) -> bytes:
        try:
            lines = self._path.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError):
            return b""
        kept = [line for line in lines if SAMPLE.fullmatch(line) or ABOUT.fullmatch(line)]
        return "".join(f"{line}\n" for line in kept).encode()
