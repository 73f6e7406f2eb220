"""Each stage works with its own extra alone, at the locked versions: what it imports, it asks for."""

import ast
import os
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.conftest import require

ROOT = Path(__file__).parents[2]
UV = Path(sys.executable).with_name("uv")
EXTRAS = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]

IMPORT_ALL = """
import importlib, pkgutil, sys
for name in sys.argv[1:]:
    package = importlib.import_module(name)
    for module in pkgutil.walk_packages(getattr(package, "__path__", []), f"{name}."):
        if module.name.endswith((".distributed", ".treeshap_vectors")):  # engines, imported where they are asked for
            continue
        importlib.import_module(module.name)
        print(module.name)
"""

STAGES = {  # what is imported: the extra it has
    ("churn",): "",
    ("churn", "features"): "features",
    ("churn", "training"): "training",
    ("churn", "serving"): "serving",
    ("churn", "monitoring"): "monitoring",
    ("churn", "campaigns"): "campaigns",
    ("churn", "features.distributed", "training.distributed"): "cluster",
}


def uv(*arguments: str | Path) -> None:
    """Run uv; what it says on failure is the test's message."""
    done = subprocess.run([UV, "--quiet", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def environment(folder: Path, extra: str, *more: str) -> Path:
    """Make an environment with the base, one extra and more, at the locked versions; return its interpreter."""
    python = folder / "bin" / "python"
    uv("venv", "--python", sys.executable, folder)
    chosen = ["--extra", extra] if extra else []
    uv("pip", "install", "--python", python, "-c", "requirements/all.lock", "-r", "pyproject.toml", *chosen, *more)
    return python


def test_every_extra_is_tried() -> None:
    assert set(EXTRAS) == {extra for extra in STAGES.values() if extra}


def imports(stage: str) -> Iterator[tuple[Path, str]]:
    """What the files of a stage import from outside, inside functions too: each file with a package."""
    for path in sorted((ROOT / stage).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = [one.name for one in node.names] if isinstance(node, ast.Import) else []
            names += [node.module] if isinstance(node, ast.ImportFrom) and node.module and not node.level else []
            yield from ((path.relative_to(ROOT), name.partition(".")[0]) for name in names)


@pytest.mark.parametrize("stage", ["features", "training", "serving", "monitoring", "campaigns"])
def test_what_a_stage_imports_anywhere_it_names_itself(stage: str) -> None:
    """What came along with something else would be gone with the next version of that."""
    engines = EXTRAS["cluster"] if stage in ("features", "training") else []
    base = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    named = {canonicalize_name(Requirement(one).name) for one in [*base, *EXTRAS[stage], *engines]}
    provided = packages_distributions()
    own = {*sys.stdlib_module_names, "churn", "features", stage}
    unnamed = {
        (str(path), package)
        for path, package in imports(stage)
        if package not in own and not {canonicalize_name(one) for one in provided.get(package, [])} & named
    }
    assert unnamed == set()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("packages", "extra"), STAGES.items(), ids=lambda value: value if isinstance(value, str) else ""
)
def test_a_stage_imports_with_its_own_extra_alone(packages: tuple[str, ...], extra: str, tmp_path: Path) -> None:
    require(os.environ.get("CHURN_REQUIRE_ALL") == "1", "Leave to install packages", "set CHURN_REQUIRE_ALL=1")
    python = environment(tmp_path / "venv", extra)
    quiet = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "COVERAGE"))}
    done = subprocess.run(
        [python, "-c", IMPORT_ALL, *packages], cwd=ROOT, env=quiet, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
