"""The feature kernel beside its peers and its limit: equal cells, interleaved rounds, CPU, wall and memory in one run.

    python benchmarks/features.py                   1M and 5M events x 24 cutoffs, three rounds
    python benchmarks/features.py --quick           150k events x 24 cutoffs, two rounds; ends within 50 s
    python benchmarks/features.py --json            prints {"figures": {...}} alone
    python benchmarks/features.py --large           50M events x 12 cutoffs, from a sorted and from a time-ordered log
    python benchmarks/features.py --plot FILE       growth by events, by cutoffs and by customers, as a picture

What is run and how is said in docs/performance.md; benchmarks/race/ does it.
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[1])  # else this file would hide the package of its own name
    from benchmarks.race.main import main

    main()
