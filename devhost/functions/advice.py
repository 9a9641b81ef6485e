"""What to do about the words Python and the SDK find for common mistakes in durable functions."""

import re

_WRITE_DEF = "the orchestrator is async: write def, and yield where you would await."
_YIELD = "a task is not its result: write `result = yield context.call_activity(…)`, or yield the task first."
_YIELD_TASKS = (
    "an orchestrator may yield tasks only, those that context's methods return: for several at once write "
    "`yield context.task_all([…])`, and for a value `return`."
)
_AWARE = (
    "the orchestrator's clock is aware and in UTC: write `context.current_utc_datetime + timedelta(…)`, "
    "never datetime.now() or a datetime without tzinfo."
)
_SERIALIZE = (
    "only what JSON can hold passes between functions: give dicts, lists, texts, numbers, or an object whose "
    "class has to_json(obj) and from_json(text) as static methods."
)
_NO_INPUT = (
    "get_input() found nothing it can read. The SDK's client drops the inputs 0, False, '' and [] of "
    'signal_entity, and sends none: send an object such as {"value": 0}.'
)
_PLAIN_INPUT = (
    "get_input() reads JSON text within JSON, as the SDK's client sends it, and something else has sent "
    'the JSON as it is: post the text once more quoted, such as "{\\"value\\": 1}". Azure does the same.'
)
_SHORT_STATUS = "keep the custom status short, and what is long in a store of your own."
_WRITE_ASYNC = (
    "a function with a durable client must be async: write async def, and await the client's methods."
)
_UNSERIALIZABLE = (
    "is not JSON serializable|must be json serializable|does not expose a `to_json`|"
    "Circular reference detected|keys must be str"
)

#: A pattern in the text of a failure, and what its author should do; the first that fits is given.
_ADVICE = (
    (re.compile("Object of type (coroutine|async_generator) is not JSON"), _WRITE_DEF),
    (re.compile(r"\b(Atomic|RetryAble|Timer|LongTimer|WhenAll|WhenAny)Task\b"), _YIELD),
    (re.compile("object has no attribute '_is_scheduled'"), _YIELD_TASKS),
    (re.compile("can't (compare|subtract) offset-naive and offset-aware datetimes"), _AWARE),
    (re.compile(_UNSERIALIZABLE), _SERIALIZE),
    (re.compile("the JSON object must be str, bytes or bytearray, not NoneType"), _NO_INPUT),
    (re.compile("the JSON object must be str, bytes or bytearray, not"), _PLAIN_INPUT),
    (re.compile("UTF-16 size of the JSON-serialized payload must not exceed"), _SHORT_STATUS),
    (re.compile("can't be used in 'await' expression"), _WRITE_ASYNC),
)


def advice_on(text: str) -> str:
    """What to do about a failure, as ` Hint: …`; nothing when no common mistake is behind it."""
    found = next((remedy for pattern, remedy in _ADVICE if pattern.search(text)), None)
    return "" if found is None else f" Hint: {found}"
