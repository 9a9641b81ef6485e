"""Routes that show dead letters and deal with one."""

import asyncio
from collections.abc import Callable
from typing import Any

import azure.functions as func
from msgspec.structs import replace

from dirigent import codec
from dirigent.domain.dead_letters import DeadLetter, State
from dirigent.domain.outcomes import Category
from dirigent.domain.subscriptions import Subscription
from dirigent.ports.bus import BusRefused, BusUnavailable
from dirigent.records.dead_letters import DeadLetters
from triggers.dead_letters import dead_letters

Dead = Callable[..., DeadLetter]


def bury(bench: Any, *letters: DeadLetter, text: str = '{"n":1}') -> None:
    async def work() -> None:
        kept = DeadLetters(bench.parts.records, bench.parts.artifacts)
        for letter in letters:
            await kept.bury(letter, text)

    asyncio.run(work())


def ask(bench: Any, deed: str, path: str = "dead-letters", **request: Any) -> func.HttpResponse:
    names = ("analyser", "notifier")
    declared = {name: Subscription(name=name, topic="data", workflow="content-creation") for name in names}
    catalogue = replace(bench.catalogue, subscriptions=declared)
    handler = bench.functions(dead_letters(bench.parts, catalogue, bench.settings))[deed]
    answer: func.HttpResponse = asyncio.run(handler(bench.request(path, **request)))
    return answer


def json_of(answer: func.HttpResponse) -> Any:
    return codec.from_json(object, answer.get_body())


def deal(bench: Any, deed: str, letter: DeadLetter, body: bytes = b"", **request: Any) -> func.HttpResponse:
    return ask(
        bench, deed, f"dead-letters/{letter.id}/deed", method="POST", id=letter.id, body=body, **request
    )


def shown(bench: Any, letter: DeadLetter, **request: Any) -> Any:
    return json_of(ask(bench, "show_dead_letter", f"dead-letters/{letter.id}", id=letter.id, **request))


def test_open_ones_are_listed_newest_first(bench: Any, dead: Dead) -> None:
    bury(bench, dead(0), dead(1), dead(2))
    deal(bench, "discard_dead_letter", dead(1))

    listed = json_of(ask(bench, "list_dead_letters"))

    assert [each["event"] for each in listed["dead_letters"]] == ["e2", "e0"]
    assert listed["continuation_token"] is None


def test_all_states_are_listed_if_asked_for(bench: Any, dead: Dead) -> None:
    bury(bench, dead(0), dead(1))
    deal(bench, "discard_dead_letter", dead(1))

    listed = json_of(ask(bench, "list_dead_letters", params={"state": "all"}))

    assert [each["state"] for each in listed["dead_letters"]] == ["discarded", "open"]


def test_a_page_leads_to_the_next(bench: Any, dead: Dead) -> None:
    bury(bench, dead(0), dead(1), dead(2))
    asked = {"limit": "2", "topic": "data", "code": "secret"}

    first = ask(bench, "list_dead_letters", params=asked)
    token = json_of(first)["continuation_token"]
    second = json_of(ask(bench, "list_dead_letters", params=asked | {"continuation_token": token}))

    assert [each["event"] for each in second["dead_letters"]] == ["e0"]
    assert first.headers["Link"].startswith("<http://host/api/dead-letters?limit=2&topic=data&continuation")
    assert "secret" not in first.headers["Link"]


def test_a_token_of_another_list_is_refused(bench: Any, dead: Dead) -> None:
    bury(bench, dead(0), dead(1))
    token = json_of(ask(bench, "list_dead_letters", params={"limit": "1"}))["continuation_token"]

    answer = ask(bench, "list_dead_letters", params={"continuation_token": token, "topic": "data"})

    assert answer.status_code == 400


def test_filters_that_are_none_are_refused(bench: Any) -> None:
    answer = ask(bench, "list_dead_letters", params={"stat": "open", "group": "topic"})

    assert answer.status_code == 400
    assert {each["field"] for each in json_of(answer)["errors"]} == {"stat", "group"}


def test_they_are_grouped_by_what_they_died_of(bench: Any, dead: Dead) -> None:
    bury(bench, dead(0), dead(1), dead(2, category=Category.TIMEOUT, reason="late"))

    found = json_of(ask(bench, "list_dead_letters", params={"group": "cause"}))

    assert [(each["reason"], each["count"]) for each in found["groups"]] == [("refusal", 2), ("late", 1)]
    assert (found["counted"], found["all_counted"]) == (3, True)


def test_one_is_shown_with_its_message(bench: Any, dead: Dead) -> None:
    bury(bench, dead())

    view = shown(bench, dead())

    assert (view["message"], view["encoding"], view["properties"]["hops"]) == ({"n": 1}, "json", 2)


def test_one_whose_message_is_lost_is_shown_all_the_same(bench: Any, dead: Dead) -> None:
    bury(bench, dead(), text="long " * 5_000)
    asyncio.run(bench.parts.artifacts.delete_under("dead-letters/default/"))

    view = shown(bench, dead())

    assert view["message"] is None
    assert "cannot be read any more" in view["message_lost"]


def test_one_that_is_not_there_is_not_found(bench: Any, dead: Dead) -> None:
    for letter in (dead().id, "x", "../secrets"):
        answer = ask(bench, "show_dead_letter", "dead-letters/x", id=letter)

        assert answer.status_code == 404


