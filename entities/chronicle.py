"""What of a gate's doings stands in the log: that it let nobody through any more, and that it does again."""

import logging
from datetime import UTC

from dirigent.domain.breakers import State
from dirigent.domain.deployment_gate import DeploymentGate
from dirigent.domain.passages import instant

log = logging.getLogger(__name__)


def tell(key: str, before: DeploymentGate, after: DeploymentGate) -> None:
    """Log how the circuit changed, and a pause that begins or grows."""
    was, now = before.circuit, after.circuit
    if now.round != was.round:
        level = logging.WARNING if now.state is State.OPEN else logging.INFO
        log.log(level, "The circuit of %s was %s and is %s.", key, was.state, now.state)
    if after.paused_until > before.paused_until:
        until = instant(after.paused_until).astimezone(UTC)
        log.warning("%s asked for a pause: nobody calls it before %s.", key, until.isoformat())
