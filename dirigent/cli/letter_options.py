"""What the command line asks for of events and dead letters."""

import argparse
from collections.abc import Callable

from dirigent.cli.json_arguments import field, json_object

FILTERS = ("subscription", "topic", "type", "category", "reason", "cause", "state", "from", "to")

Add = Callable[..., argparse.Action]


def add_events(parser: argparse.ArgumentParser, app: argparse.ArgumentParser) -> None:
    """The deeds of `events`."""
    deeds = parser.add_subparsers(dest="deed", metavar="DEED", required=True)
    told = "Tell an event; prints its id."
    send = deeds.add_parser("send", help=told, description=told, parents=[app], allow_abbrev=False)
    add = send.add_argument
    add("topic", metavar="TOPIC", help="where it is told")
    add("type", metavar="TYPE", help="what has happened, such as DataReceived")
    add(
        "data",
        nargs="?",
        type=json_object,
        default={},
        metavar="JSON",
        help="its data, as a JSON object; @FILE reads a file",
    )
    add("--id", help="its id: the same id is the same event, however often it is sent")
    add("--correlation", dest="correlation_id", metavar="ID", help="what it belongs to")
    add("--time-to-live", type=float, metavar="SECONDS", help="nobody needs to hear of it later")
    add(
        "--property",
        dest="properties",
        action="append",
        default=[],
        type=field,
        metavar="NAME=VALUE",
        help="what filters see besides: NAME=text or NAME:=JSON; as often as needed",
    )


def add_dead_letters(parser: argparse.ArgumentParser, app: argparse.ArgumentParser) -> None:
    """The deeds of `dead-letters`."""
    deeds = parser.add_subparsers(dest="deed", metavar="DEED", required=True)

    def add(name: str, told: str) -> Add:
        made = deeds.add_parser(name, help=told, description=told, parents=[app], allow_abbrev=False)
        return made.add_argument

    listed = add("list", "List dead letters, newest first.")
    _add_filters(listed, states="open (the usual ones), replaying, replayed, discarded, or all")
    listed("--limit", type=int, metavar="N", help="at most so many at a time")
    listed("--continuation", metavar="TOKEN", help="go on where the last list ended")
    groups = add("groups", "Count dead letters by what they died of.")
    _add_filters(groups, states="open (the usual ones), replaying, replayed, discarded, or all")
    for name, told in (
        ("show", "Show a dead letter with its message."),
        ("discard", "Give a dead letter up."),
        ("replay", "Have a dead letter told again, to its own subscription."),
    ):
        one = add(name, told)
        one("letter", metavar="ID", help="its id, as `list` printed it")
        if name == "replay":
            one("--again", action="store_true", help="even if it was told again and has not come back")
    _add_many(add("replay-all", "Have all dead letters that fit told again, and follow that to its end."))
    for name, told in (
        ("watch", "Follow a replay of many to its end."),
        ("stop", "Have a replay of many tell no more."),
    ):
        add(name, told)("replay", metavar="REPLAY", help="its id, as `replay-all` printed it")


def _add_many(add: Add) -> None:
    _add_filters(add, states="open or replaying; both without it")
    add("--rate", type=float, metavar="N", help="so many messages a second (DIRIGENT_REPLAY_RATE of the app)")
    add("--limit", type=int, metavar="N", help="no more than these in all")
    add("--stop-after", type=int, metavar="N", help="stop when so many have come back dead; 0 is never")
    add("--dry-run", action="store_true", help="count them, and tell none")


def _add_filters(add: Add, *, states: str) -> None:
    add("--subscription", metavar="NAME", help="of this subscription only")
    add("--topic", metavar="NAME", help="told on this topic only")
    add("--type", metavar="TYPE", help="events of this type only")
    add("--category", help="PERMANENT, TRANSIENT, TIMEOUT, RATE_LIMIT or AUTHENTICATION")
    add("--reason", help="such as MaxDeliveryCountExceeded")
    add("--cause", help="as `groups` printed it")
    add("--state", help=states)
    add("--from", metavar="TIME", help="told at this time or later")
    add("--to", metavar="TIME", help="told at this time or earlier")
