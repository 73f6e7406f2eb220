"""The rules of the house that no linter knows: layers, sizes, names, and who speaks which vendor."""

import ast
import importlib.metadata
import importlib.util
import itertools
import re
import sys
import tomllib
from collections.abc import Iterator
from fnmatch import fnmatch
from functools import cache
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())

MAX_FILE_LINES = 250
MAX_FUNCTION_LINES = 40  # without the docstring

SPEAKS = {  # vendor: the files that may import it
    "bentoml": ["serving/service.py"],
    "dask": ["features/distributed.py", "training/distributed.py"],
    "distributed": ["features/distributed.py", "training/distributed.py"],
    "duckdb": ["features/*", "monitoring/*"],
    "empulse": ["training/expected_profit.py"],
    "evidently": ["monitoring/report.py", "monitoring/site/workspace.py"],
    "feast": ["features/store_*.py"],
    "holidays": ["features/public_holidays.py"],
    "lightgbm": [
        "training/btyd/distil.py",  # writes BG/NBD as trees
        "training/boosting.py",
        "training/distributed.py",
        "training/explain.py",
        "training/fit.py",
        "monitoring/drift/classifier.py",  # tells weeks apart; it makes no model that serves
        "campaigns/value/two_part.py",  # expects money a customer; it makes no model that serves answers
        "training/leaks/classifier.py",  # tells folds apart; it makes no model that serves
        "training/pyfunc_model.py",
        "campaigns/uplift/learners.py",
        "serving/scorer.py",
    ],
    "mlflow": ["training/registry*.py", "training/pyfunc_model.py", "serving/champion_registry.py"],
    "numba": ["churn/treeshap*.py"],
    "optuna": ["training/tune.py"],
    "phonenumbers": ["campaigns/audiences/phones.py"],
    "sqlalchemy": ["features/*"],
    "typer": ["cli/*"],
}
KERNEL_MAY_IMPORT = {"churn", "llvmlite", "numba", "numpy", "pandas", "pydantic", "pydantic_settings", "structlog"}


def layers() -> set[str]:
    """The packages named in import-linter's layers."""
    (contract,) = (c for c in PYPROJECT["tool"]["importlinter"]["contracts"] if c["type"] == "layers")
    return {name.strip(" ()") for layer in contract["layers"] for name in layer.split("|")}


@cache
def python_files() -> tuple[Path, ...]:
    """Every Python file of the repository, by path below the root; nothing hidden, nothing made."""
    folders = (path for path in ROOT.iterdir() if path.is_dir() and path.name not in {"artifacts", "build", "dist"})
    found = (path.relative_to(ROOT) for folder in folders if folder.name[0] != "." for path in folder.rglob("*.py"))
    return tuple(sorted(found))


@cache
def tree(path: Path) -> ast.Module:
    """The syntax of a file of the repository."""
    return ast.parse((ROOT / path).read_text(), str(path))


def imports(path: Path) -> Iterator[str]:
    """The top-level names that a file imports anywhere in it, relative imports left out."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]


def shipped() -> list[Path]:
    """The files of our packages."""
    return [path for path in python_files() if path.parts[0] in layers()]


def test_every_importable_folder_has_its_layer() -> None:
    folders = {path.parts[0] for path in python_files() if path.name == "__init__.py"}
    assert folders == layers()
    assert folders == set(PYPROJECT["tool"]["importlinter"]["root_packages"])
    assert folders == set(PYPROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"])
    assert folders == set(PYPROJECT["tool"]["mypy"]["packages"])
    assert folders == set(PYPROJECT["tool"]["coverage"]["run"]["source"])


def test_docs_is_no_package() -> None:
    """Feast's wheel installs a top-level `docs`."""
    assert "docs" not in layers()
    assert not [path for path in python_files() if path.parts[0] == "docs" and path.name == "__init__.py"]


@pytest.mark.parametrize("name", sorted(layers()))
def test_no_other_distribution_provides_our_names(name: str) -> None:
    assert set(importlib.metadata.packages_distributions().get(name, [])) <= {"churn"}
    spec = importlib.util.find_spec(name)
    assert spec is not None
    assert spec.origin is not None
    assert Path(spec.origin).is_relative_to(ROOT)


def test_files_are_short() -> None:
    lengths = {str(path): len((ROOT / path).read_text().splitlines()) for path in python_files()}
    assert {path: lines for path, lines in lengths.items() if lines > MAX_FILE_LINES} == {}


