"""A subscription asks for events that somebody may tell."""

from collections.abc import Callable

import pytest

from dirigent.declarations import Finding

Find = Callable[..., list[Finding]]
Told = Callable[..., list[Finding]]

WATCH = """\
watch:
  description: Tells of storms.
  type: watch
  input: {gust: {}}
  steps:
    - name: ask
      agent: baker
      prompt: How is {{gust}}?
      output: seen
      answers: {kind: {one_of: [storm, calm]}, wind: {type: integer}}
    - name: choose
      choose: seen.kind
      branches:
        storm: {event: StormSeen, topic: weather, properties: {Wind: "{{seen.wind}}"}}
        calm: {event: CalmSeen, topic: lulls, properties: {event_type: calm}}
      output: told
  result: {told: told}
"""


@pytest.fixture
def told(findings: Find) -> Told:
    """What is found where somebody listens so, to a topic that steps tell on."""

    def find(asked: str, *, topic: str = "weather", watch: str = WATCH) -> list[Finding]:
        news = f"news:\n  topic: {topic}\n  workflow: bread\n  {asked}\n"
        return findings(**{"workflows/watch": watch, "subscriptions/news": news})

    return find


@pytest.mark.parametrize(
    "asked",
    [
        "event: StormSeen",
        "event: StormPassed",
        "filter: wind > 25",
        "filter: {type: StormSeen, wind: 25}",
        "filter: type IN ('StormSeen', 'StormPassed') OR sys.Label = 'StormSeeen'",
        "filter: kind = 'StormSeeen'",
        "filter: user.event = 'Arrived' OR [event_type] IS NULL",
        "event: StormSeen\n  filter: wind > 25 OR sys.To = 'type'",
    ],
)
def test_finds_nothing_where_events_may_come(told: Told, asked: str) -> None:
    assert told(asked) == []


@pytest.mark.parametrize("event", ["StormSeeen", "StormsSeen", "stormseen", "Storm-Seen", "storm_seen"])
def test_a_type_that_nearly_is_one_that_is_told_is_refused(told: Told, event: str) -> None:
    (found,) = told(f"event: {event}")

    assert (found.path, found.line) == ("subscriptions.news.event", 4)
    assert found.message == (
        f"No step tells {event!r} on the topic 'weather', which looks like 'StormSeen': "
        "did you mean 'StormSeen'? If not, call it otherwise."
    )


@pytest.mark.parametrize(
    "asked",
    [
        "filter: {type: StormSeeen}",
        "filter: wind > 3 AND type = 'StormSeeen'",
        "filter: user.Type IN ('StormSeeen', 'Fog')",
        "filter: wind > 3 OR ('StormSeeen' = [type])",
    ],
)
def test_a_filter_by_such_a_type_is_refused(told: Told, asked: str) -> None:
    (found,) = told(asked)

    assert found.path == "subscriptions.news.filter"
    assert "'StormSeeen' on the topic 'weather', which looks like 'StormSeen'" in found.message


def test_types_of_other_topics_are_no_slips(told: Told) -> None:
    assert told("event: StormSeeen", topic="lulls") == []


@pytest.mark.parametrize("asked", ["filter: {event: StormSeen}", "filter: wind > 3 AND Event = 'StormSeen'"])
def test_an_events_type_is_called_otherwise(told: Told, asked: str) -> None:
    name = "Event" if "Event" in asked else "event"
    (found,) = told(asked)

    assert found.path == "subscriptions.news.filter"
    assert found.message == (
        f"No step sets the property {name!r} on the topic 'weather': the event's type is the property "
        f"'type'. If somebody else sets it, write user.{name}."
    )


@pytest.mark.parametrize("topic", ["weather", "tides"])
def test_the_same_where_nobody_sets_it(told: Told, topic: str) -> None:
    (found,) = told("filter: event_type IS NOT NULL", topic=topic)

    assert "No step sets the property 'event_type'" in found.message


def test_what_a_step_sets_may_be_called_so(told: Told) -> None:
    assert told("filter: {Event_Type: calm}", topic="lulls") == []


@pytest.mark.parametrize("filter_", ["{type: Fog}", "{Type: StormSeen}", "wind > 3 OR type = 'StormSeen'"])
def test_one_type_is_asked_for_in_one_place(told: Told, filter_: str) -> None:
    (found,) = told(f"event: StormSeen\n  filter: {filter_}")

    assert (found.path, found.line) == ("subscriptions.news.filter", 5)
    assert found.message == "The filter looks at 'type', and `event` says it already: keep one of the two."


def test_steps_that_cannot_be_read_may_tell_anything(told: Told) -> None:
    found = told("event: StormSeeen", watch=WATCH.replace("event: CalmSeen", "event: 5"))

    assert {finding.file for finding in found} == {"workflows/watch.yaml"}
