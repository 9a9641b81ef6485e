"""Refusals name the thing and what can be done."""

import pytest

from devhost.engine.errors import (
    HubError,
    InstanceConflict,
    InstanceEnded,
    InstanceNotFound,
    InvalidInstanceId,
    InvalidRequest,
    UnknownFunction,
)


def test_an_unknown_function_lists_what_there_is() -> None:
    error = UnknownFunction("activity", "sing", ("walk", "dance"))

    assert str(error) == (
        "The function 'sing' doesn't exist, is disabled, or is not an activity function. "
        "Additional info: the following are the known activity functions: dance, walk."
    )
    assert (error.kind, error.name, error.known) == ("activity", "sing", ("walk", "dance"))


def test_an_unknown_function_brings_the_nearest_name_to_mind() -> None:
    assert str(UnknownFunction("activity", "GREET_al", ("greet_all", "dance"))).endswith(
        "dance, greet_all. Did you mean 'greet_all'?"
    )


def test_a_python_name_leads_to_the_registered_name() -> None:
    error = UnknownFunction("activity", "loudly", ("Shout",), registered_as="Shout")

    assert str(error).endswith(
        " The Python function 'loudly' is registered as 'Shout': call it by that name, 'Shout', as text."
    )
    assert error.registered_as == "Shout"


def test_an_unknown_function_of_an_app_without_any_says_so() -> None:
    assert str(UnknownFunction("entity", "account", ())).endswith("functions: no entity functions.")


def test_a_bad_id_names_the_id_and_the_rule() -> None:
    error = InvalidInstanceId("a/b", "holds a slash")

    assert str(error) == "The instance id 'a/b' holds a slash."
    assert (error.instance_id, error.rule) == ("a/b", "holds a slash")


def test_a_missing_instance_is_named() -> None:
    assert str(InstanceNotFound("i")) == "No instance with ID 'i' found."


def test_an_ended_instance_tells_its_status() -> None:
    error = InstanceEnded("i", "Failed")

    assert str(error) == "The instance 'i' is Failed and takes no more messages."
    assert (error.instance_id, error.status) == ("i", "Failed")


@pytest.mark.parametrize(
    ("kind", "branch"),
    [
        (InvalidRequest, HubError),
        (UnknownFunction, InvalidRequest),
        (InvalidInstanceId, InvalidRequest),
        (InstanceNotFound, HubError),
        (InstanceEnded, HubError),
        (InstanceConflict, HubError),
    ],
)
def test_errors_stand_where_the_drawing_says(kind: type[HubError], branch: type[HubError]) -> None:
    assert kind.__base__ is branch
