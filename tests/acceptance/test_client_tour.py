"""Every method of the durable client, called by HTTP functions."""

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
from driver import Driver, StoryFailed, expect, fresh

APP = "client_tour"
LINKS = {
    "id",
    "statusQueryGetUri",
    "sendEventPostUri",
    "terminatePostUri",
    "rewindPostUri",
    "purgeHistoryDeleteUri",
    "restartPostUri",
    "suspendPostUri",
    "resumePostUri",
}


def get(driver: Driver, path: str, **query: str) -> Any:
    return expect(200, driver.request("GET", f"/api/{path}?{urlencode(query)}")).json()


def post(driver: Driver, path: str, given: Any = None, **query: str) -> Any:
    return expect(200, driver.request("POST", f"/api/{path}?{urlencode(query)}", given)).json()


def followed(driver: Driver, method: str, link: str, given: Any = None) -> Any:
    """What a management link answers."""
    parts = urlsplit(link)
    return driver.request(method, f"{parts.path}?{parts.query}", given)


def in_state(driver: Driver, instance: str, state: str) -> bool:
    return bool(get(driver, f"status/{instance}")["state"] == state)


def wait_for(driver: Driver, instance: str, state: str) -> None:
    driver.wait_until(lambda: in_state(driver, instance, state))


def begin(driver: Driver, instance: str | None = None) -> str:
    """An instance that waits for its Go."""
    started = driver.start("wait_for_go", {"why": "tour"}, instance_id=instance)
    wait_for(driver, started, "Running")
    return started


def test_starts_with_a_version(driver: Driver) -> None:
    assert driver.result(driver.start("tell_version", version="7.1")) == "7.1"


def test_refuses_to_start_what_does_not_exist(driver: Driver) -> None:
    reply = driver.request("POST", "/api/try-start/nothing")

    assert reply.status == 409
    assert (
        b"The function 'nothing' doesn't exist, is disabled, or is not an orchestrator function" in reply.body
    )


def test_refuses_an_id_that_begins_with_an_at_sign(driver: Driver) -> None:
    reply = driver.request("POST", "/api/try-start/echo?instance_id=@me")

    assert reply.status == 409
    assert b"@me" in reply.body


def test_refuses_to_start_a_running_id_again(driver: Driver) -> None:
    instance = begin(driver, fresh("once"))
    reply = driver.request("POST", f"/api/try-start/echo?instance_id={instance}")

    assert reply.status == 409
    assert b"An Orchestration instance with the status Running already exists." in reply.body
    driver.raise_event(instance, "Go", 1)
    assert driver.result(instance) == 1


def test_shows_the_status_of_an_ended_instance(driver: Driver) -> None:
    instance = driver.start("echo", {"a": 1})
    driver.result(instance)

    status = get(driver, f"status/{instance}", input="yes")
    assert (status["id"], status["name"], status["state"]) == (instance, "echo", "Completed")
    assert status["output"] == {"a": 1}
    assert status["events"] is None


def test_shows_the_input_a_client_gave_as_json_text(driver: Driver) -> None:
    started = driver.request("POST", "/api/start/echo", {"a": 1})
    instance = started.json()["id"]
    driver.result(instance)

    assert get(driver, f"status/{instance}", input="yes")["input"] == '{"a": 1}'


def test_shows_the_status_of_a_waiting_instance(driver: Driver) -> None:
    instance = begin(driver)

    status = get(driver, f"status/{instance}")
    assert (status["state"], status["output"]) == ("Running", None)
    assert status["custom"] == {"waiting for": "Go"}
    driver.raise_event(instance, "Go")
    driver.result(instance)


def test_shows_why_an_instance_failed(driver: Driver) -> None:
    instance = driver.start("fail")
    with pytest.raises(StoryFailed):
        driver.result(instance)

    status = get(driver, f"status/{instance}")
    assert status["state"] == "Failed"
    # A plain function is not wrapped by the SDK: its failure arrives with the type in front.
    assert status["output"] == "Orchestrator function 'fail' failed: ValueError: as agreed"


def test_finds_nothing_under_an_unknown_id(driver: Driver) -> None:
    assert get(driver, f"status/{fresh('nobody')}")["found"] is False


def test_shows_the_history_when_asked(driver: Driver) -> None:
    instance = driver.start("echo", "hello")
    driver.result(instance)

    events = get(driver, f"status/{instance}", history="yes", outputs="yes")["events"]
    assert [event["EventType"] for event in events] == [
        "ExecutionStarted",
        "TaskCompleted",
        "ExecutionCompleted",
    ]
    started, completed, ended = events
    assert started["FunctionName"] == "echo"
    assert (completed["FunctionName"], completed["Result"]) == ("repeat", "hello")
    assert "ScheduledTime" in completed
    assert (ended["OrchestrationStatus"], ended["Result"]) == ("Completed", "hello")


def test_shows_the_history_without_outputs(driver: Driver) -> None:
    instance = driver.start("echo", "hello")
    driver.result(instance)

    events = get(driver, f"status/{instance}", history="yes")["events"]
    assert not any("Result" in event for event in events)


def test_lists_all_instances(driver: Driver) -> None:
    ended, waiting = driver.start("echo", 1), begin(driver)
    driver.result(ended)

    states = {status["id"]: status["state"] for status in get(driver, "all")}
    assert (states[ended], states[waiting]) == ("Completed", "Running")


def test_lists_instances_by_state_and_prefix(driver: Driver) -> None:
    prefix = fresh("listed")
    for kind, state in (("echo", "Completed"), ("fail", "Failed"), ("wait_for_go", "Running")):
        instance = driver.start(kind, instance_id=f"{prefix}-{kind}")
        wait_for(driver, instance, state)

    def found(**query: str) -> set[str]:
        return {
            status["id"].removeprefix(f"{prefix}-") for status in get(driver, "by", prefix=prefix, **query)
        }

    assert found() == {"echo", "fail", "wait_for_go"}
    assert found(states="Completed") == {"echo"}
    assert found(states="Failed-Running") == {"fail", "wait_for_go"}
    assert found(states="Terminated") == set()


