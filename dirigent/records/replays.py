"""Replays: dead letters told again, each under an id of its own that stays the same if that is repeated."""

import asyncio
import base64
import binascii
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TypeVar

from msgspec.structs import replace

from dirigent.domain.dead_letters import DeadLetter, State, replay_id, why_unheard
from dirigent.domain.events import (
    ACCOUNT,
    DEAD_LETTER,
    DIAGNOSTIC_ID,
    REPLAY,
    REPLAY_FOR,
    TRACEPARENT,
    TYPE,
    BusMessage,
    Property,
)
from dirigent.domain.redrives import Told
from dirigent.domain.subscriptions import Subscription
from dirigent.ports.bus import Bus, BusRefused, BusUnavailable
from dirigent.ports.clock import Clock
from dirigent.records.dead_letters import DeadLetters, Kept
from dirigent.records.unreadable import Unreadable

Did = TypeVar("Did")

#: Letters that are read or written at a time.
AT_A_TIME = 8
UNTOLD = "It was not told again: the replay of many it belongs to has stopped before it."


class NotReplayable(Exception):
    """The letter is not to be told again as it stands."""

    def __init__(self, letter: DeadLetter) -> None:
        self.letter = letter
        super().__init__(f"The dead letter {letter.id!r} is {letter.state}.")


class SubscriptionGone(Exception):
    """Nobody would hear the letter's event: the bus would take it, and drop it."""

    def __init__(self, letter: DeadLetter, sentence: str) -> None:
        self.letter, self.sentence = letter, sentence
        super().__init__(sentence)


