"""Says what the bus must have for a catalogue: its topics, and subscriptions with their rules."""

import json
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from dirigent.cli import catalogue_check
from dirigent.cli.plain_text import escaped, plain
from dirigent.cli.tables import table
from dirigent.declarations import CatalogueRefused, read
from dirigent.domain.catalogue import Catalogue
from dirigent.domain.subscriptions import Subscription

#: What Service Bus calls the rule that each new subscription has, and that lets everything through.
RULE = "$Default"
#: A delivery counts when its host dies before it says a word, too: of three, an accident may take all.
DELIVERIES = 10
#: The longest there is; the host renews it.
LOCK = "PT5M"
TIME_TO_LIVE = "P14D"

#: Within double quotes a shell makes something of these; `!` on a terminal.
_SPECIAL = frozenset('"$`\\!')
_AFTER = f"""
Each subscription has one rule, called {RULE}: that of a new one lets everything through, and of several
rules one is enough for a message. `deliveries` may be 5 to 10: those that a dying host was given count, too.
`lock` and `time to live` are spans as in ISO 8601; what is not taken in time becomes a dead letter.
`--az NAMESPACE --group GROUP` prints what creates all this on Azure, and `--json` the same for programs.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """How it is printed: for people unless this says otherwise."""

    is_json: bool = False
    #: Of Service Bus, for `az`; with its resource group.
    namespace: str | None = None
    group: str = ""


def bus(folder: Path, out: TextIO, err: TextIO, *, form: Form) -> int:
    """Print what is wanted; 1 where the catalogue has mistakes, told aside: a shell may be reading."""
    try:
        catalogue = read(folder)
    except CatalogueRefused:
        return catalogue_check.check(folder, err)
    if form.namespace is not None:
        # Not rid of anything: a rule is to arrive as it was declared.
        out.write("".join(f"{line}\n" for line in _commands(catalogue, form.namespace, form.group)))
    elif form.is_json:
        out.write(escaped(json.dumps(_wanted(catalogue), indent=2, ensure_ascii=False)) + "\n")
    else:
        out.write(plain(_page(catalogue)))
    return 0


def quoted(text: str) -> str:
    """The text as one word for a shell; readable where it holds single quotes, as rules do."""
    if "'" in text and not _SPECIAL.intersection(text):
        return f'"{text}"'
    return shlex.quote(text)


def _wanted(catalogue: Catalogue) -> dict[str, list[dict[str, object]]]:
    return {
        "topics": [
            {"name": topic, "default_message_time_to_live": TIME_TO_LIVE} for topic in catalogue.topics()
        ],
        "subscriptions": [
            {
                "name": one.name,
                "topic": one.topic,
                "rule_name": RULE,
                "rule": one.rule,
                "max_delivery_count": DELIVERIES,
                "lock_duration": LOCK,
                "dead_lettering_on_message_expiration": True,
            }
            for topic in catalogue.topics()
            for one in _heard(catalogue, topic)
        ],
    }


def _heard(catalogue: Catalogue, topic: str) -> list[Subscription]:
    return [one for one in catalogue.subscriptions.values() if one.topic == topic]


def _page(catalogue: Catalogue) -> str:
    topics = catalogue.topics()
    if not topics:
        return "No topics: the catalogue has neither subscriptions nor steps that tell events.\n"
    heard = [one for topic in topics for one in _heard(catalogue, topic)]
    lines = table(
        [
            ("topic", "time to live", "subscriptions"),
            *((topic, TIME_TO_LIVE, str(len(_heard(catalogue, topic)))) for topic in topics),
        ],
        right=(2,),
    )
    if heard:
        head = ("subscription", "topic", "deliveries", "lock", "when expired", f"rule {RULE}")
        rows = [
            (one.name, one.topic, str(DELIVERIES), LOCK, "dead letter", one.rule.replace("\n", " "))
            for one in heard
        ]
        lines += ["", *table([head, *rows], right=(2,))]
    return "\n".join([*lines, _AFTER])


def _commands(catalogue: Catalogue, namespace: str, group: str) -> Iterator[str]:
    """For each topic: it, and each of its subscriptions, whose own rule takes the place of the first."""
    where = {"--resource-group": group, "--namespace-name": namespace}
    for topic in catalogue.topics():
        told = {"--name": topic, "--default-message-time-to-live": TIME_TO_LIVE}
        yield _command("topic create", where | told)
        for one in _heard(catalogue, topic):
            terms = {
                "--topic-name": topic,
                "--name": one.name,
                "--max-delivery-count": str(DELIVERIES),
                "--lock-duration": LOCK,
                "--enable-dead-lettering-on-message-expiration": "true",
            }
            yield _command("topic subscription create", where | terms)
            rule = {
                "--topic-name": topic,
                "--subscription-name": one.name,
                "--name": RULE,
                "--filter-type": "SqlFilter",
                "--filter-sql-expression": one.rule,
            }
            # On Azure a rule that is created under the name of another takes its place.
            yield _command("topic subscription rule create", where | rule)


def _command(deed: str, options: dict[str, str]) -> str:
    words = " ".join(f"{name} {quoted(value)}" for name, value in (options | {"--output": "none"}).items())
    return f"az servicebus {deed} {words}"
