"""Run a command with the system calls that a unit of systemd lets through, and no others.

    python -m tests.unit_filter packaging/systemd/churn.service command ...

Its lines `SystemCallFilter` are read in their order, as systemd does; everything else of the unit is left out.
"""

import ctypes
import os
import re
import subprocess
import sys
from pathlib import Path

ALLOW, REFUSE = 0x7FFF0000, 0x00050001  # SCMP_ACT_ALLOW, and SCMP_ACT_ERRNO with EPERM
ALWAYS = ("@default", "execve")  # systemd never takes these away


def calls(name: str) -> set[str]:
    """The system calls of a group, or the one of this name."""
    if not name.startswith("@"):
        return {name}
    command = ["systemd-analyze", "syscall-filter", "--no-pager", name]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    words = [line.strip() for line in told.splitlines()[1:]]
    return {call for word in words if word and not word.startswith("#") for call in calls(word)}


def allowed(unit: Path) -> set[str]:
    """What the unit lets through."""
    found = {call for name in ALWAYS for call in calls(name)}
    for line in re.findall(r"^SystemCallFilter=(.*)$", unit.read_text("utf-8"), re.MULTILINE):
        some = {call for name in line.lstrip("~").split() for call in calls(name)}
        found = found - some if line.startswith("~") else found | some
    return found


def restrict(names: set[str]) -> None:
    """Let this process and its children make these calls alone."""
    seccomp = ctypes.CDLL("libseccomp.so.2")
    seccomp.seccomp_init.restype = ctypes.c_void_p
    rules = ctypes.c_void_p(seccomp.seccomp_init(REFUSE))
    numbers = {seccomp.seccomp_syscall_resolve_name(name.encode()) for name in names}
    for number in sorted(number for number in numbers if number >= 0):  # below: of other processors
        assert seccomp.seccomp_rule_add(rules, ALLOW, number, 0) == 0
    assert seccomp.seccomp_load(rules) == 0


if __name__ == "__main__":
    restrict(allowed(Path(sys.argv[1])))
    os.execvp(sys.argv[2], sys.argv[2:])
