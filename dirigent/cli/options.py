"""What the command line asks for."""

import argparse
import difflib
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import urlsplit

from dirigent.cli.json_arguments import field, json_object
from dirigent.cli.letter_options import add_dead_letters, add_events

DEFAULT_URL = "http://localhost:7071"

#: The app's own, beside function_app.py, wherever the shell stands.
HOME = Path(__file__).resolve().parents[2]
#: Commands and deeds, of which argparse says that one cannot be chosen.
_CHOICE = re.compile(r"invalid choice: '(.*?)' \(choose from (.*)\)", re.DOTALL)
#: What stands for a command in usages.
_DEEDS = ("COMMAND", "DEED")
#: What a header can carry as one word.
_SECRET = re.compile(r"[!-~]*")

Add = Callable[..., argparse.Action]


def parse(arguments: Sequence[str], environment: Mapping[str, str]) -> argparse.Namespace:
    """The command and its options; a wrong one ends the program with a message and status 2."""
    parser = _parser()
    given, rest = parser.parse_known_args(arguments)
    _complete(given, environment, parser)
    if why := _disagreement(given):
        parser.error(why)
    # argparse takes fields in one row only; written after an option they are left over.
    if unknown := [text for text in rest if given.command != "start" or text.startswith("-")]:
        # What follows a misspelt option may be a secret.
        options = [text.partition("=")[0] for text in unknown if text.startswith("-")]
        parser.error(f"unknown: {' '.join(options or unknown)}")
    if given.command == "start":
        try:
            given.fields = [*given.fields, *map(field, rest)]
        except argparse.ArgumentTypeError as error:
            parser.error(str(error))
    return given


def _disagreement(given: argparse.Namespace) -> str:
    """What of the options does not go together; empty where all do."""
    if given.command == "circuits" and given.reset and given.name is None:
        return "--reset needs the NAME of a circuit"
    if given.command == "catalogue" and given.deed == "bus":
        if (given.az is None) != (given.group is None):
            return "--az NAMESPACE and --group GROUP go together: name both"
        if given.az is not None and given.json:
            return "--json and --az are two forms of the same: choose one"
    return ""


class _Parser(argparse.ArgumentParser):
    """Says which commands there are where one is missing, and of a misspelt one which was probably meant."""

    def error(self, message: str) -> NoReturn:
        """End the program with the message and status 2."""
        deeds = [
            deed for action in self._actions if action.metavar in _DEEDS for deed in action.choices or ()
        ]
        if message.endswith(tuple(f" required: {deed}" for deed in _DEEDS)):
            message += f" (choose from {', '.join(deeds)})"
        found = _CHOICE.search(message)
        if found is not None:
            near = difflib.get_close_matches(found[1], re.findall(r"[\w-]+", found[2]), n=1)
            message += f"; did you mean {near[0]!r}?" if near else ""
        super().error(message)


def _complete(given: argparse.Namespace, environment: Mapping[str, str], parser: _Parser) -> None:
    """Fill in what the environment decides where the command line does not."""
    if given.command == "catalogue":
        named = environment.get("DIRIGENT_CATALOGUE", "").strip() or "catalogue"
        given.folder = given.folder or HOME / Path(named).expanduser()
        return
    if given.url is None:
        try:
            given.url = _url(environment.get("DIRIGENT_URL", "").strip() or DEFAULT_URL)
        except argparse.ArgumentTypeError as error:
            parser.error(f"DIRIGENT_URL: {error}")
    for secret, option in (("function_key", "--function-key"), ("token", "--token")):
        variable = f"DIRIGENT_{secret.upper()}"
        told, source = getattr(given, secret), option
        if told is None:
            told, source = environment.get(variable, "").strip(), variable
        if not _SECRET.fullmatch(told):
            # Never shown, not even where it is wrong.
            parser.error(f"{source}: give it alone, without blanks and in ASCII")
        setattr(given, secret, told)


def _parser() -> _Parser:
    parser = _Parser(
        prog="python -m dirigent.cli",
        description="Start, watch and look at tasks of a running Dirigent.",
        epilog="Exit status: 0 completed, 1 failed, 2 refused, 3 the app cannot be reached.",
        allow_abbrev=False,
    )
    _add_app(parser.add_argument, default=None)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    app = _Parser(add_help=False)
    # Suppressed, for the default of a command would undo what was said before it.
    _add_app(app.add_argument, default=argparse.SUPPRESS)

    def add(name: str, told: str) -> argparse.ArgumentParser:
        return commands.add_parser(name, help=told, description=told, parents=[app], allow_abbrev=False)

    _add_start(add("start", "Start a workflow.").add_argument)
    watch = add("watch", "Follow a task to its end, then print its result.").add_argument
    watch("task", metavar="TASK", help="its id, as `start` printed it")
    cancel = add("cancel", "Tell a task to end.").add_argument
    cancel("task", metavar="TASK", help="its id, as `start` printed it")
    cancel("--reason", metavar="TEXT", help="why, for whoever looks at the task")
    for name, told in (
        ("show", "Show a task as it stands."),
        ("trace", "Show what each step of a task took."),
    ):
        shown = add(name, told).add_argument
        shown("task", metavar="TASK", help="its id, as `start` printed it")
        if name == "trace":
            shown("--replies", action="store_true", help="with how each model stopped, and its request's id")
    _add_tasks(add("tasks", "List tasks, newest first.").add_argument)
    _add_directory(add)
    _add_guards(add)
    add_events(add("events", "Tell events."), app)
    add_dead_letters(add("dead-letters", "Look at events that came to nothing, and tell them again."), app)
    _add_catalogue(
        commands.add_parser("catalogue", help="Work on the catalogue's files.", allow_abbrev=False)
    )
    return parser


