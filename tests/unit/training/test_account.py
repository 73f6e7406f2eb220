"""Whoever acts has a name, in a container that has none for its user too."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
NAMELESS = """
import os, sys
from churn.settings import Settings
from training.history import who
from training.manifest import account
if os.getuid() == 0:
    os.setuid(54321)  # nobody has this number
print(account())
print(who(Settings(artifacts="/nonexistent")))
"""


def test_an_account_without_a_name_is_told_by_its_number(tmp_path: Path) -> None:
    nowhere = {"PYTHONPATH": str(ROOT), "PATH": "/nonexistent", "HOME": "/nonexistent"}
    command = [sys.executable, "-c", NAMELESS]
    done = subprocess.run(command, cwd=tmp_path, env=nowhere, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    account, who = done.stdout.splitlines()
    assert who.startswith(f"{account} on ")
    assert account == "uid 54321" or os.getuid() != 0
