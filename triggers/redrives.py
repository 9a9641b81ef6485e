"""Routes that have many dead letters told again."""

import logging
import re
import secrets
from collections import Counter

import azure.durable_functions as df
import azure.functions as func
from msgspec.structs import replace

from dirigent.domain.catalogue import Catalogue
from dirigent.domain.dead_letters import Choice, State, why_unheard
from dirigent.domain.messages import Message
from dirigent.domain.redrives import USUAL_RETURNS, Redrive
from dirigent.domain.run_ids import RANDOM_BITS, new_run_id
from dirigent.ports import Parts
from dirigent.records.dead_letters import DeadLetters
from dirigent.records.letter_causes import Cause, causes_of
from dirigent.records.redrives import PREFIX, Redrives
from dirigent.settings import Settings
from dirigent.telemetry.lines import line
from dirigent.telemetry.tracing import asked, carried, joined
from triggers.bodies import read
from triggers.identity import caller
from triggers.letter_filters import FILTERS, Reader, choice_of, told_choice
from triggers.letter_view import cause_line
from triggers.problems import Refused, answered
from triggers.redriving_instances import RedrivingInstances, Standing
from triggers.replies import UNKEPT, address, reply
from triggers.routes import add_route

MANY = "dead-letters/replay"
STOP = "dead-letters/replays/{id}/stop"
KNOWN = (*FILTERS, "rate", "limit", "stop_after", "dry_run")
SLOWEST = 0.1
MOST = 1_000_000
#: More causes are not told of a dry run; each has a count.
MOST_CAUSES = 50
#: What came back is counted so far.
MOST_RETURNS = 1_000

_ID = re.compile(rf"{PREFIX}[0-9a-z]{{25}}")

log = logging.getLogger(__name__)


class _Wish(Message, frozen=True, kw_only=True):
    """What a caller wants told again."""

    choice: Choice
    rate: float
    limit: int | None
    stop_after: int
    is_dry: bool


class _Found(Message, frozen=True, kw_only=True):
    """What there is to be told again."""

    causes: tuple[Cause, ...] = ()
    count: int = 0
    is_whole: bool = True


