"""The routes that serving offers, as a plain ASGI application: no BentoML in it, so that any server can run it.

    POST /v1/score      ids in, answers out: store -> scorer -> score log -> wire
    /livez /healthz     the process lives            /readyz     it can answer, and with which champions
    /metrics            for Prometheus               / /docs /openapi.json     serving/page_routes.py

`Desk` is what a worker holds: opened once it has its champions, asked by every request. cli/app.py puts these routes
and those of other stages into one application behind serving/guard.py. Start reading at `routes`.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from churn.settings import Settings
from features.erasure.forgotten import is_forgotten
from features.live.opted_out import OptedOut
from features.online import RowStore
from serving import champion, page_routes, shadow
from serving.described import described
from serving.languages import preferred
from serving.lookup import Lookup
from serving.metrics import CONTENT_TYPE, Metrics
from serving.monitor_figures import MonitorFigures
from serving.now import Stops, clock_of
from serving.refusals import NotReady
from serving.registry_state import RegistryState
from serving.schemas import Language, Score
from serving.score_log import ScoreLog
from serving.score_route import METHOD, PATH, ScoreRoute
from serving.scorer import Answer, Scorer
from serving.seal import Seal
from serving.shadow import Shadows
from serving.tables.beside import Tables
from serving.together import Asked, together
from serving.turns import Turns

FEW = 4  # so many customers are answered without leaving the event loop; more would make others wait
SCOPES = {PATH: "score", "/metrics": "read"} | page_routes.SCOPES
JSON = "application/json"
OPEN = "to this machine, without a key: `churn keys create` closes it"
Endpoint = Callable[..., Awaitable[Response]]
encode = msgspec.json.Encoder().encode


@dataclass(frozen=True)
class Counter:
    """Everything that answering takes. Immutable."""

    scorer: Scorer
    lookup: Lookup
    log: ScoreLog
    forgotten: Callable[[Sequence[str]], set[str]] = lambda _: set()
    shadows: Shadows | None = None
    tables: Tables | None = None

    def answers(self, customer_ids: Sequence[str], language: str, top: int) -> list[Answer]:
        """Read the rows of these customers, as far as the store answers, and score them."""
        found, gone = self.lookup.read(customer_ids), self.forgotten(customer_ids)
        if gone:
            self.lookup.forget(gone)
        told = self.scorer.score(customer_ids, found.rows, language=language, top=top, unread=found.unread)
        if not found.last_good and not gone:
            return told
        told = [answer.from_last_good() if answer.score.customer_id in found.last_good else answer for answer in told]
        return [answer.erased(language) if answer.score.customer_id in gone else answer for answer in told]


class Desk:
    """Where a worker's requests come to; closed until the champions are there."""

    def __init__(self, settings: Settings) -> None:
        self.settings, self.metrics, self.monitored = settings, Metrics(), MonitorFigures(settings.folder)
        self._turns = Turns(self._served, settings.serving.max_waiting, settings.serving.deadline_ms / 1000)
        self._aside = ThreadPoolExecutor(1, "many")  # one request of many customers at a time, beside the others
        self._counter: Counter | None = None
        self._registry = RegistryState()

    def open(self, counter: Counter) -> None:
        """Begin to answer."""
        counter.scorer.warm()
        self.metrics.champions(counter.scorer.champions.values())
        self.metrics.store(answers=True)
        if counter.tables:
            counter.tables.keep_up()
        self._counter = counter

    def close(self) -> None:
        """Answer no more; what was answered is in the log."""
        counter, self._counter = self._counter, None
        self._aside.shutdown(cancel_futures=True)
        if counter:
            counter.lookup.close()
            if counter.tables:
                counter.tables.close()
            if counter.shadows:
                counter.shadows.close()
            counter.log.close()

    @property
    def champions(self) -> Mapping[str, champion.Champion]:
        """The models that answer now."""
        return self.counter.scorer.champions

    def swap(
        self, champions: Mapping[str, champion.Champion], beside: Mapping[str, champion.Champion] | None = None
    ) -> None:
        """Answer with these from the next request on; who is being answered keeps those before to the end.

        Args:
            champions: ready to be asked.
            beside: challengers in shadow; those there are where None.
        """
        before = self.counter
        after = replace(before, scorer=replace(before.scorer, champions=champions))
        if beside is not None:
            after = replace(after, shadows=Shadows(self.settings.folder, beside, before.forgotten))
        after.scorer.warm()
        self._counter = after
        self.metrics.champions(champions.values(), instead_of=before.scorer.champions.values())
        if before.shadows is not None and after.shadows is not before.shadows:
            before.shadows.close()

    def registry(self, state: RegistryState) -> None:
        """Tell what `churn serve` knows of the registry."""
        self._registry = state
        self.metrics.registry(state)

    @property
    def counter(self) -> Counter:
        """What answers.

        Raises:
            NotReady: not yet, or no longer.
        """
        if self._counter is None:
            raise NotReady
        return self._counter

    def words(self, request: Request, language: Language | None, top: int | None) -> tuple[str, int]:
        """The language of an answer, and how many reasons it has at most, where the caller asks for none."""
        language = language or preferred(request.headers.get("accept-language", ""))
        return language or self.settings.business.language, self.settings.serving.top_reasons if top is None else top

    async def told(self, customer_ids: Sequence[str], language: str, top: int) -> list[Score]:
        """Score customers, each named once, in their order; logged, counted, and told to whoever scores beside.

        Raises:
            Overloaded: others wait already. ScoreLogUnavailable: nothing can be logged. NotReady: nobody answers.
        """
        if len(customer_ids) <= FEW:
            return await self._turns.ask(Asked(customer_ids, language, top))
        counter, loop = self.counter, asyncio.get_running_loop()
        answers = await self._turns.settle(
            loop.run_in_executor(self._aside, counter.answers, customer_ids, language, top)
        )
        await self._logged(counter, answers)
        return [answer.score for answer in answers]

    async def _served(self, group: Sequence[Asked]) -> list[list[Score]]:
        """What several asked at the same time, each for few customers."""
        counter = self.counter
        told = together(counter.answers, group)
        await self._logged(counter, [answer for answers in told for answer in answers], len(group))
        return [[answer.score for answer in answers] for answers in told]

    async def _logged(self, counter: Counter, answers: list[Answer], requests: int = 1) -> None:
        """Wait until answers are on disk; count them, and tell them to whoever scores beside."""
        await self._turns.settle(counter.log.written([answer.log_row() for answer in answers]), requests)
        if counter.shadows:
            counter.shadows.offer(answers, counter.log)
        self.metrics.answers(answer.score for answer in answers)
        self.metrics.store(answers=counter.lookup.failure is None)

    async def ready(self, request: Request) -> Response:
        """Answer `/readyz`: whether customers can be scored; whoever may read is told with which champions."""
        counter = self.counter
        counter.lookup.check()
        told: dict[str, Any] = {"champions": described(counter.scorer.champions), "registry": self._registry.told()}
        if request.state.caller.open:
            told["open"] = OPEN
        if counter.tables:
            told["tables"] = counter.tables.codes()
        return Response(encode({"status": "ready"} | (told if request.state.caller.known else {})), media_type=JSON)


