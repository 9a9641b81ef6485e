"""Pages together are the whole, and filters mean what they say."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from devhost.engine.errors import InvalidRequest
from devhost.engine.history import stamp
from devhost.engine.hub import InstanceFilter, InstanceStatus
from devhost.engine.instances import Instance
from devhost.engine.listing import instance_named, instances_page
from devhost.storage.store import Store
from devhost.storage.tables import INSTANCES, PROGRESS
from devhost.testing.virtual_clock import START

STATUSES = ("Pending", "Running", "Suspended", "Completed", "Failed", "Terminated")


@pytest.fixture
def store(open_store: Callable[[], Store]) -> Store:
    return open_store()


def after(seconds: int) -> datetime:
    return START + timedelta(seconds=seconds)


def fill(store: Store, instances: dict[str, tuple[int, str]]) -> None:
    """Id → seconds of creation and status; what was there before is gone."""
    for [key] in list(store.rows("SELECT id FROM instances")):
        store.drop(INSTANCES, (key,))
        store.drop(PROGRESS, (key,))
    for key, (seconds, status) in instances.items():
        when = stamp(after(seconds))
        identity, progress = Instance(
            id=key,
            name="a",
            version="",
            execution="e",
            status=status,
            input_json=None,
            created=when,
            updated=when,
        ).rows()
        store.put(INSTANCES, identity)
        store.put(PROGRESS, progress)
    store.commit()


def ids(found: tuple[InstanceStatus, ...]) -> list[str]:
    return [instance.instance_id for instance in found]


def test_lists_the_oldest_first_and_of_one_instant_by_id(store: Store) -> None:
    fill(store, {"c": (1, "Running"), "b": (0, "Running"), "a": (1, "Completed")})

    page = instances_page(store, InstanceFilter())

    assert (ids(page.instances), page.continuation) == (["b", "a", "c"], None)


def test_the_last_page_has_no_continuation(store: Store) -> None:
    fill(store, {"a": (0, "Running"), "b": (1, "Running")})

    assert instances_page(store, InstanceFilter(top=2)).continuation is None
    assert instances_page(store, InstanceFilter(top=1)).continuation is not None


@pytest.mark.parametrize("prefix", ["100%", "a_", "é"])
def test_a_prefix_is_taken_letter_by_letter(store: Store, prefix: str) -> None:
    fill(
        store,
        {f"{prefix}1": (0, "Running"), "1000": (1, "Running"), "ab": (2, "Running"), "e": (3, "Running")},
    )

    assert ids(instances_page(store, InstanceFilter(id_prefix=prefix)).instances) == [f"{prefix}1"]


@pytest.mark.parametrize("token", ["", "nonsense", "ä", "bnVsbA==", "WzEsMiwzXQ==", "\ud800"])
def test_refuses_a_token_it_did_not_give(store: Store, token: str) -> None:
    with pytest.raises(InvalidRequest, match="start the listing again"):
        instances_page(store, InstanceFilter(continuation=token))


def test_an_instance_is_found_by_its_name_or_not_at_all(store: Store) -> None:
    fill(store, {"a": (0, "Running")})
    found = instance_named(store, "a")

    assert found is not None
    assert found.status == "Running"
    assert instance_named(store, "A") is None


INSTANCES_BY_ID = st.dictionaries(
    st.text("ab%", min_size=1, max_size=3),
    st.tuples(st.integers(0, 5), st.sampled_from(STATUSES)),
    max_size=12,
)
FILTERS = st.builds(
    InstanceFilter,
    runtime_statuses=st.frozensets(st.sampled_from(STATUSES), max_size=3),
    created_from=st.none() | st.integers(0, 5).map(after),
    created_to=st.none() | st.integers(0, 5).map(after),
    id_prefix=st.text("ab%", max_size=2),
)


def lets_through(wanted: InstanceFilter, key: str, seconds: int, status: str) -> bool:
    created = after(seconds)
    return (
        (not wanted.runtime_statuses or status in wanted.runtime_statuses)
        and (wanted.created_from is None or created >= wanted.created_from)
        and (wanted.created_to is None or created <= wanted.created_to)
        and key.startswith(wanted.id_prefix)
    )


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(instances=INSTANCES_BY_ID, wanted=FILTERS, top=st.integers(1, 4))
def test_pages_together_are_what_the_filter_lets_through(
    store: Store, instances: dict[str, tuple[int, str]], wanted: InstanceFilter, top: int
) -> None:
    fill(store, instances)
    expected = [
        key
        for key, (seconds, status) in sorted(instances.items(), key=lambda item: (item[1][0], item[0]))
        if lets_through(wanted, key, seconds, status)
    ]

    assert ids(instances_page(store, wanted).instances) == expected
    pages = pages_of(store, wanted, top)
    assert [key for page in pages for key in page] == expected
    assert all(len(page) == top for page in pages[:-1])


def pages_of(store: Store, wanted: InstanceFilter, top: int) -> list[list[str]]:
    pages: list[list[str]] = []
    continuation = None
    while not pages or continuation is not None:
        page = instances_page(
            store,
            InstanceFilter(
                runtime_statuses=wanted.runtime_statuses,
                created_from=wanted.created_from,
                created_to=wanted.created_to,
                id_prefix=wanted.id_prefix,
                top=top,
                continuation=continuation,
            ),
        )
        pages.append(ids(page.instances))
        continuation = page.continuation
    return pages
