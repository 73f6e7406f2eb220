"""How often does monitoring cry wolf, and how soon does it see what is wrong? Weeks of simulated shops, one by one.

    python benchmarks/detection.py --folder FOLDER                    quiet years of three shops, every fault of one
    python benchmarks/detection.py --folder FOLDER --cases "x 1.3"    some cases
    python benchmarks/detection.py --quick                            one small shop, 10 weeks, two faults
    python benchmarks/detection.py --folder FOLDER --json             prints {"figures": {...}} alone

Champions come from the whole loop on two years of a log; then each week is ingested, scored and monitored by the real
commands. A quiet shop goes on as before, with 春节, 618, 双11 and its own campaigns: every alarm there is a false one,
counted where it begins. A fault begins in week `--since` and stays; it is
caught in the first week with an alarm that the same shop without the fault does not have; its delay is counted from the
first week that has it. Verdicts are kept in FOLDER/weeks.jsonl; a run that was cut goes on where it stopped.
"""

import argparse
import json
import multiprocessing
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from benchmarks.watched.business import LEARNED_UNTIL, business, kept_in, shop
from benchmarks.watched.episodes import Line, caught, quiet_figures
from benchmarks.watched.weeks import watch
from benchmarks.watched.worlds import FAULTS, events_of

QUIET = "quiet"
QUIET_WEEKS, FAULT_WEEKS, SINCE = 90, 26, 8  # later events of the four years lie in the future, which ingest refuses


@dataclass(frozen=True)
class Case:
    """One shop that is watched: which, with what fault, for how many weeks, in which the fault begins when."""

    seed: int
    customers: int
    name: str
    weeks: int
    since: int


def run(case: Case, folder: Path) -> list[Line]:
    """The verdicts of a case."""
    settings = business(case.seed, case.customers, folder)
    fault = FAULTS.get(case.name)
    begins = LEARNED_UNTIL + timedelta(days=7 * case.since)
    spoils_events = fault is not None and (fault.is_world or fault.feed is not None)
    events = events_of(shop(case.seed, case.customers), fault, begins if spoils_events else None)
    place = folder / f"watched-{case.seed}-{case.name.replace(' ', '-')}"
    told = watch(settings, events, place, weeks=case.weeks, fault=fault, since=case.since)
    lines = []
    for number, week in enumerate(told):
        alarms = sorted(map(list, week.alarms))
        lines.append(
            {"seed": case.seed, "customers": case.customers, "case": case.name, "week": number, "day": str(week.day),
             "since": case.since, "verdict": week.verdict, "alarms": alarms}
        )  # fmt: skip
    return lines


def _job(given: tuple[Case, Path]) -> list[Line]:
    return run(*given)


def all_lines(cases: Sequence[Case], folder: Path, jobs: int) -> list[Line]:
    """The verdicts of all cases; those that the folder holds are not judged again."""
    kept = folder / "weeks.jsonl"
    known: list[Line] = [json.loads(line) for line in kept.read_text().splitlines()] if kept.exists() else []
    done = {(line["seed"], line["customers"], line["case"]) for line in known}
    missing = [case for case in cases if (case.seed, case.customers, case.name) not in done]
    for seed, customers in sorted({(case.seed, case.customers) for case in missing}):
        business(seed, customers, folder)  # once, before several ask for it
    with multiprocessing.get_context("spawn").Pool(jobs) as pool:
        for place, lines in enumerate(pool.imap(_job, [(case, folder) for case in missing]), start=1):
            with kept.open("a") as file:
                file.write("".join(json.dumps(line) + "\n" for line in lines))
            known += lines
            print(f"{place} of {len(missing)}: {missing[place - 1].name}", file=sys.stderr, flush=True)
    wanted = {(case.seed, case.customers, case.name) for case in cases}
    return [line for line in known if (line["seed"], line["customers"], line["case"]) in wanted]


def figures(lines: Sequence[Line]) -> dict[str, Any]:
    """False alarms of the quiet shops, and what became of each fault."""
    quiet = [line for line in lines if line["case"] == QUIET]
    found: dict[str, Any] = {QUIET: quiet_figures(quiet)} if quiet else {}
    for name in FAULTS:
        mine = [line for line in lines if line["case"] == name]
        if mine:
            found[name] = caught(mine, [line for line in quiet if line["seed"] == mine[0]["seed"]])
    return found


def table(found: dict[str, Any]) -> Iterable[str]:
    """The figures for people."""
    if QUIET in found:
        one = found[QUIET]
        yield (
            f"quiet: {one['weeks']} weeks, {one['alarms']} alarms, {one['per_quarter']:.2f} a quarter "
            f"(90 % interval {one['low']:.2f} to {one['high']:.2f}), {one['weeks_in_alarm']} weeks in alarm; "
            f"by code: {one['codes']}"
        )
    yield f"{'fault':20} {'weeks later':>12} {'weeks in alarm'}  first week of each alarm; verdicts"
    for name, one in found.items():
        if name != QUIET:
            delay = "-" if one["delay_weeks"] is None else str(one["delay_weeks"])
            rang = ", ".join(f"{code} +{weeks}" for code, weeks in one["first"].items())
            lasted = f"{one['weeks_in_alarm']:>3} of {one['weeks']}"
            yield f"{name:20} {delay:>12} {lasted:>14}  {rang or 'nothing'}; {one['verdicts']}"


def main() -> None:
    """Watch the shops and print what was told."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--folder", type=Path, help="keeps shops and verdicts; unset: nothing is kept")
    parser.add_argument("--seeds", type=int, nargs="+", default=[41, 42, 43], help="of the quiet shops")
    parser.add_argument("--customers", type=int, default=6_000, help="of each shop, over four years")
    parser.add_argument("--weeks", type=int, default=QUIET_WEEKS, help="of a quiet shop")
    parser.add_argument(
        "--fault-weeks", type=int, default=FAULT_WEEKS, help="of a shop with a fault, those before it too"
    )
    parser.add_argument("--since", type=int, default=SINCE, help="week in which a fault begins")
    parser.add_argument("--cases", nargs="+", default=[QUIET, *FAULTS], help="what to watch")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    seeds, names, customers, weeks = given.seeds, given.cases, given.customers, given.weeks
    if given.quick:
        seeds, names, customers, weeks = seeds[:1], [QUIET, "unit change", "mis-joined columns"], 2_500, 10
    faulty = min(given.fault_weeks, weeks)
    cases = [Case(seed, customers, QUIET, weeks, 0) for seed in seeds if QUIET in names]
    cases += [Case(seeds[0], customers, name, faulty, given.since) for name in names if name != QUIET]
    with kept_in(given.folder) as folder:
        found = figures(all_lines(cases, folder, given.jobs))
    print(json.dumps({"figures": found}) if given.json else "\n".join(table(found)))


if __name__ == "__main__":
    main()
