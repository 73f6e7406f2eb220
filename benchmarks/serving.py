"""The scoring endpoint beside its peers: CPU a request, requests a second, latency, memory; interleaved in one run.

    python benchmarks/serving.py                  the fixed model; seven rounds of two seconds
    python benchmarks/serving.py --quick          three rounds of one second; within four minutes on two cores
    python benchmarks/serving.py --json           prints {"figures": {...}} alone
    python benchmarks/serving.py --config FILE    a business with a champion and a filled on-line store, in place of it
    python benchmarks/serving.py --plot FOLDER    pictures of the run, as SVG

What is run and how is said in docs/performance.md; benchmarks/served/ does it.
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[1])  # else benchmarks/features.py would hide the package
    from benchmarks.served.main import main

    main()
