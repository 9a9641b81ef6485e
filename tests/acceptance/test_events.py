"""External events."""

from driver import Driver, InProcess, shape

APP = "events"


def test_gives_the_first_event_to_the_latest_wait(driver: Driver) -> None:
    instance = driver.start("two_at_once")

    def listening() -> bool:
        seen = driver.look(instance)
        return seen is not None and seen.custom == "listening"

    driver.wait_until(listening)
    driver.raise_event(instance, "Word", 1)
    driver.raise_event(instance, "Word", 2)

    assert driver.result(instance) == [2, 1]


def test_hears_waits_of_one_name_one_after_another(driver: Driver) -> None:
    instance = driver.start("one_after_another", 10)
    for number in range(10):
        driver.raise_event(instance, "Word", number)

    assert driver.result(instance) == list(range(10))


def test_holds_back_events_until_they_are_waited_for(driver: Driver) -> None:
    instance = driver.start("after_the_go")
    driver.raise_event(instance, "Word", "first")
    driver.raise_event(instance, "Word", "second")
    driver.raise_event(instance, "Go")

    assert driver.result(instance) == ["first", "second"]


def test_stores_an_early_event_where_it_is_heard(virtual: InProcess) -> None:
    instance = virtual.start("after_the_go")
    for name in ("Word", "Word", "Go"):
        virtual.raise_event(instance, name, name)
    virtual.result(instance)

    history = virtual.host.history(instance)
    assert [event["Name"] for event in history if event["EventType"] == 15] == ["Go", "Word", "Word"]
    assert shape(history)[-1] == "ExecutionCompleted"


def test_hears_either_event_in_a_loop(driver: Driver) -> None:
    instance = driver.start("until_done")
    for word in ("a", "b", "c"):
        driver.raise_event(instance, "Word", word)
    driver.raise_event(instance, "Done", {"at": "last"})

    assert driver.result(instance) == {"words": ["a", "b", "c"], "done": {"at": "last"}}


def test_passes_every_kind_of_data(driver: Driver) -> None:
    kinds = [{"a": [1]}, [1, 2], "text", "", 0, 1.5, True, False, None]
    instance = driver.start("one_after_another", len(kinds))
    for data in kinds:
        driver.raise_event(instance, "Word", data)

    assert driver.result(instance) == kinds


def test_takes_the_case_of_a_name_seriously(driver: Driver) -> None:
    instance = driver.start("one_after_another", 1)
    driver.raise_event(instance, "word", "quiet")
    driver.raise_event(instance, "Word", "loud")

    assert driver.result(instance) == ["loud"]


def test_ignores_events_nobody_waits_for(driver: Driver) -> None:
    instance = driver.start("one_after_another", 1)
    driver.raise_event(instance, "Noise", "boom")
    driver.raise_event(instance, "Word", "calm")

    assert driver.result(instance) == ["calm"]


def test_waits_for_an_event_beside_an_activity(driver: Driver) -> None:
    instance = driver.start("busy_then_listen")
    driver.raise_event(instance, "Word", "hello")

    assert driver.result(instance) == [2, "hello"]
