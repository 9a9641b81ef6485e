"""Whoever sets up Service Bus learns what a catalogue wants there."""

import json
import shlex
import subprocess
from io import StringIO
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest

from dirigent.cli.catalogue_bus import RULE, Form, bus, quoted
from dirigent.declarations import read

ROOT = Path(__file__).resolve().parents[4]
SHIPPED = ROOT / "catalogue"
#: What a shell makes something of, or what a rule may hold.
HOSTILE = [
    "region = 'eu'",
    "replay_for IS NULL AND (type = 'it''s')",
    "price = '$HOME `id` $(id)'",
    "name = 'a\"b'",
    "name = 'a\\b!'",
    "[quoted name] IN ('a; b', 'c & d')",
    "a = 'one' AND\n  b = 'two'",
    "",
    "$Default",
    "*",
    "~",
    "plain",
]


def printed(form: Form, folder: Path = SHIPPED) -> str:
    """What is told of a catalogue without mistakes."""
    out, err = StringIO(), StringIO()
    assert (bus(folder, out, err, form=form), err.getvalue()) == (0, "")
    return out.getvalue()


def wanted(folder: Path = SHIPPED) -> Any:
    """The same for programs."""
    return json.loads(printed(Form(is_json=True), folder))


def commands(script: str) -> list[list[str]]:
    """The words behind each `az`."""
    found: list[list[str]] = []
    for word in shlex.split(script):
        if word == "az":
            found.append([])
        else:
            found[-1].append(word)
    return found


def options(words: list[str]) -> dict[str, str]:
    """Each option with its value."""
    first = next(number for number, word in enumerate(words) if word.startswith("--"))
    return dict(zip(words[first::2], words[first + 1 :: 2], strict=True))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A catalogue with a subscription of a rule that holds all a shell could make something of."""
    copytree(SHIPPED, tmp_path, dirs_exist_ok=True)
    (tmp_path / "subscriptions" / "more.yaml").write_text(
        "hostile:\n  topic: papers\n  workflow: content-creation\n"
        "  filter: |\n    name = 'it''s \"$HOME\" `id` \\ !'\n      AND [odd name] IN ('a;b', '&')\n",
        encoding="utf-8",
    )
    return tmp_path


def test_tells_every_subscription_with_its_rule_and_its_terms() -> None:
    found = {each["name"]: each for each in wanted()["subscriptions"]}
    declared = read(SHIPPED).subscriptions

    assert {name: each["rule"] for name, each in found.items()} == {
        name: one.rule for name, one in declared.items()
    }
    assert found["data-analyser"] == {
        "name": "data-analyser",
        "topic": "data",
        "rule_name": "$Default",
        "rule": declared["data-analyser"].rule,
        "max_delivery_count": 10,
        "lock_duration": "PT5M",
        "dead_lettering_on_message_expiration": True,
    }


def test_tells_topics_that_nobody_subscribes_to_as_well() -> None:
    topics = {each["name"]: each for each in wanted()["topics"]}

    assert tuple(topics) == read(SHIPPED).topics()
    assert topics["data"]["default_message_time_to_live"] == "P14D"


def test_the_page_has_a_line_for_each_with_its_whole_rule() -> None:
    page = printed(Form())
    found = wanted()

    for one in found["subscriptions"]:
        [line] = [line for line in page.splitlines() if line.startswith(f"{one['name']} ")]
        assert one["topic"] in line.split()
        assert line.endswith(one["rule"])
    assert "PT5M" in page


def test_a_catalogue_without_events_wants_nothing(tmp_path: Path) -> None:
    (tmp_path / "models.yaml").write_text("main: {deployment: gpt}\n", encoding="utf-8")
    (tmp_path / "agents").mkdir()
    (tmp_path / "agents" / "a.yaml").write_text("a: {description: d., model: main, instructions: i}\n")
    (tmp_path / "workflows").mkdir()
    (tmp_path / "workflows" / "w.yaml").write_text(
        "w:\n  description: d.\n  type: w\n  input: {text: {description: t}}\n"
        "  steps: [{name: s, agent: a, prompt: '{{text}}', output: o}]\n  result: {o: o}\n"
    )

    told = "No topics: the catalogue has neither subscriptions nor steps that tell events.\n"
    assert printed(Form(), tmp_path) == told
    assert printed(Form(namespace="house-bus", group="house"), tmp_path) == ""


def test_az_creates_each_topic_before_its_subscriptions_and_each_before_its_rule(folder: Path) -> None:
    made = []
    for command in commands(printed(Form(namespace="house-bus", group="the house"), folder)):
        given = options(command)
        assert (given["--namespace-name"], given["--resource-group"]) == ("house-bus", "the house")
        deed = " ".join(command[1 : command.index("--resource-group")])
        made.append((deed, given.get("--topic-name"), given.get("--subscription-name", given["--name"])))

    expected: list[tuple[str, str | None, str]] = []
    for topic in read(folder).topics():
        expected.append(("topic create", None, topic))
        for one in read(folder).subscriptions.values():
            if one.topic == topic:
                expected.append(("topic subscription create", topic, one.name))
                expected.append(("topic subscription rule create", topic, one.name))
    assert made == expected


def test_az_replaces_the_rule_that_lets_everything_through(folder: Path) -> None:
    rules = {
        given["--subscription-name"]: given
        for command in commands(printed(Form(namespace="house-bus", group="house"), folder))
        if "rule" in command
        for given in [options(command)]
    }

    assert {given["--name"] for given in rules.values()} == {RULE} == {"$Default"}
    assert {given["--filter-type"] for given in rules.values()} == {"SqlFilter"}
    assert {name: given["--filter-sql-expression"] for name, given in rules.items()} == {
        name: one.rule for name, one in read(folder).subscriptions.items()
    }


def test_a_shell_reads_what_was_meant(folder: Path) -> None:
    script = printed(Form(namespace="house-bus", group="house"), folder)
    shell = subprocess.run(
        ["sh", "-euc", f"az() {{ printf '%s\\0' \"$@\"; printf '\\0'; }}\n{script}"],
        capture_output=True,
        text=True,
        check=True,
    )
    calls = [call.split("\0") for call in shell.stdout.split("\0\0") if call]

    assert calls == commands(script)
    assert len(calls) == script.count("az servicebus ")


@pytest.mark.parametrize("text", HOSTILE)
def test_quotes_so_that_a_shell_gives_the_text_back(text: str) -> None:
    assert shlex.split(quoted(text)) == [text]
    shell = ["sh", "-c", f"printf %s {quoted(text)}"]
    assert subprocess.run(shell, capture_output=True, text=True, check=True).stdout == text


def test_quotes_readably_where_it_may() -> None:
    assert quoted("type = 'a'") == "\"type = 'a'\""
    assert quoted("$Default") == "'$Default'"


@pytest.mark.parametrize("form", [Form(), Form(is_json=True), Form(namespace="house-bus", group="house")])
def test_mistakes_are_told_aside_and_nothing_else(tmp_path: Path, form: Form) -> None:
    (tmp_path / "models.yaml").write_text("main: {deployment: 5}\n")
    out, err = StringIO(), StringIO()

    status = bus(tmp_path, out, err, form=form)

    assert (status, out.getvalue()) == (1, "")
    assert "models.yaml:1: models.main.deployment: Must be a text" in err.getvalue()
