"""Routes of replays of many dead letters."""

import asyncio
from collections.abc import Callable
from typing import Any

import azure.functions as func
import pytest
from msgspec.structs import replace

from dirigent import codec
from dirigent.domain.dead_letters import Choice, DeadLetter, State
from dirigent.domain.redrives import Course, Progress, Redrive
from dirigent.domain.subscriptions import Subscription
from dirigent.records.dead_letters import DeadLetters
from triggers.redrives import redrives

Dead = Callable[..., DeadLetter]


def bury(bench: Any, *letters: DeadLetter) -> None:
    async def work() -> None:
        kept = DeadLetters(bench.parts.records, bench.parts.artifacts)
        for letter in letters:
            await kept.bury(letter, "{}")
            found = await kept.find(letter.account, letter.id)
            assert found is not None
            await kept.change(found, replace(found.letter, state=letter.state, batch=letter.batch))

    asyncio.run(work())


def ask(bench: Any, deed: str, path: str, **request: Any) -> func.HttpResponse:
    names = ("analyser", "notifier")
    declared = {name: Subscription(name=name, topic="data", workflow="content-creation") for name in names}
    catalogue = replace(bench.catalogue, subscriptions=declared)
    handler = bench.functions(redrives(bench.parts, catalogue, bench.settings))[deed]
    answer: func.HttpResponse = asyncio.run(handler(bench.request(path, **request), bench.client))
    return answer


def start(bench: Any, body: object, **request: Any) -> func.HttpResponse:
    sent = body if isinstance(body, bytes) else codec.to_json(body)
    return ask(bench, "replay_dead_letters", "dead-letters/replay", method="POST", body=sent, **request)


def json_of(answer: func.HttpResponse) -> Any:
    return codec.from_json(object, answer.get_body())


def show(bench: Any, replay: str, **request: Any) -> func.HttpResponse:
    return ask(bench, "show_replay", f"dead-letters/replays/{replay}", id=replay, **request)


def stop(bench: Any, replay: str) -> func.HttpResponse:
    return ask(bench, "stop_replay", f"dead-letters/replays/{replay}/stop", method="POST", id=replay)


def wish(bench: Any) -> Redrive:
    [instance] = bench.client.instances.values()
    assert instance["name"] == "redriving"
    return codec.from_json(Redrive, instance["input"])


def test_a_replay_is_started_with_what_was_asked_for(bench: Any, dead: Dead) -> None:
    bury(bench, dead(0), dead(1), dead(2, subscription="notifier"), dead(3, state=State.REPLAYED))

    answer = start(bench, {"subscription": "analyser", "rate": 2.5, "limit": 1, "stop_after": 0})

    found, told = wish(bench), json_of(answer)
    assert answer.status_code == 202
    assert answer.headers["Location"] == f"http://host/api/dead-letters/replays/{found.id}"
    assert (told["replay_id"], told["matching"], told["all_counted"]) == (found.id, 1, True)
    assert found == Redrive(
        id=found.id,
        account="default",
        choice=Choice(subscription="analyser"),
        rate=2.5,
        limit=1,
        most_returns=0,
        matching=1,
        began_at=bench.clock.now(),
    )


def test_without_filters_all_that_are_open_or_were_begun_are_meant(bench: Any, dead: Dead) -> None:
    states = (State.OPEN, State.REPLAYING, State.REPLAYED, State.DISCARDED)
    bury(bench, *(dead(number, state=state) for number, state in enumerate(states)))

    answer = start(bench, {})

    assert json_of(answer)["matching"] == 2
    assert (wish(bench).rate, wish(bench).limit) == (bench.settings.replay_rate, None)


def test_a_dry_run_counts_and_starts_nothing(bench: Any, dead: Dead) -> None:
    bury(bench, dead(0), dead(1), dead(2, reason="late"))

    answer = start(bench, {"topic": "data", "dry_run": True, "rate": 0.5})

    told = json_of(answer)
    assert answer.status_code == 200
    assert (told["matching"], told["all_counted"], told["seconds"]) == (3, True, 6.0)
    assert [(each["reason"], each["count"]) for each in told["groups"]] == [("refusal", 2), ("late", 1)]
    assert told["filters"] == {"topic": "data"}
    assert bench.client.instances == {}
    assert bench.parts.bus.sent == {}


