"""A replay of many dead letters: go after go, no faster than it was asked for."""

from datetime import timedelta

from dirigent import codec
from dirigent.domain.redrives import Course, Redrive, RedriveGo, Told
from dirigent.ports.orchestration import Context, Steps
from orchestrators.beginning import CopyRefused
from orchestrators.hearing import now, settled

#: Goes of one generation: its history is not to grow with the number of letters.
GOES = 30
#: Seconds before each further attempt at a go that did not work out and may work later.
PAUSES = (5, 20)


def redriving(context: Context) -> Steps:
    """Tell all letters that fit again; how far it came."""
    redrive = codec.decode(Redrive, context.get_input())
    if context.instance_id != redrive.id:
        raise CopyRefused(redrive.id)
    for _ in range(GOES):
        context.set_custom_status(codec.encode(redrive.progress))
        began, before = now(context), redrive.progress.replayed
        redrive = redrive.heard((yield from _told(context, redrive)))
        if redrive.progress.course is not Course.RUNNING:
            context.set_custom_status(codec.encode(redrive.progress))
            return codec.encode(redrive.progress)
        due = redrive.due(began, redrive.progress.replayed - before)
        if due > now(context):
            yield context.create_timer(due)
    context.continue_as_new(codec.encode(redrive))
    return None


def _told(context: Context, redrive: Redrive) -> Steps:
    order = codec.encode(
        RedriveGo(
            id=redrive.id,
            account=redrive.account,
            choice=redrive.choice,
            behind=redrive.behind,
            size=redrive.size,
            most_returns=redrive.most_returns,
            traceparent=redrive.traceparent,
        )
    )
    told = Told()
    for pause in (*PAUSES, None):
        result, died = yield from settled(context.call_activity("redrive", order))
        told = _died() if died is not None else codec.decode(Told, result)
        if pause is None or not told.is_passing:
            break
        yield context.create_timer(now(context) + timedelta(seconds=pause))
    return told


def _died() -> Told:
    # The error's own text holds the stack, paths and perhaps secrets: it is for the host's log alone.
    return Told(because="The activity 'redrive' died; the app's log says of what.", is_passing=True)
