"""Routes that show dead letters, and deal with one of them."""

import logging
from urllib.parse import urlencode

import azure.durable_functions as df
import azure.functions as func

from dirigent.domain.catalogue import Catalogue
from dirigent.domain.dead_letters import DeadLetter, State
from dirigent.ports import Parts
from dirigent.ports.bus import BusRefused, BusUnavailable
from dirigent.ports.records import TokenRefused
from dirigent.records.dead_letters import DeadLetters, Kept, NotDiscarded
from dirigent.records.letter_causes import causes_of
from dirigent.records.replays import NotReplayable, Replays, SubscriptionGone
from dirigent.records.unreadable import Unreadable
from dirigent.settings import Settings
from dirigent.telemetry.lines import line
from dirigent.telemetry.tracing import asked, carried, joined
from triggers.bodies import read
from triggers.identity import caller
from triggers.letter_filters import ALL, FILTERS, Reader, choice_of
from triggers.letter_view import cause_line, letter_line, letter_view
from triggers.problems import BREATHER, Refused, answered
from triggers.replies import UNKEPT, address, reply, tagged
from triggers.routes import add_route

MOST, USUAL = 200, 50
LONGEST_TOKEN = 4_000
KNOWN = (*FILTERS, "group", "limit", "continuation_token")

log = logging.getLogger(__name__)


def dead_letters(parts: Parts, catalogue: Catalogue, settings: Settings) -> df.Blueprint:
    """The routes of dead letters, one by one."""
    desk = _Desk(parts, catalogue, settings)

    async def list_dead_letters(req: func.HttpRequest) -> func.HttpResponse:
        return await answered(desk.list(req))

    async def show_dead_letter(req: func.HttpRequest) -> func.HttpResponse:
        return await answered(desk.show(req))

    async def replay_dead_letter(req: func.HttpRequest) -> func.HttpResponse:
        return await answered(desk.replay(req))

    async def discard_dead_letter(req: func.HttpRequest) -> func.HttpResponse:
        return await answered(desk.discard(req))

    blueprint = df.Blueprint()
    add_route(blueprint, "GET", "dead-letters", list_dead_letters)
    add_route(blueprint, "GET", "dead-letters/{id}", show_dead_letter)
    add_route(blueprint, "POST", "dead-letters/{id}/replay", replay_dead_letter)
    add_route(blueprint, "POST", "dead-letters/{id}/discard", discard_dead_letter)
    return blueprint


