"""One call in an instance of its own, which can be ended before its time."""

from dirigent import codec
from dirigent.domain.outcomes import Failed
from dirigent.domain.patterns import Abreast
from dirigent.domain.pendings import Call
from dirigent.domain.runs import AskAlone
from dirigent.ports.orchestration import Context, Steps
from orchestrators.asking import asking
from orchestrators.beginning import CopyRefused
from orchestrators.closing import RunFailed


def ask_alone(context: Context) -> Steps:
    """How the call ended; one that brought nothing raises."""
    order = codec.decode(AskAlone, context.get_input())
    if context.instance_id != order.instance:
        raise CopyRefused(order.instance)
    [step] = order.start.plan
    call = Call(step=step, until=order.deadline, whose=order.whose, turnout=order.turnout, poll=order.poll)
    pattern = yield from asking(context, order.start, Abreast(ready=(call,)), order.deadline)
    [outcome] = pattern.outcomes
    if isinstance(outcome, Failed):
        raise RunFailed(step.name, outcome)
    return {"outcome": codec.encode(outcome)}
