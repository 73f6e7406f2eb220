"""What a cluster needs: rates measured here on one core, and from them a sizing table up to a billion events.

    python benchmarks/cluster.py            20,000 simulated customers, about 1.2M events
    python benchmarks/cluster.py --quick    2,000 customers; some 20 s of CPU
    python benchmarks/cluster.py --json     prints {"figures": {...}} alone

Each step of a part (read, kernel, pack and hash) is timed by CPU seconds of this one process over all buckets; the
same snapshot is then frozen on a Dask cluster of two processes, and its hash has to be the same. The table multiplies
these rates out; docs/cluster.md says with which assumptions.
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[1])  # else benchmarks/features.py would hide the package
    from benchmarks.sizing import main

    main()