def function_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """How many lines a function takes, its decorators and docstring left out."""
    lines = (function.end_lineno or 0) - function.lineno + 1
    if ast.get_docstring(function) is not None:
        lines -= (function.body[0].end_lineno or 0) - function.body[0].lineno + 1
    return lines


def test_functions_are_short() -> None:
    long = {
        f"{path}:{node.lineno} {node.name}": function_lines(node)
        for path in python_files()
        for node in ast.walk(tree(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and function_lines(node) > MAX_FUNCTION_LINES
    }
    assert long == {}


def test_each_vendor_is_spoken_to_in_its_own_files() -> None:
    strangers = {
        f"{path} imports {name}"
        for path in shipped()
        for name in set(imports(path)) & set(SPEAKS)
        if not any(fnmatch(str(path), allowed) for allowed in SPEAKS[name])
    }
    assert strangers == set()


FILES_OF_OTHERS = {  # they are not ours, and stay plain
    "campaigns/catalogue/products.py",
    "features/text_table.py",
    "features/contact_details.py",
    "features/simulated_export.py",
}


def test_parquet_of_ours_goes_through_one_door() -> None:
    """Whoever reads or writes past features/parquet.py leaves a file plain, or cannot read an encrypted one."""
    past = {
        str(path)
        for path in shipped()
        for node in ast.walk(tree(path))
        if (isinstance(node, ast.Import) and any(one.name.startswith("pyarrow.parquet") for one in node.names))
        or (isinstance(node, ast.ImportFrom) and (node.module or "").startswith("pyarrow.parquet"))
        or (isinstance(node, ast.Attribute) and node.attr in ("read_parquet", "to_parquet"))
    }
    assert past - FILES_OF_OTHERS == {"features/parquet.py"}


READS_CONTACT_DETAILS = {"campaigns/audiences/hashing.py"}  # the export of an audience; nothing else, ever


def test_nothing_but_the_export_of_an_audience_reads_contact_details() -> None:
    named = {
        str(path)
        for path in shipped()
        if path != Path("features/contact_details.py") and "contact_details" in (ROOT / path).read_text()
    }
    assert named - READS_CONTACT_DETAILS == {"features/contact_path.py"}, "it names the reader to say that it is none"


def test_ruff_bans_the_vendors_too() -> None:
    """The editor says it at once; the table above says it exactly."""
    banned = PYPROJECT["tool"]["ruff"]["lint"]["flake8-tidy-imports"]["banned-api"]
    assert set(banned) == set(SPEAKS) - {"typer"}


def test_the_kernel_knows_no_vendor() -> None:
    known = KERNEL_MAY_IMPORT | set(sys.stdlib_module_names)
    strangers = {
        f"{path} imports {name}"
        for path in shipped()
        if path.parts[0] == "churn"
        for name in imports(path)
        if name not in known
    }
    assert strangers == set()


def locked() -> dict[str, set[str]]:
    """Each name in the lock of everything, with its versions (one may differ between Pythons)."""
    found: dict[str, set[str]] = {}
    for line in (ROOT / "requirements" / "all.lock").read_text().splitlines():
        if "==" in line and not line.startswith((" ", "#")):
            pin = Requirement(line.removesuffix("\\").strip())
            found.setdefault(canonicalize_name(pin.name), set()).add(str(pin.specifier).removeprefix("=="))
    return found


@pytest.mark.parametrize("name", ["all.lock", "benchmarks.lock", "bootstrap.lock", "spark.lock"])
def test_locks_pin_by_hash_and_name_no_host(name: str) -> None:
    text = (ROOT / "requirements" / name).read_text()
    assert "://" not in text
    assert "index-url" not in text
    pins = [block for block in re.split(r"^(?=\S)", text, flags=re.MULTILINE) if block and not block.startswith("#")]
    assert pins
    assert [pin.splitlines()[0] for pin in pins if "==" not in pin or "--hash=sha256:" not in pin] == []


def test_the_lock_answers_pyproject() -> None:
    """Whoever changes a dependency runs `make lock`."""
    project = PYPROJECT["project"]
    wanted = [*project["dependencies"], *itertools.chain(*project["optional-dependencies"].values())]
    wanted += PYPROJECT["dependency-groups"]["dev"]
    versions = locked()
    stale = {
        text
        for text, need in zip(wanted, map(Requirement, wanted), strict=True)
        if not all(version in need.specifier for version in versions.get(canonicalize_name(need.name), {"0"}))
    }
    assert stale == set(), "run `make lock`"
