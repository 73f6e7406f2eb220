"""The kernel: what the words mean. Knows no vendor, reads no file (settings.py excepted).

Start with definition.py (what churn is) and events.py (the one door through which time passes).
"""

import os

_QUIET = {
    "BENTOML_DO_NOT_TRACK": "True",
    "DO_NOT_TRACK": "true",
    "EVIDENTLY_DISABLE_TELEMETRY": "1",
    "ITERATIVE_DO_NOT_TRACK": "true",
    "MLFLOW_DISABLE_TELEMETRY": "true",
}


def quiet_vendors() -> None:
    """Switch off the usage reports of the libraries we build on, for this process and its children.

    They read the environment when they are imported, so this runs when `churn`, which every stage imports
    first, is. It overrides what it finds: nothing about anybody's customers is reported from here.
    """
    os.environ.update(_QUIET)


def wait_asleep() -> None:
    """Let the threads of LightGBM sleep while they wait for one another, unless the environment says otherwise.

    OpenMP reads this when it is loaded. Spinning, two threads on two busy cores took ten times as long to fit.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


quiet_vendors()
wait_asleep()
