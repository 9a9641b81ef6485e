"""What is told of dead letters and of their replays."""

from typing import Any

from dirigent.cli import letters

LETTER: dict[str, Any] = {
    "id": "0f-1",
    "state": "open",
    "subscription": "analyser",
    "topic": "data",
    "type": "DataReceived",
    "event": "e1",
    "correlation_id": "c1",
    "source": "run",
    "category": "PERMANENT",
    "reason": "refusal",
    "description": "The model refused.",
    "cause": "abcd",
    "task_id": "t1",
    "step": "analyse",
    "delivery_count": 1,
    "replays": 2,
    "replay_id": "redrive-1",
    "error": None,
    "enqueued_at": "2030-01-01T00:00:00.5Z",
    "died_at": "2030-01-01T00:01:00Z",
    "updated_at": "2030-01-01T00:01:00Z",
}
WHOLE = LETTER | {
    "content_type": "application/json",
    "properties": {"account": "acme", "hops": 2},
    "encoding": "json",
    "message": {"n": 1},
    "message_lost": None,
}
GROUP: dict[str, Any] = {
    "cause": "abcd",
    "count": 12,
    "subscription": "analyser",
    "topic": "data",
    "source": "run",
    "category": "PERMANENT",
    "reason": "refusal",
    "description": "The model\nrefused. " + "x" * 100,
    "step": None,
    "first_died_at": "2030-01-01T00:01:00Z",
    "last_died_at": "2030-01-01T00:02:00Z",
    "example": "0f-1",
}
REPLAY: dict[str, Any] = {
    "replay_id": "redrive-1",
    "status": "running",
    "matching": 100,
    "replayed": 20,
    "returned": 0,
    "rate": 10,
    "seconds_left": 8.0,
    "stopped_at": None,
    "stopped_because": None,
}


def test_letters_are_a_table() -> None:
    page = letters.letters_page({"dead_letters": [LETTER], "continuation_token": "next"})

    head, line, *rest = page.splitlines()
    assert head.startswith("id    told                  died                  subscription  type ")
    assert line.startswith(
        "0f-1  2030-01-01T00:00:00Z  2030-01-01T00:01:00Z  analyser      DataReceived  open "
    )
    assert line.endswith("  2  refusal  PERMANENT")
    assert rest == ["", "There are more: --continuation next"]


def test_none_are_said_to_be_none() -> None:
    assert letters.letters_page({"dead_letters": []}) == "No dead letters."
    assert letters.groups_page({"groups": []}) == "No dead letters."


def test_causes_are_a_table_with_their_sentences() -> None:
    bare = GROUP | {"cause": "efgh", "count": 2, "description": ""}
    page = letters.groups_page({"groups": [GROUP, bare], "counted": 14, "all_counted": False})
    lines = page.splitlines()

    assert lines[1].startswith("   12  abcd   analyser      refusal  PERMANENT  2030-01-01T00:01:00Z")
    assert lines[2] == f"       The model refused. {'x' * 100}"
    assert lines[3].startswith("    2  efgh   ")
    assert lines[4] == "       -"
    assert lines[-1] == "There are more than were counted: these are the newest 14."


def test_one_is_shown_with_its_message() -> None:
    page = letters.letter_page(WHOLE)

    assert "state         open" in page
    assert "died          2030-01-01T00:01:00Z, in step 'analyse' of its run" in page
    assert "task          t1" in page
    assert "  account  acme\n  hops     2" in page
    assert page.endswith('Message\n{\n  "n": 1\n}')


def test_one_of_the_bus_says_how_often_it_was_delivered() -> None:
    page = letters.letter_page(
        WHOLE | {"source": "bus", "delivery_count": 3, "encoding": "text", "message": "{broken"}
    )

    assert "on the bus after 3 deliveries" in page
    assert page.endswith("Message\n{broken")


def test_a_lost_message_is_told_as_lost() -> None:
    assert letters.letter_page(WHOLE | {"message_lost": "It is gone."}).endswith("Message\n  It is gone.")


def test_a_dry_run_says_how_many_and_how_long() -> None:
    told = {"matching": 12, "all_counted": True, "seconds": 1.2, "groups": [GROUP]}

    assert letters.dry_run_page(told).startswith("12 dead letters would be told again in 2 s.\n\ncount")
    assert letters.dry_run_page({"matching": 1, "all_counted": False, "seconds": 0.1, "groups": []}) == (
        "1 or more dead letter would be told again in 1 s."
    )


def test_a_dry_run_says_how_many_nobody_would_hear() -> None:
    why = {"subscription": "old", "count": 3, "because": "There is no subscription 'old' any more."}
    told = {"matching": 12, "all_counted": True, "seconds": 1.2, "groups": []}

    assert letters.dry_run_page(told | {"unheard": 3, "unheard_because": [why]}) == (
        "12 dead letters would be told again in 2 s.\n"
        "3 of these cannot be, and the replay would stop there:\n"
        "  There is no subscription 'old' any more."
    )


def test_progress_is_a_line() -> None:
    assert letters.progress_line(REPLAY) == "20/100 told again, 8 s left"
    assert letters.progress_line(REPLAY | {"matching": None, "returned": 3, "seconds_left": None}) == (
        "20 told again, 3 came back dead"
    )


def test_an_end_says_where_and_why() -> None:
    stopped = REPLAY | {"status": "stopped", "stopped_at": "0f-1", "stopped_because": "Too large."}

    assert letters.replay_end(REPLAY | {"status": "completed", "replayed": 1}) == (
        "The replay redrive-1 is completed: 1 dead letter told again."
    )
    assert letters.replay_end(stopped | {"returned": 2}) == (
        "The replay redrive-1 is stopped: 20 dead letters told again; 2 came back dead.\n"
        "Stopped at 0f-1: Too large."
    )


def test_those_that_are_being_told_again_are_counted() -> None:
    counted = {"groups": [GROUP], "counted": 12, "all_counted": True}

    assert letters.underway_line(counted | {"counted": 0}) == ""
    assert letters.underway_line({}) == ""
    assert letters.underway_line(counted) == "12 more are being told again; see --state replaying"
    assert (
        letters.underway_line(counted | {"counted": 1}) == "1 more is being told again; see --state replaying"
    )
    assert letters.underway_line(counted | {"all_counted": False}) == (
        "12 or more besides are being told again; see --state replaying"
    )
