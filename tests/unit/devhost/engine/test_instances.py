"""An instance's rows hold all of it that must outlive the process."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from devhost.engine.hub import ENDED
from devhost.engine.instances import Instance, Parent, from_row, terminate_path
from devhost.engine.messages import Completed, ContinuedAsNew, Diverged, Failed
from devhost.storage import queries
from devhost.storage.store import Store
from devhost.storage.tables import INSTANCES, PROGRESS
from devhost.testing.virtual_clock import START

NOW = "2030-01-01T00:00:00.000000Z"
PLAIN = Instance(
    id="i",
    name="a",
    version="",
    execution="e",
    status="Running",
    input_json=None,
    created=NOW,
    updated=NOW,
)


@pytest.fixture
def store(open_store: Callable[[], Store]) -> Store:
    return open_store()


TEXTS = st.none() | st.text('ab"\\é\x00', max_size=5)
INSTANCES_OF_ALL_KINDS = st.builds(
    Instance,
    id=st.text("ab", min_size=1, max_size=3),
    name=st.text("ab é", max_size=5),
    version=st.sampled_from(["", "2.0"]),
    execution=st.text("0123", max_size=4),
    status=st.sampled_from(["Pending", "Running", "Suspended", "Completed", "Failed", "Terminated"]),
    input_json=TEXTS,
    created=st.just(NOW),
    updated=st.just(NOW),
    parent=st.none()
    | st.builds(
        Parent, instance_id=st.text(), execution_id=st.text(), name=st.text(), task=st.integers(0, 99)
    ),
    output=TEXTS,
    custom_status=TEXTS,
    parts=st.integers(0, 9),
    commands=st.integers(0, 9),
    closing=st.none()
    | st.builds(Completed, output_json=TEXTS)
    | st.builds(Failed, error=st.text())
    | st.builds(ContinuedAsNew, input_json=TEXTS)
    | st.builds(Diverged, error=st.text()),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(instance=INSTANCES_OF_ALL_KINDS)
def test_comes_back_from_its_rows_as_it_was(store: Store, instance: Instance) -> None:
    identity, progress = instance.rows()
    store.put(INSTANCES, identity)
    store.put(PROGRESS, progress)
    store.commit()
    row = queries.instance(store, instance.id)

    assert row is not None
    assert from_row(row) == instance


def test_what_lies_in_memory_only_is_not_written() -> None:
    busy = replace(PLAIN, open_tasks={0: "x"}, waits={"go": 1}, busy=True, held=object(), past=[])

    assert busy.rows() == PLAIN.rows()


def test_shows_outsiders_times_as_instants_and_the_parent_s_id() -> None:
    parent = Parent(instance_id="p", execution_id="e", name="n", task=3)
    seen = replace(PLAIN, parent=parent, output="1", custom_status='"half"').seen()

    assert (seen.created, seen.updated, seen.parent_instance_id) == (START, START, "p")
    assert (seen.output_text, seen.custom_status_json, seen.runtime_status) == ("1", '"half"', "Running")


@pytest.mark.parametrize("status", ["Pending", "Running", "Suspended", *sorted(ENDED)])
def test_has_ended_as_its_status_says(status: str) -> None:
    assert replace(PLAIN, status=status).has_ended == (status in ENDED)


def test_the_path_that_ends_an_instance_can_be_typed() -> None:
    assert terminate_path("run 1") == "/runtime/webhooks/durabletask/instances/run%201/terminate"