def counter_of(settings: Settings, store: RowStore) -> Counter:
    """What answers for a business: the champions that were appointed, a store, and this process's score log.

    Raises:
        NoChampion: none was appointed. NoLog: the clock stands where the log ends, and there is no log.
    """
    champions = champion.load(settings)
    limits = settings.serving
    lookup = Lookup(store, timeout_s=limits.store_timeout_ms / 1000, last_good_rows=limits.last_good_rows)
    gone = partial(is_forgotten, settings.folder)
    beside = Shadows(settings.folder, shadow.load(settings.folder), gone)
    tables = Tables(settings.folder, OptedOut(settings), settings.lifecycle.calendar)
    log = ScoreLog(settings.folder, Seal.of(settings))
    return Counter(scorer_of(settings, champions, tables), lookup, log, gone, beside, tables)


def scorer_of(settings: Settings, champions: Mapping[str, champion.Champion], tables: Tables | None = None) -> Scorer:
    """The scorer of a business, with these champions.

    Raises:
        NoLog: the clock stands where the log ends, and there is no log.
    """
    tables = tables or Tables(settings.folder, OptedOut(settings), settings.lifecycle.calendar)
    return Scorer(
        champions=champions,
        clock=clock_of(settings),
        clock_kind=settings.business.clock,
        max_age=timedelta(hours=settings.serving.max_feature_age_hours),
        definition_id=settings.definition.id,
        stopped=Stops(settings.folder),
        calendar=settings.lifecycle.calendar,
        beside=tables.told,
        nightly=settings.serving.nightly_answers,
        opted_out=tables.objections,
    )


def routes(desk: Desk) -> list[BaseRoute]:
    """The routes of this stage."""

    async def alive(_: Request) -> Response:
        return Response(b'{"status":"alive"}', media_type=JSON)

    async def metrics(_: Request) -> Response:
        return Response(desk.metrics.text() + desk.monitored.text(), media_type=CONTENT_TYPE)

    read: dict[str, Endpoint] = {"/livez": alive, "/healthz": alive, "/readyz": desk.ready, "/metrics": metrics}
    return [
        Route(PATH, ScoreRoute(desk), methods=[METHOD]),
        *(Route(path, endpoint, methods=["GET"]) for path, endpoint in read.items()),
        *page_routes.routes(desk.settings.business.name),
    ]
