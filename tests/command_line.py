"""The command line as a stranger uses it, in this process: what a command says, how it ends, what it leaves on disk."""

import hashlib
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from typer.testing import CliRunner

from cli.main import app


@dataclass(frozen=True)
class Said:
    """How a command ended: its exit code, its result on stdout, its words on stderr."""

    code: int
    out: str
    err: str


def churn(*words: str, config: Path) -> Said:
    """Run a command; what the edge does not know is raised, as a stranger's traceback would be."""
    result = CliRunner().invoke(app, [*words, "-c", str(config)])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Said(result.exit_code, result.stdout, result.stderr)


def refused(said: Said, code: int, *mend: str) -> None:
    """A command ended with this exit code and a message whose mend holds these words."""
    assert said.code == code, said
    _, marked, told = said.err.partition("To mend it: ")
    assert marked, said.err
    for words in mend:
        assert words in told, told


def fingerprints(folder: Path, *below: str) -> dict[str, str]:
    """The content of every file of these folders but hidden ones and locks: equal where nothing was touched."""
    files = [path for name in below for path in (folder / name).rglob("*") if path.is_file() and path.name != "lock"]
    seen = [path for path in files if not any(part.startswith(".") for part in path.relative_to(folder).parts)]
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(seen)}


@contextmanager
def files_no_longer_than(size_bytes: int) -> Iterator[None]:
    """In this block no file grows over a size."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
