"""The learner beside its rivals: the same folds, features, rows and seed for all; quality, time, and what is around.

    python benchmarks/training.py                   the final test cutoffs of the three real logs, and the simulator
    python benchmarks/training.py --quick           cdnow, a small simulator and frame; one CPU-minute, more with peers
    python benchmarks/training.py --json            prints {"figures": {...}} alone
    python benchmarks/training.py --earlier         cutoffs that may be looked at to choose: the research cutoffs
    python benchmarks/training.py --logs cdnow simulator --cutoffs 1998-01-01
    python benchmarks/training.py --only overhead   what a training spends around LightGBM, 1M rows x 80 features
    python benchmarks/training.py --table FILE --plot FILE   the tables as Markdown, the differences as a picture

The real logs need CHURN_DATA (examples/). CatBoost, XGBoost and FLAML need requirements/benchmarks.lock; a peer that
is not installed is left out, and the output says so. What was found, and how to read it: docs/benchmarks.md.
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[1])  # else this file would hide the package of its own name
    from benchmarks.learners.main import main

    main()
