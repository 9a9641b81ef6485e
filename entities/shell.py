"""What every entity does around its machine: read what it remembers, move, remember."""

from collections.abc import Callable, Mapping
from typing import Any

from dirigent import codec
from dirigent.domain.messages import Message
from dirigent.domain.passages import micros
from dirigent.ports.clock import Clock

Entity = Callable[[Any], None]
#: Reads the input; one that was left out cannot be read.
Read = Callable[[], Any]
#: Takes what is remembered, the input and the time; gives what is to be remembered, and an answer.
Operation = Callable[[Any, Read, int], tuple[Message, Message | None]]


def move(
    context: Any,
    machine: type[Message],
    operations: Mapping[str, Operation],
    clock: Clock,
    tell: Callable[[str, Any, Any], None] | None = None,
) -> None:
    """Perform the operation; one that fails changes nothing, and its caller hears of it."""
    operation = operations.get(context.operation_name)
    if operation is None:
        raise ValueError(f"There is no operation {context.operation_name!r}: {', '.join(operations)}.")
    remembered = codec.decode(machine, context.get_state(dict) or {})
    after, answer = operation(remembered, context.get_input, micros(clock.now()))
    context.set_state(codec.encode(after))
    # Said even if it is nothing: else the former operation's answer would be given once more.
    context.set_result(None if answer is None else codec.encode(answer))
    if tell is not None:
        tell(context.entity_key, remembered, after)
