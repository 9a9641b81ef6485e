"""Telling who calls."""

import base64
import json
from typing import Any

import pytest

from dirigent.settings import Settings
from triggers.identity import ACCOUNT_HEADER, USER_HEADER, Caller, caller, operator
from triggers.principals import HEADER
from triggers.problems import Refused

LOCAL = {"AZURE_FUNCTIONS_ENVIRONMENT": "Development"}
GATEWAY = "11111111-2222-3333-4444-55555555abcd"
ENFORCED = LOCAL | {"DIRIGENT_ACCOUNTS": "enforced", "DIRIGENT_OPERATORS": "ops"}
BY_EASY_AUTH = Settings.read(ENFORCED | {"DIRIGENT_FRONT": "easy-auth"})
BY_GATEWAY = Settings.read(
    ENFORCED | {"DIRIGENT_FRONT": "api-management", "DIRIGENT_GATEWAY": GATEWAY.upper()}
)


def principal(provider: str = "aad", **claims: str) -> str:
    told = [{"typ": kind, "val": value} for kind, value in claims.items()]
    return base64.b64encode(json.dumps({"auth_typ": provider, "claims": told}).encode()).decode()


def refused(bench: Any, settings: Settings, headers: dict[str, str]) -> Refused:
    with pytest.raises(Refused) as caught:
        caller(bench.request("tasks", headers=headers), settings)
    return caught.value


def test_takes_no_account_from_headers_or_body(bench: Any) -> None:
    headers = {
        HEADER: principal(tid="other", oid="somebody"),
        ACCOUNT_HEADER: "other",
        USER_HEADER: "somebody",
    }
    request = bench.request(
        "tasks", headers=headers, params={"account": "other"}, body=b'{"account": "other"}'
    )

    assert caller(request, bench.settings) == Caller(account="default")


def test_easy_auth_names_account_and_user(bench: Any) -> None:
    request = bench.request("tasks", headers={HEADER: principal(tid="house", oid="somebody")})

    assert caller(request, BY_EASY_AUTH) == Caller(account="house", user="somebody")


def test_declared_claims_name_account_and_user(bench: Any) -> None:
    claims = {"DIRIGENT_ACCOUNT_CLAIM": "team", "DIRIGENT_USER_CLAIM": "sub", "DIRIGENT_FRONT": "easy-auth"}
    request = bench.request("tasks", headers={HEADER: principal("house-login", team="blue", sub="somebody")})

    assert caller(request, Settings.read(ENFORCED | claims)) == Caller(account="blue", user="somebody")


def test_behind_easy_auth_a_gateways_headers_change_nothing(bench: Any) -> None:
    headers = {HEADER: principal(tid="house", oid="somebody"), ACCOUNT_HEADER: "other", USER_HEADER: "boss"}
    request = bench.request("tasks", headers=headers, params={"account": "other"})

    assert caller(request, BY_EASY_AUTH) == Caller(account="house", user="somebody")


@pytest.mark.parametrize("missing", ["tid", "oid"])
def test_a_principal_that_names_no_account_or_user_is_refused(bench: Any, missing: str) -> None:
    claims = {name: "x" for name in ("tid", "oid") if name != missing}
    refusal = refused(bench, BY_EASY_AUTH, {HEADER: principal(**claims)})

    assert refusal.status == 401
    assert "has no claim 'http://schemas.microsoft.com/identity/claims/" in refusal.sentence


@pytest.mark.parametrize("settings", [BY_EASY_AUTH, BY_GATEWAY], ids=["easy-auth", "api-management"])
def test_without_a_principal_nobody_is_served(bench: Any, settings: Settings) -> None:
    refusal = refused(bench, settings, {ACCOUNT_HEADER: "house", USER_HEADER: "somebody"})

    assert (refusal.status, refusal.headers) == (401, {"WWW-Authenticate": "Bearer"})
    assert refusal.sentence == "This request names no principal: sign in and send your token."


