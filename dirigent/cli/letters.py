"""What is told of dead letters and of their replays."""

import json
from typing import Any

from dirigent.cli.tables import beside, table
from dirigent.cli.times import to_the_second, whole


def letters_page(page: dict[str, Any]) -> str:
    """A table of dead letters."""
    rows = [("id", "told", "died", "subscription", "type", "state", "replays", "reason", "category")]
    rows += [
        (
            each["id"],
            to_the_second(each["enqueued_at"]),
            to_the_second(each["died_at"]),
            each["subscription"],
            each["type"] or "-",
            each["state"],
            str(each["replays"]),
            each["reason"],
            each["category"],
        )
        for each in page["dead_letters"]
    ]
    if len(rows) == 1:
        return "No dead letters."
    lines = table(rows, right=(6,))
    if page.get("continuation_token"):
        lines += ["", f"There are more: --continuation {page['continuation_token']}"]
    return "\n".join(lines)


def groups_page(page: dict[str, Any]) -> str:
    """A table of causes, beneath each what went wrong."""
    if not page["groups"]:
        return "No dead letters."
    rows = [("count", "cause", "subscription", "reason", "category", "first", "last", "example")]
    rows += [
        (
            str(each["count"]),
            each["cause"],
            each["subscription"],
            each["reason"],
            each["category"],
            to_the_second(each["first_died_at"]),
            to_the_second(each["last_died_at"]),
            each["example"],
        )
        for each in page["groups"]
    ]
    head, *found = table(rows, right=(0,))
    lines = [head]
    for row, each in zip(found, page["groups"], strict=True):
        lines += [row, f"{'':7}{_in_a_line(each['description'])}"]
    if not page.get("all_counted", True):
        counted = f"the newest {page['counted']}" if "counted" in page else "the newest"
        lines += ["", f"There are more than were counted: these are {counted}."]
    return "\n".join(lines)


def underway_line(counted: dict[str, Any]) -> str:
    """How many are missing in a list because they are being told again; empty where none are."""
    number = counted.get("counted", 0)
    if not number:
        return ""
    more = "more" if counted.get("all_counted", True) else "or more besides"
    return f"{number} {more} {'is' if number == 1 else 'are'} being told again; see --state replaying"


def letter_page(letter: dict[str, Any]) -> str:
    """A dead letter with its message."""
    head = [
        ("dead letter", letter["id"]),
        ("state", letter["state"]),
        ("subscription", f"{letter['subscription']} of {letter['topic']}"),
        ("event", f"{letter['type'] or '-'} {letter['event']}"),
        ("correlation", letter["correlation_id"] or "-"),
        ("told", to_the_second(letter["enqueued_at"])),
        ("died", f"{to_the_second(letter['died_at'])}, {_where(letter)}"),
        ("reason", f"{letter['reason']} ({letter['category']})"),
        ("description", letter["description"] or "-"),
        ("cause", letter["cause"]),
        ("replays", str(letter["replays"])),
    ]
    for name, member in (("task", "task_id"), ("replay", "replay_id"), ("error", "error")):
        if letter.get(member):
            head.append((name, letter[member]))
    parts = ["\n".join(beside(head))]
    if letter.get("properties"):
        lines = beside((f"  {name}", _value(value)) for name, value in letter["properties"].items())
        parts.append("\n".join(["Properties", *lines]))
    parts.append(f"Message\n{_message(letter)}")
    return "\n\n".join(parts)


def dry_run_page(told: dict[str, Any]) -> str:
    """What a replay of many would tell."""
    more = "" if told["all_counted"] else " or more"
    number = told["matching"]
    head = f"{number}{more} dead {_letters(number)} would be told again in {whole(told['seconds'])}."
    if unheard := told.get("unheard"):
        # A replay would tell some of the others, and stop at the first of these.
        which = f"{unheard} of these cannot be, and the replay would stop there:"
        head = "\n".join([head, which, *(f"  {each['because']}" for each in told["unheard_because"])])
    return f"{head}\n\n{groups_page(told)}" if told["groups"] else head


def progress_line(replay: dict[str, Any]) -> str:
    """How far a replay of many is, in a line."""
    whole_number = "" if replay["matching"] is None else f"/{replay['matching']}"
    parts = [f"{replay['replayed']}{whole_number} told again"]
    if replay["returned"]:
        parts.append(f"{replay['returned']} came back dead")
    if replay.get("seconds_left") is not None:
        parts.append(f"{whole(replay['seconds_left'])} left")
    return ", ".join(parts)


def replay_end(replay: dict[str, Any]) -> str:
    """How a replay of many ended."""
    back = f"; {replay['returned']} came back dead" if replay["returned"] else ""
    told = f"{replay['replayed']} dead {_letters(replay['replayed'])} told again{back}"
    lines = [f"The replay {replay['replay_id']} is {replay['status']}: {told}."]
    if replay.get("stopped_because"):
        at = f" at {replay['stopped_at']}" if replay.get("stopped_at") else ""
        lines.append(f"Stopped{at}: {replay['stopped_because']}")
    return "\n".join(lines)


def _letters(number: int) -> str:
    return "letter" if number == 1 else "letters"


def _where(letter: dict[str, Any]) -> str:
    if letter["source"] == "bus":
        return f"on the bus after {letter['delivery_count']} deliveries"
    return f"in step {letter['step']!r} of its run" if letter.get("step") else "with its run"


def _message(letter: dict[str, Any]) -> str:
    if letter.get("message_lost"):
        return f"  {letter['message_lost']}"
    if letter["encoding"] == "json":
        return json.dumps(letter["message"], indent=2, ensure_ascii=False)
    return f"{letter['message']}"


def _value(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _in_a_line(text: str) -> str:
    """The whole of it: what went wrong may stand at its end."""
    return " ".join(text.split()) or "-"