class Replays:
    """Tells dead letters again, to the subscription that each is of, on the topic that it has today."""

    def __init__(
        self, letters: DeadLetters, bus: Bus, clock: Clock, subscriptions: Mapping[str, Subscription]
    ) -> None:
        self._letters, self._bus, self._clock = letters, bus, clock
        self._subscriptions = subscriptions

    async def one(self, kept: Kept, *, again: bool = False, traceparent: str | None = None) -> DeadLetter:
        """Tell the letter again; it, as it stands then.

        `again` also if it was told again and has not come back. What the bus raises is raised, and stands in
        the letter as its error; `SubscriptionGone` where nobody would hear it.
        """
        try:
            begun = await self._begun(kept, batch=None, again=again)
        except NotReplayable as refusal:
            if _is_told_by_others(kept.letter, refusal.letter):
                return refusal.letter
            raise
        try:
            message = await self._message(begun.letter, traceparent)
            await self._bus.send(self._topic(begun.letter), [message])
        except (BusUnavailable, BusRefused, Unreadable) as error:
            await self._settled(begun, error=str(error))
            raise
        return await self._settled(begun, state=State.REPLAYED)

    async def many(self, found: Sequence[Kept], batch: str, traceparent: str | None = None) -> Told:
        """Tell these letters again, all of them or, where one cannot be told, as many as could."""
        # Those of this batch that are no longer being told were told before this was cut short.
        left = [each for each in found if each.letter.batch != batch or each.letter.state is State.REPLAYING]
        joined = await _each(left, lambda kept: self._joined(kept, batch))
        begun = [kept for kept in joined if isinstance(kept, Kept)]
        gone = next((each for each in joined if isinstance(each, SubscriptionGone)), None)
        done = len(found) - len(left) + joined.count(True)
        trouble = await self._told(begun, traceparent)
        if gone is not None and not trouble.because:
            trouble = replace(trouble, because=gone.sentence, letter=gone.letter.id)
        return replace(trouble, replayed=done + trouble.replayed)

    async def _joined(self, kept: Kept, batch: str) -> Kept | bool | SubscriptionGone:
        """The letter in the batch; of one that was dealt with meanwhile, whether this batch has told it."""
        try:
            return await self._begun(kept, batch=batch)
        except NotReplayable as refusal:
            return refusal.letter.batch == batch
        except SubscriptionGone as gone:
            return gone

    async def _begun(self, kept: Kept, *, batch: str | None, again: bool = False) -> Kept:
        """The letter, written down as being told again; one that is already keeps its number."""
        while True:
            letter = kept.letter
            if letter.state is State.DISCARDED or (letter.state is State.REPLAYED and not again):
                raise NotReplayable(letter)
            if letter.subscription not in self._subscriptions:
                raise await self._gone(kept)
            marked = replace(
                letter,
                state=State.REPLAYING,
                replays=letter.replays + (letter.state is not State.REPLAYING),
                batch=batch,
                error="",
                updated_at=self._clock.now(),
            )
            etag = await self._letters.change(kept, marked)
            if etag is not None:
                return Kept(letter=marked, etag=etag)
            # Whoever wrote it may have told it again: once more nobody wanted.
            again = False
            found = await self._letters.find(letter.account, letter.id)
            if found is None:
                raise NotReplayable(replace(letter, state=State.DISCARDED))
            kept = found
            if batch is not None and kept.letter.batch == batch and kept.letter.state is not State.REPLAYING:
                # By another delivery of the same go.
                raise NotReplayable(kept.letter)

    async def _gone(self, kept: Kept) -> SubscriptionGone:
        sentence = why_unheard(kept.letter.subscription, self._subscriptions)
        # One that was begun and cut short could not be discarded either, without an error.
        await self._settled(kept, error=sentence)
        return SubscriptionGone(kept.letter, sentence)

    def _topic(self, letter: DeadLetter) -> str:
        # Where its subscription listens today: told where it did, the message is nobody's.
        return self._subscriptions[letter.subscription].topic

    async def _told(self, begun: Sequence[Kept], traceparent: str | None) -> Told:
        """Send them, topic by topic, and write down which were; what went wrong is told of the first."""
        messages: dict[str, list[tuple[Kept, BusMessage]]] = {}
        trouble, sent = Told(), 0
        lost: list[tuple[Kept, str]] = []
        for each in begun:
            try:
                message = await self._message(each.letter, traceparent)
            except Unreadable as error:
                lost.append((each, str(error)))
                continue
            messages.setdefault(self._topic(each.letter), []).append((each, message))
        for topic, pairs in messages.items():
            if not trouble.because:
                told, trouble = await self._sent(topic, pairs)
                sent += told
            else:
                await self._noted([each for each, _ in pairs], UNTOLD)
        for each, why in lost:
            await self._noted([each], why)
            if not trouble.because:
                trouble = Told(because=why, letter=each.letter.id)
        return replace(trouble, replayed=sent)

    async def _sent(self, topic: str, pairs: list[tuple[Kept, BusMessage]]) -> tuple[int, Told]:
        """How many the bus has taken, and what went wrong."""
        letters = [each for each, _ in pairs]
        try:
            await self._bus.send(topic, [message for _, message in pairs])
        except BusUnavailable as error:
            # Some may have arrived: they are sent again by the same ids.
            await self._noted(letters, str(error))
            return 0, Told(because=str(error), letter=letters[0].letter.id, is_passing=True)
        except BusRefused as error:
            if len(pairs) > 1:
                return await self._one_by_one(topic, pairs)
            await self._noted(letters, error.sentence)
            return 0, Told(because=error.sentence, letter=letters[0].letter.id)
        await _each(letters, lambda kept: self._settled(kept, state=State.REPLAYED))
        return len(pairs), Told()

    async def _one_by_one(self, topic: str, pairs: list[tuple[Kept, BusMessage]]) -> tuple[int, Told]:
        """The same for messages of which the bus will not take one, to find out which."""
        for place, pair in enumerate(pairs):
            told, trouble = await self._sent(topic, [pair])
            if not told:
                await self._noted([each for each, _ in pairs[place + 1 :]], UNTOLD)
                return place, trouble
        return len(pairs), Told()

    async def _noted(self, letters: Sequence[Kept], error: str) -> None:
        await _each(letters, lambda kept: self._settled(kept, error=error))

    async def _settled(self, kept: Kept, *, state: State = State.REPLAYING, error: str = "") -> DeadLetter:
        """Write how telling it again ended, unless it has come back or somebody has said so already."""
        number = kept.letter.replays
        while kept.letter.state is State.REPLAYING and kept.letter.replays == number:
            ended = replace(kept.letter, state=state, error=error, updated_at=self._clock.now())
            if await self._letters.change(kept, ended) is not None:
                return ended
            found = await self._letters.find(ended.account, ended.id)
            if found is None:
                return ended
            kept = found
        return kept.letter

    async def _message(self, letter: DeadLetter, traceparent: str | None) -> BusMessage:
        text = await self._letters.text(letter)
        try:
            body = base64.b64decode(text, validate=True) if letter.is_base64 else text.encode()
        except binascii.Error as error:
            raise Unreadable(f"The message of the dead letter {letter.id!r}", "it was spoilt") from error
        own: dict[str, Property] = {ACCOUNT: letter.account}
        if letter.type:
            own[TYPE] = letter.type
        properties = own | letter.properties
        properties |= {REPLAY_FOR: letter.subscription, DEAD_LETTER: letter.id, REPLAY: letter.replays}
        if traceparent is not None:
            properties |= {TRACEPARENT: traceparent, DIAGNOSTIC_ID: traceparent}
        return BusMessage(
            id=replay_id(letter.event, letter.replays),
            body=body,
            subject=letter.type,
            correlation_id=letter.correlation_id,
            content_type=letter.content_type,
            properties=properties,
        )


def _is_told_by_others(seen: DeadLetter, found: DeadLetter) -> bool:
    """Whether somebody has told the very replay that was wanted when the letter was seen."""
    number = seen.replays + (seen.state is not State.REPLAYING)
    return (
        seen.state in (State.OPEN, State.REPLAYING)
        and found.state is State.REPLAYED
        and found.replays == number
    )


async def _each(letters: Sequence[Kept], do: Callable[[Kept], Awaitable[Did]]) -> list[Did]:
    """What it comes to for each, in their order."""
    free = asyncio.Semaphore(AT_A_TIME)

    async def done(kept: Kept) -> Did:
        async with free:
            return await do(kept)

    return list(await asyncio.gather(*map(done, letters)))
