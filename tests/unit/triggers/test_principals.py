"""Reading whom the platform vouches for."""

import base64
import json
from typing import Any

import pytest

from dirigent.settings import OBJECT_CLAIM, TENANT_CLAIM
from triggers.principals import LONGEST, Principal, read_principal
from triggers.problems import Refused


def encoded(told: Any) -> str:
    return base64.b64encode(json.dumps(told).encode()).decode()


def entra(*claims: tuple[str, str]) -> Principal:
    return Principal(provider="aad", claims=claims)


def test_reads_what_the_platform_writes() -> None:
    header = encoded(
        {
            "auth_typ": "AAD",
            "claims": [{"typ": "tid", "val": "house"}, {"typ": "name", "val": "Somebody"}],
            "name_typ": "name",
            "role_typ": "roles",
        }
    )

    assert read_principal(header) == entra(("tid", "house"), ("name", "Somebody"))


@pytest.mark.parametrize(
    "header",
    [
        "no base64!",
        "café",
        "YQ",
        base64.b64encode(b"\xff\xfe").decode(),
        base64.b64encode(b"no json").decode(),
        base64.b64encode(b"[" * 10_000).decode(),
        encoded(["aad"]),
        encoded({"auth_typ": "aad"}),
        encoded({"claims": []}),
        encoded({"auth_typ": None, "claims": []}),
        encoded({"auth_typ": "aad", "claims": {"tid": "house"}}),
        encoded({"auth_typ": "aad", "claims": [{"typ": "tid", "val": 1}]}),
        encoded({"auth_typ": "aad", "claims": [{"typ": "tid"}]}),
        # The header came twice.
        ",".join([encoded({"auth_typ": "aad", "claims": []})] * 2),
    ],
)
def test_what_cannot_be_read_is_refused_without_repeating_it(header: str) -> None:
    with pytest.raises(Refused) as caught:
        read_principal(header)

    assert caught.value.status == 401
    assert caught.value.sentence == "The header X-MS-CLIENT-PRINCIPAL of this request cannot be read."


@pytest.mark.parametrize("header", [None, ""])
def test_no_header_is_no_principal(header: str | None) -> None:
    with pytest.raises(Refused, match="names no principal: sign in"):
        read_principal(header)


def test_a_principal_too_long_is_not_even_decoded() -> None:
    with pytest.raises(Refused, match=f"longer than {LONGEST} characters"):
        read_principal("!" * (LONGEST + 1))


@pytest.mark.parametrize("asked", ["tid", TENANT_CLAIM])
@pytest.mark.parametrize("told", ["tid", TENANT_CLAIM])
def test_entras_tenant_goes_by_both_its_names(asked: str, told: str) -> None:
    assert entra((told, "house"), ("oid", "somebody")).claim(asked) == "house"


@pytest.mark.parametrize("asked", ["oid", OBJECT_CLAIM])
@pytest.mark.parametrize("told", ["oid", OBJECT_CLAIM])
def test_entras_object_goes_by_both_its_names(asked: str, told: str) -> None:
    assert entra((told, "somebody"), ("tid", "house")).claim(asked) == "somebody"


def test_a_claim_that_comes_twice_with_one_value_is_clear() -> None:
    assert entra(("tid", "house"), (TENANT_CLAIM, "house")).claim("tid") == "house"


@pytest.mark.parametrize("again", ["tid", TENANT_CLAIM])
def test_a_claim_that_comes_twice_with_two_values_is_refused(again: str) -> None:
    with pytest.raises(Refused, match="has several claims 'tid' that differ") as caught:
        entra(("tid", "house"), (again, "other")).claim("tid")

    assert caught.value.status == 401
    assert "other" not in caught.value.sentence


@pytest.mark.parametrize("claims", [(), (("oid", "x"),), (("tid", ""),), (("TID", "house"),)])
def test_a_claim_that_is_missing_is_refused(claims: tuple[tuple[str, str], ...]) -> None:
    with pytest.raises(Refused, match="has no claim 'tid'"):
        entra(*claims).claim("tid")


@pytest.mark.parametrize("name", ["tid", "oid", TENANT_CLAIM, OBJECT_CLAIM])
def test_entras_claims_are_believed_from_entra_only(name: str) -> None:
    with pytest.raises(Refused, match="The sign-in was not with Entra"):
        Principal(provider="own", claims=((name, "house"),)).claim(name)


def test_other_claims_are_believed_from_any_provider() -> None:
    assert Principal(provider="own", claims=(("team", "blue"),)).claim("team") == "blue"
