"""The figures of the newest run for Prometheus, in `monitoring/metrics.prom`.

node_exporter's textfile collector reads the file, and the service adds it to its `/metrics`. Prometheus's text format,
gauges only, a name's lines together; ours, so that monitoring needs no client library. Start reading at `text_of`.
"""

import math
import re
from collections.abc import Iterable
from pathlib import Path

from monitoring.section import Figure

METRICS = Path("monitoring") / "metrics.prom"
NAME = re.compile(r"churn_monitor_[a-z0-9_]+")


def text_of(figures: Iterable[Figure]) -> str:
    """The file.

    Args:
        figures: of a run; of two with one name and the same labels the later counts. What is no finite number is left
            out: a gap says that it cannot be told.
    """
    names: dict[str, tuple[str, dict[str, float]]] = {}
    for one in figures:
        if NAME.fullmatch(one.name) and math.isfinite(one.value):
            _, values = names.setdefault(one.name, (one.meaning, {}))
            values[_labels(one)] = one.value
    lines = []
    for name, (meaning, values) in names.items():
        lines += [f"# HELP {name} {_escaped(meaning)}", f"# TYPE {name} gauge"]
        lines += [f"{name}{labels} {float(value)!r}" for labels, value in values.items()]
    return "".join(f"{line}\n" for line in lines)


def _labels(figure: Figure) -> str:
    told = ",".join(f'{name}="{_escaped(value, quoted=True)}"' for name, value in figure.labels.items())
    return f"{{{told}}}" if told else ""


def _escaped(text: str, *, quoted: bool = False) -> str:
    text = text.replace("\\", "\\\\").replace("\n", "\\n")
    return text.replace('"', '\\"') if quoted else text
