"""Every notebook runs from its first cell to its last: by day its code on a smaller shop, at night in a kernel."""

import os
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
CUSTOMERS = 1_500
BRIEFLY = {"CHURN_TRAINING__MAX_CUTOFFS": "4", "CHURN_TRAINING__TEST_CUTOFFS": "2"}


def test_there_are_notebooks() -> None:
    assert NOTEBOOKS


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The shop that notebooks import, with fewer customers and in a folder of its own; and pictures nobody sees."""
    import matplotlib.pyplot as plt

    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(FOLDER)
        shop = import_module("shop")
        folder, made = tmp_path_factory.mktemp("notebooks"), shop.small_shop
        patch.setattr(shop, "CUSTOMERS", CUSTOMERS)
        patch.setattr(shop, "BRIEFLY", BRIEFLY)
        patch.setattr(shop, "small_shop", lambda: made(folder))
        patch.setattr(plt, "show", lambda: plt.close("all"))
        plt.switch_backend("Agg")
        yield
    del sys.modules["shop"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
@pytest.mark.filterwarnings("default")
def test_the_code_of_a_notebook_runs(path: Path, small: None) -> None:
    names: dict[str, Any] = {}
    for number, cell in enumerate(nbformat.read(path, as_version=4).cells):
        if cell.cell_type == "code":
            exec(compile(cell.source, f"{path.name}, cell {number}", "exec"), names)


@pytest.mark.nightly
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": path.parent}})
    client.execute()
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert all(cell.execution_count for cell in code)
    shown = [one for cell in code for one in cell.outputs]
    assert [one for one in shown if one.output_type == "error"] == []
    assert any(one.output_type in ("display_data", "execute_result") for one in shown)
