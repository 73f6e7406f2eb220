"""By which version and commit of this project something was made: what manifests say about their maker."""

import shutil
import subprocess
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path


@lru_cache(maxsize=1)
def made_by() -> dict[str, str | None]:
    """Version of the installed project, and commit where it runs from a checkout; null where unknown."""
    return {"version": _version(), "commit": _commit(Path(__file__).parents[1])}


def _version() -> str | None:
    try:
        return version("churn")
    except PackageNotFoundError:  # run from a folder, not installed
        return None


def _commit(root: Path) -> str | None:
    git = shutil.which("git")
    if git is None or not (root / ".git").exists():
        return None
    command = [git, "-C", str(root), "rev-parse", "HEAD"]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    return answer.stdout.strip() or None
