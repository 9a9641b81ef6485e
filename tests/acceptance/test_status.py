"""What an orchestrator tells of itself."""

from datetime import datetime
from typing import Any

from driver import Driver, InProcess

APP = "status"


def test_shows_the_custom_status_of_each_step(driver: Driver) -> None:
    instance = driver.start("progress")
    for step in (1, 2, 3):
        wait_for_status(driver, instance, {"step": step, "of": 3})
        driver.raise_event(instance, "Next")

    assert driver.result(instance) == "arrived"
    wait_for_status(driver, instance, {"step": 3, "of": 3})


def wait_for_status(driver: Driver, instance: str, wanted: Any) -> None:
    def has_it() -> bool:
        seen = driver.look(instance)
        return seen is not None and seen.custom == wanted

    driver.wait_until(has_it)


def test_has_the_version_of_the_settings_by_default(driver: Driver) -> None:
    assert driver.result(driver.start("tell_version")) == ["1.0"]


def test_has_the_version_it_was_started_with(driver: Driver) -> None:
    assert driver.result(driver.start("tell_version", version="2.0")) == ["2.0"]


def test_gives_children_the_version_they_are_called_with(driver: Driver) -> None:
    order = {"children": [None, "3.0"]}

    assert driver.result(driver.start("tell_version", order, version="2.0")) == ["2.0", "1.0", "3.0"]


def test_notes_the_same_time_and_ids_whenever_it_replays(driver: Driver) -> None:
    notes = driver.result(driver.start("same_again"))

    assert [note["noted"] for note in notes] == [note["written"] for note in notes]
    times = [note["noted"][0] for note in notes]
    assert times == sorted(times)
    ids = [each for note in notes for each in note["noted"][1:]]
    assert len(set(ids)) == 6


def test_tells_the_hosts_time(virtual: InProcess) -> None:
    virtual.host.advance(3600)
    notes = virtual.result(virtual.start("same_again"))

    assert datetime.fromisoformat(notes[0]["noted"][0]) == virtual.host.clock.now()


def test_writes_each_line_once_when_it_asks_whether_it_replays(driver: Driver) -> None:
    instance = driver.start("diary")
    driver.result(instance)

    assert driver.request("GET", f"/api/diary/{instance}").json() == ["rose", "ate", "slept"]


def test_knows_its_own_id_and_that_it_has_no_parent(driver: Driver) -> None:
    instance = driver.start("who_am_i")

    assert driver.result(instance) == {"id": instance, "parent": None}