@pytest.mark.parametrize("name", ["a/b", "a#b", "vic%74im", "line\nbreak", "a" * 501])
def test_a_claim_that_records_could_not_keep_apart_is_refused(bench: Any, name: str) -> None:
    refusal = refused(bench, BY_EASY_AUTH, {HEADER: principal(tid=name, oid="somebody")})

    assert refusal.status == 401
    assert "is no name for an account or user" in refusal.sentence


def test_the_gateway_names_account_and_user(bench: Any) -> None:
    headers = {HEADER: principal(oid=GATEWAY), ACCOUNT_HEADER: " house ", USER_HEADER: "somebody"}

    assert caller(bench.request("tasks", headers=headers), BY_GATEWAY) == Caller(
        account="house", user="somebody"
    )


def test_the_gateway_may_know_no_users(bench: Any) -> None:
    headers = {HEADER: principal(oid=GATEWAY), ACCOUNT_HEADER: "house"}

    assert caller(bench.request("tasks", headers=headers), BY_GATEWAY) == Caller(account="house")


def test_who_goes_round_the_gateway_is_refused(bench: Any) -> None:
    headers = {HEADER: principal(oid="somebody", tid="house"), ACCOUNT_HEADER: "other", USER_HEADER: "boss"}
    refusal = refused(bench, BY_GATEWAY, headers)

    assert refusal.status == 403
    assert refusal.sentence == "This request did not come through the gateway: call the gateway instead."


def test_another_providers_user_cannot_call_itself_the_gateway(bench: Any) -> None:
    refusal = refused(bench, BY_GATEWAY, {HEADER: principal("own", oid=GATEWAY), ACCOUNT_HEADER: "house"})

    assert refusal.status == 401
    assert refusal.sentence.startswith("The sign-in was not with Entra")


@pytest.mark.parametrize(
    ("headers", "told"),
    [
        ({}, "The gateway named no account in the header X-Dirigent-Account."),
        ({ACCOUNT_HEADER: ""}, "The header X-Dirigent-Account is no name for an account or user"),
        ({ACCOUNT_HEADER: "other,house"}, "The header X-Dirigent-Account came twice"),
        ({ACCOUNT_HEADER: "café"}, "The header X-Dirigent-Account came twice, or holds a comma or a sign"),
        ({ACCOUNT_HEADER: "vic%74im"}, "The header X-Dirigent-Account is no name for an account or user"),
        ({ACCOUNT_HEADER: "house", USER_HEADER: " "}, "The header X-Dirigent-User is no name"),
        ({ACCOUNT_HEADER: "house", USER_HEADER: "some%62ody"}, "The header X-Dirigent-User is no name"),
        ({ACCOUNT_HEADER: "house", USER_HEADER: "a,b"}, "The header X-Dirigent-User came twice"),
    ],
)
def test_a_gateway_that_names_nobody_clearly_is_refused(
    bench: Any, headers: dict[str, str], told: str
) -> None:
    refusal = refused(bench, BY_GATEWAY, {HEADER: principal(oid=GATEWAY), **headers})

    assert refusal.status == 401
    assert refusal.sentence.startswith(told)


def test_an_operator_may_steer_what_all_share(bench: Any) -> None:
    request = bench.request("circuits", headers={HEADER: principal(tid="ops", oid="somebody")})

    assert operator(request, BY_EASY_AUTH) == Caller(account="ops", user="somebody")


def test_nobody_else_may_steer_what_all_share(bench: Any) -> None:
    request = bench.request("circuits", headers={HEADER: principal(tid="house", oid="somebody")})

    with pytest.raises(Refused) as caught:
        operator(request, BY_EASY_AUTH)

    assert caught.value.status == 403


def test_without_enforced_accounts_everybody_may_steer_what_all_share(bench: Any) -> None:
    assert operator(bench.request("circuits"), bench.settings) == Caller(account="default")