class _Desk:
    """Takes questions about dead letters, and what is to become of one."""

    def __init__(self, parts: Parts, catalogue: Catalogue, settings: Settings) -> None:
        self._clock, self._settings = parts.clock, settings
        self._letters = DeadLetters(parts.records, parts.artifacts)
        self._replays = Replays(self._letters, parts.bus, parts.clock, catalogue.subscriptions)

    async def list(self, request: func.HttpRequest) -> func.HttpResponse:
        """Dead letters that fit the filters, newest first, or how many there are of each cause."""
        account = caller(request, self._settings).account
        reader = Reader(request.params, KNOWN, word="parameter")
        choice = choice_of(reader, request.params.get("state", State.OPEN), also=(ALL,))
        limit = reader.whole("limit", 1, MOST) or USUAL
        token, group = reader.text("continuation_token", LONGEST_TOKEN), reader.text("group")
        if group not in (None, "cause"):
            reader.refuse("group", "is none that dead letters are grouped by: send `cause`.")
        reader.check()
        if group is not None:
            found = await causes_of(self._letters, account, choice)
            groups = [cause_line(cause) for cause in found.causes[:limit]]
            values = {"groups": groups, "counted": found.counted, "all_counted": found.is_whole}
            return reply(values, headers=UNKEPT)
        try:
            page = await self._letters.page(account, choice, limit=limit, token=token)
        except TokenRefused as error:
            raise Refused(
                400,
                "The parameter `continuation_token` is none that was given out for these filters: "
                "take it from the page before, or leave it out to begin anew.",
            ) from error
        lines = {"dead_letters": [letter_line(each) for each in page.letters]}
        headers = {} if page.token is None else {"Link": _next(request, page.token)}
        return reply(lines | {"continuation_token": page.token}, headers=UNKEPT | headers)

    async def show(self, request: func.HttpRequest) -> func.HttpResponse:
        """One dead letter with its message."""
        letter = (await self._found(request)).letter
        try:
            return tagged(request, letter_view(letter, await self._letters.text(letter)))
        except Unreadable as error:
            # All else is known of it, and it can be discarded.
            return tagged(request, letter_view(letter, None, str(error)))

    async def replay(self, request: func.HttpRequest) -> func.HttpResponse:
        """Tell one again."""
        kept = await self._found(request)
        body = read(request, limit=self._settings.body_limit)
        if not isinstance(body, dict | None):
            raise Refused(400, 'The body is not of the form {"again": true}; it may be left out.')
        reader = Reader(body or {}, ("again",), word="member")
        again = reader.truth("again")
        reader.check()
        with joined(asked(request.headers.get("traceparent"))):
            trace = carried()
            try:
                letter = await self._replays.one(
                    kept, again=again, traceparent=trace if isinstance(trace, str) else None
                )
            except NotReplayable as refusal:
                raise Refused(409, _not_replayable(refusal.letter)) from refusal
            except SubscriptionGone as gone:
                raise Refused(409, gone.sentence, members={"reason": "no_subscription"}) from gone
            except (BusUnavailable, BusRefused) as error:
                raise _unsent(kept.letter, error) from error
        _tell("A dead letter was replayed", letter)
        return reply(letter_line(letter), headers=UNKEPT)

    async def discard(self, request: func.HttpRequest) -> func.HttpResponse:
        """Nobody needs it any more."""
        kept = await self._found(request)
        try:
            letter = await self._letters.discard(kept, at=self._clock.now())
        except NotDiscarded as refusal:
            raise Refused(
                409,
                f"The dead letter {refusal.letter.id!r} is being told again: see how that ends, or replay "
                "it once more if whoever did was cut short.",
            ) from refusal
        _tell("A dead letter was discarded", letter)
        return reply(letter_line(letter), headers=UNKEPT)

    async def _found(self, request: func.HttpRequest) -> Kept:
        wanted = request.route_params["id"]
        found = await self._letters.find(caller(request, self._settings).account, wanted)
        if found is None:
            raise Refused(
                404,
                f"There is no dead letter {wanted[:100]!r}: it never was, or its time of keeping is over.",
            )
        return found


def _not_replayable(letter: DeadLetter) -> str:
    if letter.state is State.DISCARDED:
        return f"The dead letter {letter.id!r} was discarded: tell the event anew if it is needed after all."
    return (
        f"The dead letter {letter.id!r} was told again, as its replay {letter.replays}, and has not come "
        'back: look at what came of it, or send {"again": true} to have it told once more all the same.'
    )


def _unsent(letter: DeadLetter, error: BusUnavailable | BusRefused) -> Refused:
    log.warning("The dead letter %s could not be replayed: %s", letter.id, " ".join(str(error).split()))
    kept = f"The dead letter {letter.id!r} is kept, and replayed again it has the same message id."
    if isinstance(error, BusRefused):
        return Refused(409, f"{error.sentence} {kept}", members={"reason": error.reason})
    sentence = f"The bus did not answer. {kept} Try again in {BREATHER} seconds."
    return Refused(503, sentence, headers={"Retry-After": str(BREATHER)})


def _tell(sentence: str, letter: DeadLetter) -> None:
    line(
        log,
        logging.INFO,
        sentence,
        letter=letter.id,
        subscription=letter.subscription,
        replays=letter.replays,
        correlation_id=letter.correlation_id,
    )


def _next(request: func.HttpRequest, token: str) -> str:
    # Keys that came in the query are not written into an answer.
    params = {name: value for name, value in request.params.items() if name in KNOWN}
    query = urlencode(params | {"continuation_token": token})
    return f'<{address(request, "dead-letters", route="dead-letters")}?{query}>; rel="next"'
