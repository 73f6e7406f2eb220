"""`churn score`: scores for everybody or for some."""

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from churn.errors import SettingsError
from cli.console import progress, step, table
from cli.nights import nights_of
from cli.outcome import Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping

    from churn.settings import Settings
    from churn.stages import Stage

FORGETS_S = 600.0  # so long a batch waits for who forgets at its end
FILES = (
    "for monitoring: the SCORES table, without outcome and reasons",
    "for people and CRM imports: the sheet with outcome and reasons in words",
    "a copy of the sheet for people",
)


class NobodyNamed(SettingsError):
    """`churn score` was told neither whom to score nor to score everybody."""

    def __init__(self) -> None:
        super().__init__("Whom shall I score?", mend="say `churn score --all`, or `churn score --ids C1,C2`.")


def score(settings: "Settings", *, everyone: bool, ids: str | None, out: Path | None) -> Outcome:
    """Score the whole base, or some customers from the on-line store, with the scorer of the service.

    Raises:
        NobodyNamed: neither was asked for. NoChampion: nothing was promoted yet.
    """
    if not everyone and not (ids or "").replace(",", "").strip():
        raise NobodyNamed
    from serving import champion, shadow
    from serving.app import scorer_of

    with step("fetch the champions"):
        held, beside = champion.fetch(settings), shadow.fetch(settings)
        scorer = scorer_of(settings, champion.read(settings.folder, held, exact=settings.serving.exact_reasons))
    if not everyone:
        return _some(settings, scorer, str(ids), beside)
    done = _everyone(settings, scorer, out, held, beside)
    _tell_contacts(settings)
    return done


def _tell_contacts(settings: "Settings") -> None:
    """Let the service know who was contacted when, from what the log tells by now."""
    from features.contacts_table import write_contacts
    from features.log import NoLog

    with suppress(NoLog):  # rows came from elsewhere
        write_contacts(settings)


def _everyone(
    settings: "Settings", scorer: Any, out: Path | None, held: Any = None, beside: Any = None
) -> Outcome:  # Scorer, {model: Held} twice
    from functools import partial

    from features.engines import engine_of
    from features.erasure.turns import without_who_goes
    from serving.batch import score_everyone
    from serving.elsewhere import scorer_again, shadows_again
    from serving.erasing import erase_from_batches, erase_from_score_log

    elsewhere = None if settings.cluster.engine == "local" else partial(scorer_again, settings, held)
    gone = without_who_goes(settings.folder, erase_from_batches, erase_from_score_log, wait_s=FORGETS_S)
    with gone, engine_of(settings) as engine, nights_of(settings) as nights:
        report = score_everyone(
            settings, scorer, out=out, progress=progress, engine=engine, elsewhere=elsewhere,
            shadows=partial(shadows_again, settings, beside) if beside else None, keep=nights.keep,
        )  # fmt: skip
    news = _changes(settings, report.files[0])
    rows = [
        {"model": model, "answer": answer, "customers": count}
        for model, by in report.answers.items()
        for answer, count in by.items()
    ]
    files = "\n".join(f"{path}\n  {whom}" for path, whom in zip(report.files, FILES, strict=False))
    head = f"{report.scored:,} of {report.customers:,} customers have a score."
    language = settings.business.language
    grades = [
        f"{model}: {one.bundle.grade.sentence(one.bundle.learner, language)}"
        for model, one in scorer.champions.items()
        if one.bundle.grade
    ]
    text = "\n\n".join([head, table(rows), "\n".join(grades), _stages(report.stages), news.told, nights.told, files])
    as_json = {
        "customers": report.customers, "scored": report.scored, "answers": report.answers,
        "stages": report.stages, "news": news.news, "changes": news.changes,
        "nightly_answers": nights.kept,
        "files": [str(path) for path in report.files],
    }  # fmt: skip
    return Outcome(text=text, as_json=as_json)


def _changes(settings: "Settings", scores: Path) -> Any:  # Counts
    """Tell the journal of changes what was said of everybody."""
    from functools import partial

    from features.erasure.forgotten import is_forgotten
    from serving.changes.bulk import tell_batch

    with step("note what changed"):
        gone = partial(is_forgotten, settings.folder)
        return tell_batch(settings.folder, scores, least_change=settings.serving.least_change, forgotten=gone)


def _stages(counts: "Mapping[Stage, int]") -> str:
    """Where customers stand, and which of the trade's five stages that is."""
    from churn.stages import FIVE

    rows = [
        {"stage": stage.value.replace("_", " "), "customers": n, "of the five": f"{FIVE[stage].zh} {FIVE[stage].en}"}
        for stage, n in counts.items()
    ]
    return table(rows)


def _some(settings: "Settings", scorer: Any, ids: str, beside: Any) -> Outcome:  # Scorer, {model: Held}
    import msgspec

    from features.erasure.forgotten import is_forgotten
    from features.store import OnlineStore
    from serving.elsewhere import shadows_again
    from serving.score_log import ScoreLog
    from serving.seal import Seal

    customer_ids = [one.strip() for one in ids.split(",") if one.strip()]
    found = OnlineStore(settings).rows(customer_ids)
    language, top = settings.business.language, settings.serving.top_reasons
    gone = is_forgotten(settings.folder, customer_ids)
    told = scorer.score(customer_ids, found, language=language, top=top)
    answers = [answer.erased() if answer.score.customer_id in gone else answer for answer in told]
    log = ScoreLog(settings.folder, Seal.of(settings))
    in_shadow = shadows_again(settings, beside).rows(answers)
    log.append([*(answer.log_row() for answer in answers), *in_shadow]).result()
    log.close()
    scores = [msgspec.to_builtins(answer.score) for answer in answers]
    rows = [one | {"abstention": (one["abstention"] or {}).get("code")} for one in scores]
    columns = ["customer_id", "stage", "model", "probability", "percentile", "band", "abstention"]
    reasons = [f"{one['customer_id']}: {reason['text']}" for one in scores for reason in one["reasons"]]
    grades = {one["model"]: f"{one['model']}: {one['grade_text']}" for one in scores if one["grade_text"]}
    return Outcome(text="\n".join([table(rows, columns), "", *reasons, "", *grades.values()]).rstrip(), as_json=scores)
