"""What the command line asks for of events and dead letters."""

import pytest

from dirigent.cli.options import parse


def test_an_event_is_sent_with_all_that_is_said_of_it() -> None:
    given = parse(
        [
            *("events", "send", "data", "DataReceived", '{"n": 1}', "--id", "e1", "--correlation", "c1"),
            *("--time-to-live", "60", "--property", "region=eu", "--property", "size:=3"),
        ],
        {},
    )

    assert (given.topic, given.type, given.data) == ("data", "DataReceived", {"n": 1})
    assert (given.id, given.correlation_id, given.time_to_live) == ("e1", "c1", 60)
    assert given.properties == [("region", "eu"), ("size", 3)]


def test_an_event_needs_no_data() -> None:
    assert parse(["events", "send", "data", "Ping"], {}).data == {}


@pytest.mark.parametrize("deed", ["list", "groups", "replay-all"])
def test_filters_are_the_same_for_all_who_choose(deed: str) -> None:
    given = parse(["dead-letters", deed, "--subscription", "s", "--from", "2031-01-01"], {})

    assert (given.deed, given.subscription, getattr(given, "from"), given.state) == (
        deed,
        "s",
        "2031-01-01",
        None,
    )


def test_the_address_may_stand_behind_the_deed_or_before() -> None:
    behind = parse(["dead-letters", "show", "x", "--url", "http://app", "--json"], {})
    before = parse(["--url", "http://app", "--json", "dead-letters", "show", "x"], {})

    assert (behind.url, behind.json) == (before.url, before.json) == ("http://app", True)


def test_a_replay_of_many_says_how_fast_and_how_far() -> None:
    words = "dead-letters replay-all --rate 2.5 --limit 7 --stop-after 0 --dry-run"
    given = parse(words.split(), {})

    assert (given.rate, given.limit, given.stop_after, given.dry_run) == (2.5, 7, 0, True)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["dead-letters"], "required: DEED (choose from list, groups, show, "),
        (["events"], "required: DEED (choose from send)"),
        (["dead-letters", "replayall"], "did you mean 'replay-all'?"),
        (["dead-leters", "list"], "did you mean 'dead-letters'?"),
        (["dead-letters", "list", "--colour", "red"], "unknown: --colour"),
        (["events", "send", "data"], "TYPE"),
        (["events", "send", "data", "T", "[1]"], "this is no JSON object"),
        (["events", "send", "data", "T", "--property", "x"], "write name=text"),
    ],
)
def test_refuses_what_it_cannot_read(
    capsys: pytest.CaptureFixture[str], arguments: list[str], told: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        parse(arguments, {})

    assert ended.value.code == 2
    assert told in capsys.readouterr().err
