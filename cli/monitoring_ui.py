"""`churn monitor ui` and `--open`: Evidently's own pages on the results of all runs, and ours in a browser."""

import os
import subprocess
import sys
from typing import TYPE_CHECKING

from churn.errors import DataError
from cli.console import say, step
from cli.registry import ENDED, HOST
from cli.started import say_when_up

if TYPE_CHECKING:
    from churn.settings import Settings

SERVE = (
    "import sys; from pathlib import Path; from monitoring.site.workspace import serve; "
    "serve(Path(sys.argv[1]), host=sys.argv[2], port=int(sys.argv[3]))"
)


class NoRunYet(DataError):
    """There is nothing to show: no run of monitoring has kept its results."""

    def __init__(self) -> None:
        super().__init__("No run of `churn monitor` has kept a report of Evidently's.", mend="run `churn monitor`.")


def ui(settings: "Settings", *, port: int) -> int:
    """Run Evidently's UI on loopback until somebody ends it.

    Args:
        settings: whose runs.
        port: of this machine; 0: any free one.

    Raises:
        NoRunYet: nothing was judged yet. PortTaken: the port is.
    """
    from cli.server import end_with_us, free_port
    from monitoring.site.workspace import build

    port = free_port(HOST, port, "churn monitor ui")
    with step("collecting the runs"):
        workspace, counts = build(settings.folder, settings.business.name)
    if not counts:
        raise NoRunYet
    say("  " + ", ".join(f"{model}: {count} runs" for model, count in counts.items()))
    command = [sys.executable, "-c", SERVE, str(workspace), HOST, str(port)]
    pages = subprocess.Popen(command, env=os.environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    end_with_us(pages)
    url = f"http://{HOST}:{port}"
    say_when_up(pages, f"{url}/api/version", f"Evidently on {url}/ (Ctrl-C ends it)")
    return 0 if pages.wait() in ENDED else 1


def show_page(settings: "Settings") -> None:
    """Open the page of the newest run in the browser, or say where it lies where there is none to open it."""
    import webbrowser

    from monitoring.pages import REPORT

    page = (settings.folder / REPORT).resolve()
    if not page.is_file():
        say("There is no page yet: `churn monitor` without --no-pages writes it.")
    elif not webbrowser.open(page.as_uri()):
        say(f"No browser to open {page}.")
