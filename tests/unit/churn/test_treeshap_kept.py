"""The compiled kernel is kept where there is a place; a container that may write nowhere has reasons all the same."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
DECORATE = "from churn import treeshap; print(treeshap._compile().explain_each.__name__)"


def test_with_no_place_to_keep_it_the_kernel_is_compiled_and_that_is_said(tmp_path: Path) -> None:
    code = tmp_path / "churn"
    shutil.copytree(ROOT / "churn", code, ignore=shutil.ignore_patterns("__pycache__"))
    (code / "__pycache__").write_text("a file: nothing can be written below it, not even by root", encoding="utf-8")
    nowhere = dict.fromkeys(("HOME", "NUMBA_CACHE_DIR", "XDG_CACHE_HOME", "IPYTHONDIR"), "/dev/null/nowhere")
    environ = {"PATH": os.environ["PATH"], "PYTHONPATH": str(tmp_path), **nowhere}
    done = subprocess.run(
        [sys.executable, "-c", DECORATE], cwd=tmp_path, env=environ, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "explain_each\n"), done.stderr
    assert done.stderr.count("set NUMBA_CACHE_DIR") == 1
