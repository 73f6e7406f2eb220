"""How long does a verdict take on a million customers, and how much memory, beside Evidently and a plain PSI?

    python benchmarks/monitoring.py [--quick] [--rows 1000000] [--cases verdict,pages,plain,evidently,preset] [--json]
    python benchmarks/monitoring.py -c churn.toml     all of `churn monitor --no-pages` on a business after `churn run`,
                                                      its customers there so often that they are that many

Made once in a temporary folder: rows of now as `churn features materialise` writes them (80 features, the packed vector
beside them), a batch of scores, and what the champion learned from. Each case is a process of its own, its imports
counted and told apart: seconds, CPU and the highest resident memory of the whole process.

    verdict     rows and scores read, contract, PSI of every feature and of the scores; two threads
    pages       the same, and Evidently's report of 40 columns on samples of 10,000
    plain       the whole frame by pandas, deciles and PSI by NumPy's searchsorted, column by column
    evidently   a list of ValueDrift on the whole frame;  preset: DataDriftPreset

`--quick` takes 100,000 rows.
"""

import argparse
import json
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # before benchmarks/features.py, which hides the package

from benchmarks.monitored_rows import AT, HASH, make, repeat
from benchmarks.monitored_rows import champion as champion_of

CASES = ("verdict", "pages", "plain", "evidently", "preset")
SAMPLE = 10_000
Ready = Callable[[], Any]  # what is measured, once everything is imported


def main() -> None:
    """Make the rows, run each case, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--cases", default=",".join(CASES[:4]))
    parser.add_argument("-c", "--config")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        print(json.dumps(measured(given.one, given.folder)))
        return
    rows = 100_000 if given.quick else given.rows
    with tempfile.TemporaryDirectory(prefix="monitoring-") as place:
        folder = Path(place)
        if given.config:
            figures = {"churn monitor --no-pages": whole(given.config, folder, rows)}
        else:
            make(folder, rows)
            figures = {case: run(case, folder) for case in given.cases.split(",")}
    if given.json:
        print(json.dumps({"rows": rows, "figures": figures}))
        return
    print(f"{rows:,} rows")
    for case, told in figures.items():
        print(f"  {case}: " + ", ".join(f"{name} {value:,.2f}" for name, value in told.items()))


def run(case: str, folder: Path) -> dict[str, float]:
    """One case in a process of its own."""
    command = [sys.executable, __file__, "--one", case, "--folder", str(folder)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    found: dict[str, float] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def measured(case: str, folder: Path) -> dict[str, float]:
    """Seconds, CPU and memory of a case, imports apart."""
    begun, cpu = time.perf_counter(), time.process_time()
    ready = globals()[f"_{case}"](folder)
    imported, imported_cpu = time.perf_counter() - begun, time.process_time() - cpu
    begun, cpu = time.perf_counter(), time.process_time()
    ready()
    peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return {
        "seconds": time.perf_counter() - begun, "cpu_s": time.process_time() - cpu, "imports_s": imported,
        "imports_cpu_s": imported_cpu, "peak_mb": int(peak.split()[1]) / 1024,
    }  # fmt: skip


def _verdict(folder: Path) -> Ready:
    from monitoring.data.contract import faults, usable
    from monitoring.drift.reference import Reference
    from monitoring.drift.shift import feature_drift, score_drift
    from monitoring.reading.answers import read_answers
    from monitoring.reading.now import read_now

    def go() -> Any:
        then = Reference.model_validate_json((folder / "reference.json").read_text())
        champion = champion_of(tuple(then.features))
        seen = read_now(folder, [then], sample_rows=SAMPLE).of("churn")
        told = read_answers(folder, {HASH: seen.customers}).of(champion)
        broken = faults(seen, then)
        names = usable(champion.bundle.features, broken)
        score = score_drift(champion, then, told.probabilities, seen.rows)
        found = feature_drift(champion, then, seen, names, watch=0.1)
        if score is None or score.n != seen.rows or len(found) != len(then.features) or broken:
            raise SystemExit("the verdict did not look at everything")
        return seen, found

    return go


def _pages(folder: Path) -> Ready:
    import pandas as pd

    from monitoring.report import report

    judge = _verdict(folder)

    def go() -> None:
        seen, found = judge()
        names = [one.feature for one in found[:40]]
        learned = pd.read_parquet(folder / "learned.parquet", columns=names)
        page = folder / "evidently.html"
        report(learned, seen.sample, names, page, rows=SAMPLE, watch=0.1, at=AT, of={"model": "churn", "version": "1"})

    return go


def _plain(folder: Path) -> Ready:
    import numpy as np
    import pandas as pd

    def go() -> None:
        learned = pd.read_parquet(folder / "learned.parquet")
        now = pd.read_parquet(folder / "features" / "current.parquet", columns=list(learned.columns))
        for name in learned:
            edges = np.unique(np.nanquantile(learned[name], np.linspace(0, 1, 11)[1:-1]))
            sides = []
            for side in (learned, now):
                values = side[name].to_numpy()
                empty = np.isnan(values)
                place = np.where(empty, len(edges) + 1, np.searchsorted(edges, values, side="right"))
                sides.append((np.bincount(place, minlength=len(edges) + 2) + 0.5) / (len(values) + 0.5))
            np.sum((sides[0] - sides[1]) * np.log(sides[0] / sides[1]))

    return go


def _evidently(folder: Path, *, is_preset: bool = False) -> Ready:
    import warnings

    import pandas as pd

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from evidently import DataDefinition, Dataset, Report
        from evidently.metrics import ValueDrift
        from evidently.presets import DataDriftPreset

    def go() -> None:
        learned = pd.read_parquet(folder / "learned.parquet")
        now = pd.read_parquet(folder / "features" / "current.parquet", columns=list(learned.columns))
        each = [ValueDrift(column=name, method="psi", threshold=0.1) for name in learned]
        definition = DataDefinition(numerical_columns=list(learned.columns))
        sides = [Dataset.from_pandas(side, data_definition=definition) for side in (now, learned)]
        Report([DataDriftPreset()] if is_preset else each).run(*sides).json()

    return go


def _preset(folder: Path) -> Ready:
    return _evidently(folder, is_preset=True)


def whole(config: str, folder: Path, rows: int) -> dict[str, float]:
    """The command on a business whose customers are there so often that they are `rows`."""
    from churn.settings import load

    settings = load(config)
    copy = folder / settings.folder.name
    shutil.copytree(settings.folder, copy, ignore=shutil.ignore_patterns("*.db*", "mlruns", "audit"))
    for name in ("features/current.parquet", *(f"scores/batch/{one.name}" for one in _batches(copy))):
        repeat(copy / name, rows)
    toml = folder / "churn.toml"
    lines = Path(config).read_text(encoding="utf-8").splitlines()
    told = [f'artifacts = "{folder}"' if line.startswith("artifacts") else line for line in lines]
    toml.write_text("\n".join(told), encoding="utf-8")
    found = {}
    for name in ("first", "again"):
        before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        subprocess.run([sys.executable, "-m", "cli", "monitor", "--no-pages", "-c", str(toml)], check=False)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        found |= {f"{name}_s": time.perf_counter() - begun, f"{name}_cpu_s": cpu_s, "peak_mb": after.ru_maxrss / 1024}
    return found


def _batches(folder: Path) -> list[Path]:
    return sorted((folder / "scores" / "batch").glob("*.parquet"))


if __name__ == "__main__":
    main()
