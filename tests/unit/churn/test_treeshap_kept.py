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


def test_what_was_compiled_from_other_sources_is_not_taken(tmp_path: Path) -> None:
    """Numba looks at the entry's own file alone, and a cache outlives the version that wrote it."""
    room = tmp_path / "room.py"
    room.write_text("def told(x):\n    return x + 1.0\n", encoding="utf-8")
    ask = (
        "import sys, room; from churn.treeshap_vectors import compiled; made = compiled(room.told, sys.argv[1]); "
        "made(1.0); print(sum(made.stats.cache_hits.values()))"
    )
    environ = os.environ | {"PYTHONPATH": f"{ROOT}{os.pathsep}{tmp_path}", "NUMBA_CACHE_DIR": str(tmp_path / "kept")}
    hits = [
        subprocess.run(
            [sys.executable, "-c", ask, sources], env=environ, capture_output=True, text=True, check=True
        ).stdout
        for sources in ("of one version", "of one version", "of the next", "of the next")
    ]
    assert hits == ["0\n", "1\n", "0\n", "1\n"]
