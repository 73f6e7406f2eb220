"""The refusals of the HTTP edge: each a status, a code, a problem and a mend.

    Refusal
    ├── MalformedJson         400
    ├── Unauthorised          401    no key, or an unknown one
    ├── Forbidden             403    a key without the scope, or a foreign Host
    ├── UnknownRoute          404
    ├── UnknownScore          404    nobody gave such an answer
    ├── UnknownModel          404    no champion has this name
    ├── UnknownCustomer       404    no store knows whom to forget
    ├── WrongMethod           405
    ├── CursorGone            410    the changes after it are not to be had any more
    ├── Erased                410    whom the answer spoke of was forgotten
    ├── BodyTooLarge          413
    ├── InvalidRequest        422    JSON, but not what the schema asks for
    ├── TooManyRequests       429    of a key; TooManyFailures: of somebody without one
    ├── NotReady              503
    ├── ReplaysBusy           503    too many ask for answers of the past at once
    └── ScoreLogUnavailable   503    an answer could not be logged, so it is not given

Further ones stand beside what raises them (serving/body.py, serving/signatures.py). Knows no server; serving/guard.py
turns these, and any other error, into an answer.
"""

from collections.abc import Iterable

from churn.errors import ChurnError

HOW_TO_SCORE = (
    'send {"customer_ids": [1 to 1000 texts], "language": "en" or "zh", "top_reasons": 0 to 10}; '
    "the last two may be left out. `/docs` has examples."
)


MOST_WORDS = 200  # characters of a reason, which may quote what was sent


def _brief(why: str) -> str:
    """A reason without more than a few words of the request in it."""
    return why if len(why) <= MOST_WORDS else f"{why[: MOST_WORDS // 2]}...{why[-MOST_WORDS // 2 :]}"


class Refusal(ChurnError):
    """A request that gets an error for an answer."""

    status = 400


class MalformedJson(Refusal):
    """The body is no JSON."""

    status = 400

    def __init__(self, why: str, mend: str = 'send {"customer_ids": ["..."]} in UTF-8.') -> None:
        super().__init__(f"The body is no JSON: {why}.", mend=mend)


class CallerGone(Refusal):
    """The caller went while the body came: counted as theirs, and read by nobody."""

    def __init__(self) -> None:
        super().__init__("The caller went before the request was there.", mend="send it again, to its end.")


class Unauthorised(Refusal):
    """No key came with the request, or one that nobody was given."""

    status = 401

    def __init__(self, problem: str) -> None:
        super().__init__(problem, mend="send a key of this service: `Authorization: Bearer KEY` or `X-API-Key: KEY`.")


class Forbidden(Refusal):
    """The caller is known but may not do this."""

    status = 403


class UnknownRoute(Refusal):
    """There is nothing at this path."""

    status = 404

    def __init__(self, path: str) -> None:
        super().__init__(f"There is nothing at {path[:200]!r}.", mend="see `/docs` for what there is.")


class UnknownScore(Refusal):
    """No answer has this id."""

    status = 404

    def __init__(self, score_id: str) -> None:
        super().__init__(
            f"There is no score {score_id[:200]!r}.",
            mend="take `score_id` from an answer; scores older than [retention] score_log_days may have been pruned.",
        )


class UnknownModel(Refusal):
    """There is no champion of this name."""

    status = 404

    def __init__(self, model: str, models: Iterable[str]) -> None:
        super().__init__(
            f"No champion answers for {model[:64]!r}.",
            mend=f"ask for {' or '.join(models)}; `/v1/models` says which of them there are.",
        )


class UnknownCustomer(Refusal):
    """No store knows the customer who is to be forgotten, or who is asked about."""

    status = 404

    def __init__(
        self,
        problem: str = "No store knows this customer; nothing was changed.",
        mend: str = "check the id; to keep out somebody who is not here yet, add `?keep_out=true`.",
    ) -> None:
        super().__init__(problem, mend=mend)


class Erased(Refusal):
    """Whom an answer spoke of was forgotten, and the answer with them."""

    status = 410

    def __init__(self, score_id: str) -> None:
        super().__init__(
            f"The score {score_id[:200]!r} was erased: the customer was forgotten.",
            mend="nothing brings it back; take it out of your own records too.",
        )


class CursorGone(Refusal):
    """A cursor of changes that this journal did not give, or gave before it was begun anew."""

    status = 410

    def __init__(self) -> None:
        super().__init__(
            "This journal of changes did not give this cursor, or was begun anew since.",
            mend="leave `since` out and read from the beginning: each customer comes once, as they stand now.",
        )


class WrongMethod(Refusal):
    """The path exists, the method does not."""

    status = 405

    def __init__(self, method: str, allowed: str) -> None:
        super().__init__(f"This path does not answer {method[:20]!r}.", mend=f"use {allowed}.")
        self.allowed = allowed


class BodyTooLarge(Refusal):
    """The body passes the limit."""

    status = 413

    def __init__(self, limit: int) -> None:
        super().__init__(f"The body is larger than {limit:,} bytes.", mend="send fewer customer ids or events at once.")


class InvalidRequest(Refusal):
    """JSON, but not what the schema asks for."""

    status = 422

    def __init__(self, why: str, mend: str = HOW_TO_SCORE) -> None:
        super().__init__(f"The request does not fit the schema: {_brief(why)}.", mend=mend)


class Later(Refusal):
    """A caller who has to wait; Retry-After says for how long. Only the first of a span is written down: `first`."""

    status = 429
    first = True

    def __init__(self, problem: str, *, mend: str, retry_after_s: int) -> None:
        super().__init__(problem, mend=mend)
        self.retry_after_s = retry_after_s


class TooManyRequests(Later):
    """A key has used up its requests of this minute or day."""

    def __init__(self, limit: int, span: str, retry_after_s: int) -> None:
        super().__init__(
            f"This key has used its {limit} requests of this {span}.",
            mend=f"wait {retry_after_s} s (Retry-After says so too), or ask for many customers in one request.",
            retry_after_s=retry_after_s,
        )


class TooManyFailures(Later):
    """Too many callers without a good key came from one address, or from everywhere."""

    def __init__(self, retry_after_s: int) -> None:
        super().__init__(
            "There were too many requests without a good key.",
            mend=f"wait {retry_after_s} s, then send a key of this service.",
            retry_after_s=retry_after_s,
        )


class NotReady(Refusal):
    """The service has not loaded its champion yet, or is about to end."""

    status = 503

    def __init__(self) -> None:
        super().__init__("The service is starting or ending.", mend="ask `/readyz` until it says 200, then again.")


class ReplaysBusy(Refusal):
    """Too many answers of the past are being made again; answers of now go first."""

    status = 503
    retry_after_s = 5

    def __init__(self) -> None:
        super().__init__(
            "Too many answers of the past are being made again.",
            mend="ask again in some seconds (Retry-After), one after the other; `churn replay` takes many at once.",
        )


class ScoreLogUnavailable(Refusal):
    """The score log could not be written, and no score leaves without its line."""

    status = 503
    exit_code = 10

    def __init__(self, where: str, why: str) -> None:
        super().__init__(
            f"The score log {where} cannot be written: {why}.",
            mend="free some space or mend the folder's rights; no restart is needed, the next request tries again.",
        )