def test_lists_instances_by_time(driver: Driver) -> None:
    instance = driver.start("echo", 1, instance_id=fresh("timed"))
    driver.result(instance)
    created = datetime.fromisoformat(get(driver, f"status/{instance}")["created"])
    before, after = ((created + timedelta(hours=hours)).isoformat() for hours in (-1, 1))

    def found(**query: str) -> bool:
        return bool(get(driver, "by", prefix=instance, **query))

    assert found(since=before, until=after)
    assert not found(since=after)
    assert not found(until=before)


def test_raises_events_whose_data_arrives_as_json_text(driver: Driver) -> None:
    instance = begin(driver)
    post(driver, f"raise/{instance}/Go", {"a": 1})

    # The SDK encodes twice; a host that repaired it would hide what happens on Azure.
    assert driver.result(instance) == '{"a": 1}'


def test_refuses_events_for_the_ended_and_the_unknown(driver: Driver) -> None:
    instance = driver.start("echo", 1)
    driver.result(instance)

    gone = driver.request("POST", f"/api/raise/{instance}/Go", 1)
    unknown = driver.request("POST", f"/api/raise/{fresh('nobody')}/Go", 1)
    assert (gone.status, unknown.status) == (409, 409)
    assert gone.body.endswith(b"is gone: either completed or failed")
    assert unknown.body.startswith(b"No instance with ID")


def test_terminates_for_a_reason(driver: Driver) -> None:
    instance = begin(driver)
    post(driver, f"terminate/{instance}", reason="end of the tour")
    wait_for(driver, instance, "Terminated")

    assert get(driver, f"status/{instance}")["output"] == "end of the tour"
    assert post(driver, f"terminate/{instance}", reason="again") == "terminated"


def test_suspends_and_resumes(driver: Driver) -> None:
    instance = begin(driver)
    post(driver, f"suspend/{instance}", reason="a break")
    wait_for(driver, instance, "Suspended")
    driver.raise_event(instance, "Go", "kept")
    post(driver, f"resume/{instance}", reason="the break is over")

    assert driver.result(instance) == "kept"


def test_purges_an_instance_once(driver: Driver) -> None:
    instance = driver.start("echo", 1)
    driver.result(instance)

    assert post(driver, f"purge/{instance}") == 1
    assert post(driver, f"purge/{instance}") == 0
    assert get(driver, f"status/{instance}")["found"] is False


def test_signals_an_entity_and_reads_it(driver: Driver) -> None:
    key = fresh("marks")
    assert get(driver, f"read/tally/{key}") == {"exists": False, "state": None}
    for mark in ("a", {"b": 2}):
        post(driver, f"signal/tally/{key}/note", mark)

    expected = {"exists": True, "state": ["a", {"b": 2}]}
    assert driver.wait_until(lambda: get(driver, f"read/tally/{key}") == expected)


def test_answers_a_start_with_links_that_work(driver: Driver) -> None:
    reply = driver.request("POST", "/api/start/wait_for_go")

    links = expect(202, reply).json()
    assert set(links) == LINKS
    assert reply.headers["location"] == links["statusQueryGetUri"]
    assert reply.headers["retry-after"] == "10"

    event = links["sendEventPostUri"].replace("{eventName}", "Go")
    assert followed(driver, "POST", event, {"real": "data"}).status == 202
    assert driver.result(links["id"]) == {"real": "data"}
    assert followed(driver, "GET", links["statusQueryGetUri"]).json()["output"] == {"real": "data"}
    assert followed(driver, "DELETE", links["purgeHistoryDeleteUri"]).json() == {"instancesDeleted": 1}
    assert followed(driver, "GET", links["statusQueryGetUri"]).status == 404


def test_answers_a_status_query_with_202_until_the_end(driver: Driver) -> None:
    instance = begin(driver)
    links = get(driver, f"links/{instance}")
    assert set(links) == LINKS
    assert links["id"] == instance

    running = followed(driver, "GET", links["statusQueryGetUri"])
    assert (running.status, running.json()["runtimeStatus"]) == (202, "Running")
    assert "location" in running.headers
    suspend = links["suspendPostUri"].replace("{text}", "stop")
    resume = links["resumePostUri"].replace("{text}", "go")
    assert [followed(driver, "POST", link).status for link in (suspend, resume)] == [202, 202]
    terminate = links["terminatePostUri"].replace("{text}", "enough")
    assert followed(driver, "POST", terminate).status == 202
    wait_for(driver, instance, "Terminated")
    ended = followed(driver, "GET", links["statusQueryGetUri"])
    assert (ended.status, ended.json()["output"]) == (200, "enough")
    assert followed(driver, "POST", terminate).status == 410


def test_waits_for_an_output(driver: Driver) -> None:
    instance = driver.start("echo", {"a": 1})
    reply = driver.request("GET", f"/api/wait/{instance}?timeout=10000")

    assert (reply.status, reply.json()) == (200, {"a": 1})


def test_stops_waiting_with_links(driver: Driver) -> None:
    instance = begin(driver)
    reply = driver.request("GET", f"/api/wait/{instance}?timeout=120")

    assert (reply.status, reply.json()["id"]) == (202, instance)


def test_waits_for_a_failure(driver: Driver) -> None:
    instance = driver.start("fail")
    reply = driver.request("GET", f"/api/wait/{instance}?timeout=10000")

    assert reply.status == 500
    assert reply.json()["runtimeStatus"] == "Failed"