def test_a_dry_run_says_how_many_nobody_would_hear(bench: Any, dead: Dead) -> None:
    bury(bench, dead(0), dead(1, subscription="analysers", cause="a"))
    bury(bench, dead(2, subscription="analysers", cause="b"), dead(3, subscription="zzz", cause="c"))

    told = json_of(start(bench, {"dry_run": True}))

    reasons = [(each["subscription"], each["count"]) for each in told["unheard_because"]]
    assert (told["matching"], told["unheard"], reasons) == (4, 3, [("analysers", 2), ("zzz", 1)])
    assert "(there is 'analyser')" in told["unheard_because"][0]["because"]


def test_other_accounts_letters_are_not_counted(bench: Any, dead: Dead) -> None:
    bury(bench, dead(0, account="acme"))

    assert json_of(start(bench, {"dry_run": True}))["matching"] == 0


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "send filters"),
        ([], "send filters"),
        ({"rate": 0}, "`rate`"),
        ({"rate": 11}, "from 0.1 to 10"),
        ({"limit": 0}, "`limit`"),
        ({"state": "replayed"}, "no others are told again"),
        ({"state": "all"}, "no others are told again"),
        ({"dry": True}, "did you mean 'dry_run'"),
    ],
)
def test_a_wish_that_will_not_do_starts_nothing(bench: Any, body: object, words: str) -> None:
    answer = start(bench, body)

    assert answer.status_code == 400
    assert words in json_of(answer)["error"]
    assert bench.client.instances == {}


def test_it_says_how_far_it_is(bench: Any, dead: Dead) -> None:
    bury(bench, *(dead(number) for number in range(3)))
    start(bench, {"rate": 1})
    replay = wish(bench).id
    bury(bench, dead(8, batch=replay))
    bench.client.instances[replay]["customStatus"] = codec.encode(Progress(replayed=2))

    answer = show(bench, replay)

    told = json_of(answer)
    assert (told["status"], told["replayed"], told["returned"], told["matching"]) == ("running", 2, 1, 3)
    assert (told["seconds_left"], told["rate"], told["filters"]) == (1.0, 1.0, {})
    assert answer.headers["Retry-After"] == "1"


def test_it_says_where_and_why_it_stopped(bench: Any) -> None:
    start(bench, {})
    replay = wish(bench).id
    stopped = Progress(course=Course.STOPPED, replayed=2, letter="l", because="Too large.")
    bench.client.put(replay, "Completed", output=codec.encode(stopped))
    bench.client.instances[replay]["customStatus"] = codec.encode(stopped)

    answer = show(bench, replay)

    told = json_of(answer)
    assert (told["status"], told["stopped_at"], told["stopped_because"]) == ("stopped", "l", "Too large.")
    assert told["seconds_left"] is None
    assert "Retry-After" not in answer.headers


def test_it_can_be_stopped(bench: Any) -> None:
    start(bench, {})
    replay = wish(bench).id

    answer, again = stop(bench, replay), stop(bench, replay)

    told = json_of(show(bench, replay))
    assert (answer.status_code, again.status_code) == (202, 409)
    assert (told["status"], told["stopped_because"]) == (
        "stopped",
        "It was stopped by the account 'default'.",
    )


@pytest.mark.parametrize("replay", ["x", "redrive-" + "0" * 25, "run-1"])
def test_what_is_no_replay_is_not_found(bench: Any, replay: str) -> None:
    bench.client.put("run-1", "Running", name="sequential", client_input=codec.encode(bench.opening()))

    assert show(bench, replay).status_code == 404
    assert stop(bench, replay).status_code == 404
    assert bench.client.ended == []


def test_another_accounts_replay_is_not_found(bench: Any) -> None:
    start(bench, {})
    bench.settings = bench.enforced()

    answer = show(bench, wish(bench).id, headers=bench.signed_in("acme"))

    assert answer.status_code == 404


def test_a_host_that_does_not_answer_is_told_so(bench: Any) -> None:
    bench.client.is_down = True

    assert start(bench, {}).status_code == 503