def redrives(parts: Parts, catalogue: Catalogue, settings: Settings) -> df.Blueprint:
    """The routes of replays of many dead letters."""
    desk = _Desk(parts, catalogue, settings)

    async def replay_dead_letters(
        req: func.HttpRequest, client: df.DurableOrchestrationClient
    ) -> func.HttpResponse:
        return await answered(desk.start(req, RedrivingInstances(client)))

    async def show_replay(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
        return await answered(desk.show(req, RedrivingInstances(client)))

    async def stop_replay(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
        return await answered(desk.stop(req, RedrivingInstances(client)))

    blueprint = df.Blueprint()
    add_route(blueprint, "POST", MANY, replay_dead_letters, client=True)
    add_route(blueprint, "GET", "dead-letters/replays/{id}", show_replay, client=True)
    add_route(blueprint, "POST", STOP, stop_replay, client=True)
    return blueprint


class _Desk:
    """Takes wishes to tell many again, and questions about how far that is."""

    def __init__(self, parts: Parts, catalogue: Catalogue, settings: Settings) -> None:
        self._clock, self._settings, self._subscriptions = parts.clock, settings, catalogue.subscriptions
        self._letters = DeadLetters(parts.records, parts.artifacts)
        self._redrives = Redrives(parts.records)

    async def start(self, request: func.HttpRequest, instances: RedrivingInstances) -> func.HttpResponse:
        """Have all that fit told again; with `dry_run`, only count them."""
        asks = caller(request, self._settings)
        wish = self._wish(request)
        found = await self._counted(asks.account, wish.choice)
        if wish.is_dry:
            return reply(_dry(wish, found) | self._unheard(found), headers=UNKEPT)
        now = self._clock.now()
        with joined(asked(request.headers.get("traceparent"))):
            trace = carried()
            redrive = Redrive(
                id=f"{PREFIX}{new_run_id(now, secrets.randbits(RANDOM_BITS))}",
                account=asks.account,
                choice=wish.choice,
                rate=wish.rate,
                limit=wish.limit,
                most_returns=wish.stop_after,
                matching=_most(wish, found.count) if found.is_whole else None,
                began_at=now,
                traceparent=trace if isinstance(trace, str) else None,
            )
            # First: what is not noted is never removed.
            await self._redrives.note(redrive.account, redrive.id, at=now)
            await instances.start(redrive)
        line(log, logging.INFO, "A replay of dead letters was started", replay=redrive.id)
        where = address(request, f"dead-letters/replays/{redrive.id}", route=MANY)
        values = {
            "replay_id": redrive.id,
            "status": "running",
            "matching": _most(wish, found.count),
            "all_counted": found.is_whole,
            "rate": wish.rate,
            "message": f"The dead letters are told again; follow it at {where}.",
        }
        return reply(values, status=202, headers={"Location": where, "Retry-After": "2"})

    async def show(self, request: func.HttpRequest, instances: RedrivingInstances) -> func.HttpResponse:
        """How far it is."""
        return await self._told(await self._found(request, instances))

    async def stop(self, request: func.HttpRequest, instances: RedrivingInstances) -> func.HttpResponse:
        """Have it tell no more."""
        standing, asks = await self._found(request, instances), caller(request, self._settings)
        replay = standing.redrive.id
        if standing.has_ended:
            raise Refused(409, f"The replay {replay!r} has ended: it is {standing.progress.course}.")
        who = f"the account {asks.account!r}" if asks.user is None else f"the user {asks.user!r}"
        await instances.stop(replay, f"It was stopped by {who}.")
        where = address(request, f"dead-letters/replays/{replay}", route=STOP)
        values = {"replay_id": replay, "status": "stopping", "message": f"See how it ended at {where}."}
        return reply(values, status=202, headers={"Location": where, "Retry-After": "1"})

    async def _told(self, standing: Standing) -> func.HttpResponse:
        redrive, progress = standing.redrive, standing.progress
        back = Choice(batch=redrive.id, state=State.OPEN)
        # Counted now: the last may come back after it has ended.
        returned, _ = await self._letters.rows(redrive.account, back, limit=MOST_RETURNS)
        left = None if redrive.matching is None else max(redrive.matching - progress.replayed, 0)
        values = {
            "replay_id": redrive.id,
            "status": progress.course,
            "matching": redrive.matching,
            "replayed": progress.replayed,
            "returned": len(returned),
            "rate": redrive.rate,
            "limit": redrive.limit,
            "stop_after": redrive.most_returns,
            "filters": told_choice(redrive.choice),
            "seconds_left": None if left is None or standing.has_ended else left / redrive.rate,
            "stopped_at": progress.letter,
            "stopped_because": progress.because or None,
            "began_at": redrive.began_at,
            "updated_at": standing.updated_at,
        }
        again = {} if standing.has_ended else {"Retry-After": "1"}
        return reply(values, headers=UNKEPT | again)

    async def _found(self, request: func.HttpRequest, instances: RedrivingInstances) -> Standing:
        wanted = request.route_params["id"]
        account = caller(request, self._settings).account
        found = await instances.find(account, wanted) if _ID.fullmatch(wanted) else None
        if found is None:
            raise Refused(404, f"There is no replay {wanted[:100]!r} of dead letters.")
        return found

    def _wish(self, request: func.HttpRequest) -> _Wish:
        body = read(request, limit=self._settings.body_limit)
        if not isinstance(body, dict):
            raise Refused(
                400,
                'The body is no JSON object: send filters such as {"subscription": "…"}, '
                "or {} for all open dead letters.",
            )
        reader, fastest = Reader(body, KNOWN, word="member"), float(self._settings.replay_rate)
        state = body.get("state")
        choice = choice_of(reader, state)
        if state is not None and choice.state not in (State.OPEN, State.REPLAYING):
            reader.refuse("state", "is not `open` or `replaying`: no others are told again.")
        stop_after = reader.whole("stop_after", 0, MOST_RETURNS)
        wish = _Wish(
            choice=choice,
            rate=reader.number("rate", SLOWEST, fastest) or fastest,
            limit=reader.whole("limit", 1, MOST),
            stop_after=USUAL_RETURNS if stop_after is None else stop_after,
            is_dry=reader.truth("dry_run"),
        )
        reader.check()
        return wish

    def _unheard(self, found: _Found) -> dict[str, object]:
        """How many could not be told, and why."""
        counts: Counter[str] = Counter()
        for cause in found.causes:
            if (name := cause.example.subscription) not in self._subscriptions:
                counts[name] += cause.count
        reasons = [
            {"subscription": name, "count": count, "because": why_unheard(name, self._subscriptions)}
            for name, count in counts.most_common()
        ]
        return {"unheard": counts.total(), "unheard_because": reasons}

    async def _counted(self, account: str, choice: Choice) -> _Found:
        states = (State.OPEN, State.REPLAYING) if choice.state is None else (choice.state,)
        causes: list[Cause] = []
        count, is_whole = 0, True
        for state in states:
            some = replace(choice, state=state)
            found = await causes_of(self._letters, account, some)
            causes += found.causes
            count, is_whole = count + found.counted, is_whole and found.is_whole
        causes.sort(key=lambda cause: -cause.count)
        return _Found(causes=tuple(causes), count=count, is_whole=is_whole)


def _dry(wish: _Wish, found: _Found) -> dict[str, object]:
    matching = _most(wish, found.count)
    return {
        "dry_run": True,
        "matching": matching,
        "all_counted": found.is_whole,
        "rate": wish.rate,
        "seconds": matching / wish.rate,
        "filters": told_choice(wish.choice),
        "groups": [cause_line(cause) for cause in found.causes[:MOST_CAUSES]],
    }


def _most(wish: _Wish, count: int) -> int:
    return count if wish.limit is None else min(count, wish.limit)
