"""Each part of monitoring is tried by itself: what one part cannot do is told with its mend, and all others go on.

    tried = Attempts()
    ledgers = tried("outcomes", lambda: realised(...), otherwise=())

The one edge in monitoring at which errors are caught. Ours say what is wrong and how to mend it; of others only kind
and place are told, since their words may name a customer. A part that a verdict rests on makes it `cannot_tell`; any
other is told and changes nothing. A new part is a line in PARTS. Start reading at `Attempts`.
"""

import os
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, TypeVar

from churn.errors import ChurnError
from churn.page import Two
from monitoring.reason import Reason

Found = TypeVar("Found")
Default = TypeVar("Default")


class Part(NamedTuple):
    """A part of monitoring: what it is called, whether a verdict rests on it, and whether each model's does."""

    name: Two
    is_judged: bool = True
    of_models: bool = False


PARTS = {
    "champion": Part(("the champion", "当前模型"), of_models=True),
    "log": Part(("the event log", "事件日志"), of_models=True),
    "features": Part(("the features of now", "当前特征"), of_models=True),
    "scores": Part(("the scores", "评分"), of_models=True),
    "snapshot": Part(("the champion's snapshot", "模型的训练快照"), of_models=True),
    "data": Part(("the soundness of the data", "数据质量"), of_models=True),
    "drift": Part(("what has moved", "分布偏移"), of_models=True),
    "outcomes": Part(("what became of the scores", "评分的实际结果"), of_models=True),
    "before": Part(("the estimates before labels", "标签成熟前的估计"), is_judged=False, of_models=True),
    "early": Part(("the early signs", "早期信号"), is_judged=False, of_models=True),
    "arrivals": Part(("what comes in", "数据到达情况")),
    "business": Part(("the figures of the business", "业务指标"), is_judged=False),
    "history": Part(("the history of runs", "历次监控记录"), is_judged=False),
    "verdict": Part(("the file of the verdict, which the service obeys", "服务所依据的结论文件"), is_judged=False),
    "figures": Part(("the figures for Prometheus", "供 Prometheus 读取的指标"), is_judged=False),
    "pages": Part(("the pages", "页面"), is_judged=False),
}
WRITTEN = ("verdict", "history", "figures", "pages")  # after the verdict was made
PLACE_MEND: Two = (
    "see that the disk has space and that this account may read and write there, then `churn monitor` again.",
    "确认磁盘有空间、当前账户可在该处读写，然后再次运行 `churn monitor`。",
)
UNKNOWN_MEND: Two = (
    "this is no fault that we know: please report it, with this line; all other parts were judged.",
    "这不是已知的故障：请连同此行一并报告；其余部分均已判断。",
)


@dataclass(frozen=True)
class Trouble:
    """Something that could not be looked at, or not be written.

    Args:
        part: of PARTS. code: of the error. problem: what is wrong. mend: what to do.
        mend_zh: the same in Chinese; "" of our own errors, which speak English: their words are told as such.
        model: whose; None where it is the business's.
    """

    part: str
    code: str
    problem: str
    mend: str
    mend_zh: str
    model: str | None = None


class Attempts:
    """Tries parts, and keeps what went wrong."""

    def __init__(self) -> None:
        self.troubles: list[Trouble] = []

    def __call__(
        self, part: str, do: Callable[[], Found], otherwise: Default, *, model: str | None = None
    ) -> Found | Default:
        """What a part gives, or something else where it cannot.

        Args:
            part: of PARTS.
            do: the part.
            otherwise: what stands for it.
            model: whose; None: the business's.
        """
        try:
            return do()
        except Exception as error:  # noqa: BLE001  # the edge of each part: the others are judged all the same
            self._keep(_trouble(part, error, model))
            return otherwise

    def of(self, model: str) -> tuple[Trouble, ...]:
        """What was in the way of one model's verdict: its own troubles, and those of what all models are judged by."""
        return tuple(one for one in self.troubles if one.model in (model, None if PARTS[one.part].of_models else model))

    def of_whole(self) -> tuple[Trouble, ...]:
        """The troubles of no model."""
        return tuple(one for one in self.troubles if one.model is None and not PARTS[one.part].of_models)

    def _keep(self, trouble: Trouble) -> None:
        """Once: what two parts need and neither can read is one trouble; two files that cannot be written are two."""
        if _same(trouble) not in map(_same, self.troubles):
            self.troubles.append(trouble)


def _same(one: Trouble) -> tuple[str | None, ...]:
    return one.model, one.code, one.problem, one.part if one.part in WRITTEN else None


def about_troubles(troubles: Sequence[Trouble]) -> Iterator[Reason]:
    """What could not be looked at: `cannot_tell` where a verdict rests on it, else told and nothing more."""
    for one in troubles:
        name, is_judged, _ = PARTS[one.part]
        first = one.problem.strip().partition("\n")[0]
        what = (f"Nothing can be said of {name[0]}: {first}", f"无法判断{name[1]}（{one.code}）。英文原文：{first}")
        mend = (one.mend, one.mend_zh or f"（英文原文）{one.mend}")
        yield Reason(
            "cannot_tell" if is_judged else "keep", f"untold_{one.part}", what, 1, 0, mend, "index.html#untold"
        )


def _trouble(part: str, error: Exception, model: str | None) -> Trouble:
    if isinstance(error, ChurnError):
        return Trouble(part, error.code, error.problem, error.mend, "", model)
    if isinstance(error, OSError) and error.errno is not None:
        where = f": {error.filename}" if error.filename else ""
        return Trouble(part, "place_not_usable", f"{os.strerror(error.errno)}{where}", *PLACE_MEND, model)
    frame = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{Path(frame.filename).name}, line {frame.lineno}"
    return Trouble(part, "unexpected", f"{type(error).__name__} in {where}.", *UNKNOWN_MEND, model)
