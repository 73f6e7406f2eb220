"""The standings as people read them: tables in Markdown, and whether the goal is met, said plainly."""

from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.learners.compare import CLASSICS, OURS, Standing

Cells = Mapping[tuple[str, str], Sequence[Standing]]
HEAD = """\
| learner | ROC AUC | log loss | AUC behind ours | log loss behind ours | CPU s |
| --- | --- | --- | --- | --- | --- |"""
HOW = "Behind ours ± one standard error, by customer; bold: better than ours by more than that."


def markdown(cells: Cells) -> str:
    """A table a log and model, then where the goal is missed."""
    parts = [HOW]
    for (log, model), found in cells.items():
        ranked = sorted(found, key=lambda one: one.log_loss)
        parts.append(f"### {log}, {model}\n\n{HEAD}\n" + "\n".join(_row(one) for one in ranked))
    told = goals(cells)
    missed = [f"- {one}" for one in (*told["rivals_that_won"], *told["classics_not_beaten"])]
    return "\n\n".join([*parts, "\n".join(missed) or "The goal is met on every log and model."]) + "\n"


def goals(cells: Cells) -> dict[str, Any]:
    """Is nobody better by more than one standard error, and is every classic worse by more than one?"""
    won = [
        f"{log} {model}: {one.learner} is better in {' and '.join(one.wins)}"
        for (log, model), found in cells.items()
        for one in found
        if one.learner != OURS and one.wins
    ]
    near = [
        f"{log} {model}: {one.learner} is within one standard error of ours in {' and '.join(one.keeps_up)}"
        for (log, model), found in cells.items()
        for one in found
        if one.learner in CLASSICS and one.keeps_up
    ]
    return {"rivals_that_won": won, "classics_not_beaten": near}


def _row(one: Standing) -> str:
    if one.learner == OURS:
        return f"| **ours** | {one.roc_auc:.4f} | {one.log_loss:.4f} | | | {one.cpu_s:.1f} |"
    behind = [
        _bold(f"{behind:+.4f} ± {error:.4f}", name in one.wins)
        for name, behind, error in (
            ("roc_auc", one.auc_behind, one.auc_error),
            ("log_loss", one.loss_behind, one.loss_error),
        )
    ]
    cpu = f"{one.cpu_s:.1f}" if one.cpu_s else ""
    return f"| {one.learner} | {one.roc_auc:.4f} | {one.log_loss:.4f} | {behind[0]} | {behind[1]} | {cpu} |"


def _bold(text: str, is_bold: bool) -> str:
    return f"**{text}**" if is_bold else text
