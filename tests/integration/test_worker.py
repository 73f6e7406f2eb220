"""What a worker of the service carries: what answers need, nothing of the training stack, and no long look at it."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from churn.settings import load
from features.store import FeatureStore, OnlineStore
from serving import champion
from tests import small_shop, tiny_service

ROOT = Path(__file__).parents[2]
MOST_MB = 420  # numba, pandas, Feast and their like; docs/performance.md has the parts
NOT_IN_A_WORKER = {
    "training", "monitoring", "campaigns", "mlflow", "lightgbm", "sklearn", "evidently", "dask", "distributed",
    "duckdb", "ibis", "matplotlib", "plotly", "optuna",
}  # fmt: skip


@pytest.mark.slow
def test_a_worker_holds_no_training_stack(tmp_path: Path) -> None:
    path = tmp_path / "churn.toml"
    business = f'[business]\nname = "Tiny"\nslug = "{tiny_service.SLUG}"\nclock = "wall"\n'
    path.write_text(f'artifacts = "artifacts"\n{business}[serving]\nmax_feature_age_hours = 1e6\n')
    settings = load(path, environ={})
    FeatureStore(settings).apply(small_shop.features(), small_shop.frozen(settings.folder).rows_path)
    OnlineStore(settings).write(tiny_service.rows())
    tiny_service.register(settings)
    champion.appoint(settings.folder, champion.fetch(settings))
    script = f"""
        import gc, sys
        from cli.app import Service, begin
        service = Service()
        begin(service)
        (answer,) = service.desk.counter.answers(["C1"], "en", 3)
        assert answer.score.probability, answer.score.abstention
        held = {{name.partition(".")[0] for name in sys.modules}} & {NOT_IN_A_WORKER!r}
        pages = int(open("/proc/self/statm").read().split()[1])
        service.close()
        print(sorted(held), pages * 4096 / 1e6 < {MOST_MB}, gc.get_freeze_count() > 100_000)
    """
    environ = os.environ | {"CHURN_CONFIG": str(path)}
    ended = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)], cwd=ROOT, env=environ, capture_output=True, text=True,
        timeout=120, check=False,
    )  # fmt: skip
    assert (ended.stdout, ended.returncode) == ("[] True True\n", 0), ended.stderr[-2000:]