def test_another_accounts_letters_are_not_there(bench: Any, dead: Dead) -> None:
    bury(bench, dead(account="acme"))
    bench.settings = bench.enforced()
    headers = bench.signed_in("other")

    deeds = ("show_dead_letter", "replay_dead_letter", "discard_dead_letter")
    answers = [deal(bench, deed, dead(), headers=headers) for deed in deeds]
    listed = ask(bench, "list_dead_letters", headers=headers)

    assert [answer.status_code for answer in answers] == [404, 404, 404]
    assert json_of(listed)["dead_letters"] == []
    assert shown(bench, dead(), headers=bench.signed_in("acme"))["event"] == "e0"
    assert bench.parts.bus.sent == {}


def test_a_replay_is_sent_in_the_trace_of_the_request(bench: Any, dead: Dead) -> None:
    bury(bench, dead())
    trace = "00-" + "a" * 32 + "-" + "b" * 16 + "-01"

    answer = deal(bench, "replay_dead_letter", dead(), headers={"traceparent": trace})

    [message] = bench.parts.bus.sent["data"]
    assert message.id == "e0.replay-1"
    assert message.properties["traceparent"][:35] == trace[:35]
    assert (answer.status_code, json_of(answer)["state"], json_of(answer)["replays"]) == (200, "replayed", 1)


def test_what_was_told_again_is_told_once_more_only_if_asked_for(bench: Any, dead: Dead) -> None:
    bury(bench, dead())
    deal(bench, "replay_dead_letter", dead())

    refused = deal(bench, "replay_dead_letter", dead())
    again = deal(bench, "replay_dead_letter", dead(), b'{"again": true}')

    assert refused.status_code == 409
    assert '{"again": true}' in json_of(refused)["error"]
    assert (again.status_code, json_of(again)["replays"]) == (200, 2)


def test_what_was_discarded_is_not_told_again(bench: Any, dead: Dead) -> None:
    bury(bench, dead())
    deal(bench, "discard_dead_letter", dead())

    answer = deal(bench, "replay_dead_letter", dead())

    assert answer.status_code == 409
    assert "was discarded" in json_of(answer)["error"]


def test_a_bus_that_does_not_answer_loses_nothing(bench: Any, dead: Dead) -> None:
    bury(bench, dead())
    bench.parts.bus.troubles.append(BusUnavailable("secret-host:443 is away"))

    answer = deal(bench, "replay_dead_letter", dead())
    kept = shown(bench, dead())
    again = deal(bench, "replay_dead_letter", dead())

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert (kept["state"], kept["replays"]) == ("replaying", 1)
    assert again.status_code == 200
    assert [message.id for message in bench.parts.bus.sent["data"]] == ["e0.replay-1"]


def test_what_the_bus_refuses_is_told_with_the_reason(bench: Any, dead: Dead) -> None:
    bury(bench, dead())
    bench.parts.bus.troubles.append(BusRefused("too_large", "It is too large."))

    answer = deal(bench, "replay_dead_letter", dead())

    assert (answer.status_code, json_of(answer)["reason"]) == (409, "too_large")
    assert shown(bench, dead())["error"] == "It is too large."


def test_what_nobody_would_hear_is_refused_with_the_remedy(bench: Any, dead: Dead) -> None:
    bury(bench, dead(subscription="analysers"))
    before = shown(bench, dead())

    answer = deal(bench, "replay_dead_letter", dead())

    told = json_of(answer)
    assert (answer.status_code, told["reason"]) == (409, "no_subscription")
    assert "no subscription 'analysers' any more (there is 'analyser')" in told["error"]
    assert shown(bench, dead()) == before
    assert bench.parts.bus.sent == {}
    assert deal(bench, "discard_dead_letter", dead()).status_code == 200


def test_a_state_that_is_none_is_answered_with_all_there_are(bench: Any) -> None:
    answer = ask(bench, "list_dead_letters", params={"state": "zz"})

    assert (answer.status_code, "there are 'all', 'discarded'" in json_of(answer)["error"]) == (400, True)


def test_a_replay_takes_no_other_body(bench: Any, dead: Dead) -> None:
    bury(bench, dead())

    for body in (b"[]", b'{"agian": true}', b'{"again": "yes"}', b"{"):
        assert deal(bench, "replay_dead_letter", dead(), body).status_code == 400
    assert bench.parts.bus.sent == {}


def test_what_is_being_told_again_is_not_discarded(bench: Any, dead: Dead) -> None:
    bury(bench, dead())

    async def begin() -> None:
        kept = DeadLetters(bench.parts.records, bench.parts.artifacts)
        found = await kept.find("default", dead().id)
        assert found is not None
        await kept.change(found, replace(found.letter, state=State.REPLAYING, replays=1))

    asyncio.run(begin())

    assert deal(bench, "discard_dead_letter", dead()).status_code == 409


def test_discarded_twice_it_is_discarded(bench: Any, dead: Dead) -> None:
    bury(bench, dead())

    answers = [deal(bench, "discard_dead_letter", dead()) for _ in range(2)]

    assert [json_of(answer)["state"] for answer in answers] == ["discarded", "discarded"]
