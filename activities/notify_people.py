"""Tell people something, over one of the channels by which they are reached."""

import asyncio
from typing import Any

from activities.scene import Scene, Undone
from activities.stage import Activity, Product, Stage
from dirigent import codec
from dirigent.domain.outcomes import Category
from dirigent.domain.runs import Perform
from dirigent.domain.steps import NotifyStep
from dirigent.ports import Parts
from dirigent.ports.channels import Channels, ChannelsUnavailable, Notice, Receipt


def notify_people(stage: Stage, parts: Parts) -> Activity:
    """The activity, telling over these channels."""

    async def notify(scene: Scene) -> Product:
        notice = await _notice(scene)
        receipt = await _delivered(parts.channels, notice, scene.seconds_left(parts.clock.now()))
        told = {
            "channel": receipt.channel,
            "to": receipt.to,
            "address": receipt.address,
            "simulated": receipt.is_simulated,
        }
        return Product(text=codec.to_json(told).decode(), is_json=True, is_simulated=receipt.is_simulated)

    async def notify_people(order: Any) -> Any:
        return codec.encode(await stage.perform(codec.decode(Perform, order), notify))

    return notify_people


async def _notice(scene: Scene) -> Notice:
    step, order = scene.step, scene.order
    if not isinstance(step, NotifyStep):
        raise TypeError(f"The step {order.step!r} tells nobody.")
    notice = Notice(
        # The same however often the step is performed: nobody is told twice who can tell that.
        id=f"{order.run}.{order.step}",
        run=order.run,
        channel=step.channel,
        to=_line(await scene.plain(step.to)),
        subject=_line(await scene.plain(step.subject)),
        text=(await scene.plain(step.text)).strip(),
    )
    if not notice.to:
        raise Undone(Category.PERMANENT, f"{_not_told(notice)}: whom to tell is left empty", reason="empty")
    if not notice.text:
        raise Undone(Category.PERMANENT, f"{_not_told(notice)}: there is nothing to say", reason="empty")
    return notice


def _line(text: str) -> str:
    # Whoever writes into an address or a subject must not begin a line of their own there.
    return " ".join(text.split())


async def _delivered(channels: Channels, notice: Notice, seconds: float) -> Receipt:
    try:
        # In the channel's time, which is real whatever the clock says.
        async with asyncio.timeout(seconds):
            return await channels.deliver(notice)
    except TimeoutError as error:
        late = f"{_not_told(notice)}: no answer within {seconds:.3g} s"
        raise Undone(Category.TIMEOUT, late) from error
    except ChannelsUnavailable as error:
        silent = f"{_not_told(notice)}: the channel did not answer; the app's log says more"
        raise Undone(Category.TRANSIENT, silent, because=str(error)) from error


def _not_told(notice: Notice) -> str:
    who = f"{notice.to!r} was not" if notice.to else "nobody was"
    return f"{who} told by {notice.channel}"