def _add_app(add: Add, default: Any) -> None:
    add("--url", type=_url, default=default, help=f"where the app answers (DIRIGENT_URL, else {DEFAULT_URL})")
    add(
        "--function-key",
        metavar="KEY",
        default=default,
        help="the app's function key (DIRIGENT_FUNCTION_KEY)",
    )
    add(
        "--token",
        metavar="TOKEN",
        default=default,
        help="a token of whoever signs in, for an app behind a sign-in (DIRIGENT_TOKEN)",
    )
    add("--json", action="store_true", default=default or False, help="print what the app answered, as JSON")


def _add_start(add: Add) -> None:
    add("workflow", metavar="WORKFLOW", help="its name in the catalogue")
    add(
        "fields",
        nargs="*",
        type=field,
        # Without a default argparse calls a field missing where none is needed.
        default=(),
        metavar="FIELD",
        help="a field of the input: name=text, or name:=JSON for what is no text",
    )
    add(
        "--input",
        type=json_object,
        metavar="JSON",
        help="the whole input, as a JSON object; @FILE reads a file",
    )
    add(
        "--sample",
        action="store_true",
        help="start with the workflow's sample, but for the fields given here",
    )
    add("--key", help="an Idempotency-Key: the same key starts the workflow once, however often it is sent")
    add("--watch", action="store_true", help="follow the task to its end, then print its result")


def _add_tasks(add: Add) -> None:
    add("--status", help="of this status only: pending, in_progress, completed, failed, cancelled")
    add("--workflow", help="of this workflow only")
    add("--correlation", metavar="ID", help="that came of this event, or of this task")
    add("--from", dest="earliest", metavar="TIME", help="accepted at this time or later")
    add("--to", dest="latest", metavar="TIME", help="accepted at this time or earlier")
    add("--children", action="store_true", help="with the runs that are steps of others")
    add("--limit", type=int, metavar="N", help="at most so many at a time")
    add("--continuation", metavar="TOKEN", help="go on where the last list ended")


def _add_directory(add: Callable[[str, str], argparse.ArgumentParser]) -> None:
    workflows = add("workflows", "List what can be started, with its fields, or show one.").add_argument
    workflows("name", nargs="?", metavar="NAME", help="this one, with its steps and its sample")
    add("agents", "List the agents.")


def _add_guards(add: Callable[[str, str], argparse.ArgumentParser]) -> None:
    circuits = add("circuits", "List the circuits, or show one.").add_argument
    circuits("name", nargs="?", metavar="NAME", help="the deployment it stands for, or a model on it")
    circuits("--reset", action="store_true", help="close it: whatever it stands for is well again")
    limits = add("limits", "Show what is left of somebody's limits.").add_argument
    limits("level", metavar="LEVEL", help="account, user or agent")
    limits("key", metavar="KEY", help="its name")


def _add_catalogue(parser: argparse.ArgumentParser) -> None:
    deeds = parser.add_subparsers(dest="deed", metavar="DEED", required=True)
    told = "Read the catalogue as the app does at its start, and print every mistake."
    check = deeds.add_parser("check", help=told, description=told, allow_abbrev=False)
    place = "its folder (DIRIGENT_CATALOGUE, else the app's own)"
    check.add_argument("folder", nargs="?", type=Path, help=place)
    told = "Draw workflows, as Mermaid."
    draw = deeds.add_parser("draw", help=told, description=told, allow_abbrev=False)
    draw.add_argument("workflows", nargs="*", metavar="WORKFLOW", help="its name; all without any")
    draw.add_argument("--folder", type=Path, help=place)
    told = "Say which topics, subscriptions and rules the bus must have."
    bus = deeds.add_parser("bus", help=told, description=told, allow_abbrev=False)
    bus.add_argument("folder", nargs="?", type=Path, help=place)
    bus.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="the same for programs")
    bus.add_argument("--az", metavar="NAMESPACE", help="as lines of `az` that create it there; with --group")
    bus.add_argument("--group", help="the namespace's resource group")


def _url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise argparse.ArgumentTypeError(f"{text!r} is no address: give one such as {DEFAULT_URL}")
    # The address that a deployment prints ends in /api, which every path here begins with.
    return text.rstrip("/").removesuffix("/api")
