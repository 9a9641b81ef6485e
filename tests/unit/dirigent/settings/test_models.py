"""Which model answers, and where: what is read, and what is refused."""

import pytest

from dirigent.domain.catalogue import Catalogue, Model
from dirigent.settings import Endpoint, Problem, SettingRefused, Settings
from dirigent.settings.models import missing, setting, unnamed

LOCAL = {"AZURE_FUNCTIONS_ENVIRONMENT": "Development"}
#: Outside development, with stores that need nothing.
AWAY = {
    "DIRIGENT_MODEL": "openai",
    "DIRIGENT_RECORDS": "sqlite",
    "DIRIGENT_ARTIFACTS": "files",
    "DIRIGENT_BUS": "none",
}
AZURE = "https://house.openai.azure.com"


def refused(environment: dict[str, str]) -> tuple[Problem, ...]:
    with pytest.raises(SettingRefused) as caught:
        Settings.read(environment)
    return caught.value.problems


def default(environment: dict[str, str]) -> Endpoint:
    return Settings.read(environment).endpoints[None]


@pytest.mark.parametrize(
    "wish",
    [
        {"OPENAI_API_KEY": "sk-1"},
        {"OPENAI_BASE_URL": "http://localhost:8080/v1"},
        {"AZURE_OPENAI_ENDPOINT": AZURE},
    ],
)
def test_in_development_whoever_says_where_a_real_model_is_wants_it(wish: dict[str, str]) -> None:
    assert Settings.read(LOCAL | wish).model == "openai"


def test_in_development_the_scripted_model_answers_until_then() -> None:
    settings = Settings.read(LOCAL | {"AZURE_OPENAI_API_KEY": "k", "OPENAI_API_KEY": " "})

    assert (settings.model, settings.endpoints) == ("scripted", {})


def test_what_is_meant_for_others_is_let_be() -> None:
    others = {"OPENAI_API_KEY": "of somebody else", "AZURE_OPENAI_ENDPOINT": "nowhere"}

    assert Settings.read(AWAY | {"DIRIGENT_MODEL": "scripted"} | others).endpoints == {}


@pytest.mark.parametrize(
    ("environment", "endpoint"),
    [
        (
            {"OPENAI_API_KEY": "sk-1"},
            Endpoint(url="https://api.openai.com/v1", key="sk-1"),
        ),
        (
            {"OPENAI_BASE_URL": "https://gateway.example/proxy/", "OPENAI_API_KEY": "sk-1"},
            Endpoint(url="https://gateway.example/proxy", key="sk-1"),
        ),
        (
            {"OPENAI_BASE_URL": "http://127.0.0.1:8080/v1"},
            Endpoint(url="http://127.0.0.1:8080/v1", key=""),
        ),
        (
            {"AZURE_OPENAI_ENDPOINT": f"{AZURE}/"},
            Endpoint(url=f"{AZURE}/openai/v1", key=None, provider="azure.ai.openai"),
        ),
        (
            {"AZURE_OPENAI_ENDPOINT": f"{AZURE}/openai/v1/", "AZURE_OPENAI_API_KEY": "k"},
            Endpoint(url=f"{AZURE}/openai/v1", key="k", provider="azure.ai.openai"),
        ),
        (
            {"AZURE_OPENAI_ENDPOINT": f"{AZURE}/openai"},
            Endpoint(url=f"{AZURE}/openai/v1", key=None, provider="azure.ai.openai"),
        ),
        (
            {"AZURE_OPENAI_ENDPOINT": "https://a.services.ai.azure.com/api/projects/p"},
            Endpoint(
                url="https://a.services.ai.azure.com/api/projects/p/openai/v1",
                key=None,
                provider="azure.ai.openai",
            ),
        ),
        (
            {"AZURE_OPENAI_ENDPOINT": "https://gateway.example", "AZURE_OPENAI_API_KEY": "k"},
            Endpoint(url="https://gateway.example/openai/v1", key="k", provider="azure.ai.openai"),
        ),
        (
            {"OPENAI_BASE_URL": f"{AZURE}/openai/v1"},
            Endpoint(url=f"{AZURE}/openai/v1", key=None, provider="azure.ai.openai"),
        ),
    ],
)
def test_reads_where_models_are(environment: dict[str, str], endpoint: Endpoint) -> None:
    assert default(AWAY | environment) == endpoint


def test_in_development_a_neighbour_may_ask_for_no_key() -> None:
    assert default(LOCAL | {"OPENAI_BASE_URL": "http://models.lan/v1"}).key == ""


def test_reads_endpoints_by_the_names_that_the_catalogue_uses() -> None:
    settings = Settings.read(
        AWAY
        | {
            "DIRIGENT_ENDPOINT_OTHER_MAKER_URL": "https://gateway.example/v1",
            "DIRIGENT_ENDPOINT_OTHER_MAKER_KEY": "g-1",
            "DIRIGENT_ENDPOINT_2ND_URL": "https://second.openai.azure.com/openai/v1",
        }
    )

    assert settings.endpoints == {
        "2nd": Endpoint(
            url="https://second.openai.azure.com/openai/v1", key=None, provider="azure.ai.openai"
        ),
        "other-maker": Endpoint(url="https://gateway.example/v1", key="g-1"),
    }
    assert setting("other-maker", "URL") == "DIRIGENT_ENDPOINT_OTHER_MAKER_URL"


@pytest.mark.parametrize(
    ("environment", "variable", "told"),
    [
        ({}, "DIRIGENT_MODEL", "nothing says where it is reached: set AZURE_OPENAI_ENDPOINT"),
        ({"AZURE_OPENAI_API_KEY": "k"}, "AZURE_OPENAI_ENDPOINT", "is not set while AZURE_OPENAI_API_KEY is"),
        (
            {"AZURE_OPENAI_ENDPOINT": AZURE, "OPENAI_API_KEY": "k", "OPENAI_BASE_URL": "https://b.example"},
            "AZURE_OPENAI_ENDPOINT",
            "remove it, or remove OPENAI_BASE_URL and OPENAI_API_KEY",
        ),
        (
            {"AZURE_OPENAI_ENDPOINT": f"{AZURE}/openai/deployments/gpt-4o"},
            "AZURE_OPENAI_ENDPOINT",
            "names a deployment, which models.yaml does",
        ),
        (
            {"OPENAI_BASE_URL": "https://b.example/v1/chat/completions", "OPENAI_API_KEY": "k"},
            "OPENAI_BASE_URL",
            "leave /chat/completions out",
        ),
        (
            {"OPENAI_BASE_URL": "https://b.example/v1/embeddings", "OPENAI_API_KEY": "k"},
            "OPENAI_BASE_URL",
            "leave /embeddings out",
        ),
        (
            {"AZURE_OPENAI_ENDPOINT": f"{AZURE}/openai/v1/responses"},
            "AZURE_OPENAI_ENDPOINT",
            "ends with /responses, which says what is asked for there: leave /responses out",
        ),
        (
            {"AZURE_OPENAI_ENDPOINT": f"{AZURE}/models/"},
            "AZURE_OPENAI_ENDPOINT",
            "leave /models out",
        ),
        (
            {"OPENAI_BASE_URL": "http://b.example/v1", "OPENAI_API_KEY": "k"},
            "OPENAI_BASE_URL",
            "write https://",
        ),
        (
            {"OPENAI_BASE_URL": "https://b.example/v1"},
            "OPENAI_API_KEY",
            "b.example, which OPENAI_BASE_URL names, is none of the hosts that take Entra's tokens",
        ),
        (
            {"AZURE_OPENAI_ENDPOINT": "https://b.example"},
            "AZURE_OPENAI_API_KEY",
            "set it to the service's key",
        ),
        (
            {"AZURE_OPENAI_ENDPOINT": AZURE, "AZURE_OPENAI_KEY": "k"},
            "AZURE_OPENAI_KEY",
            "did you mean AZURE_OPENAI_API_KEY? Else remove it, to sign in with Entra.",
        ),
        ({"OPENAI_API_KEY": "two words"}, "OPENAI_API_KEY", "set it to the key alone"),
        (
            {"AZURE_OPENAI_ENDPOINT": AZURE, "AZURE_OPENAI_API_KEY": "two words"},
            "AZURE_OPENAI_API_KEY",
            "set it to the key alone",
        ),
        ({"DIRIGENT_ENDPOINT_B_KEY": "k"}, "DIRIGENT_ENDPOINT_B_URL", "while DIRIGENT_ENDPOINT_B_KEY is"),
        ({"DIRIGENT_ENDPOINT_B_URL": "b"}, "DIRIGENT_ENDPOINT_B_URL", "is no address: write it as https://"),
        (
            {"DIRIGENT_ENDPOINT_B_URL": "https://b.example/v1"},
            "DIRIGENT_ENDPOINT_B_KEY",
            "b.example, which DIRIGENT_ENDPOINT_B_URL names",
        ),
    ],
)
def test_refuses_what_leads_to_no_model(environment: dict[str, str], variable: str, told: str) -> None:
    problems = refused(AWAY | environment)

    assert [problem.variable for problem in problems] == [variable]
    assert told in str(problems[0])


def test_names_all_that_is_wrong_with_two_endpoints_beside_their_being_two() -> None:
    problems = refused(AWAY | {"AZURE_OPENAI_ENDPOINT": "x", "OPENAI_BASE_URL": "y"})

    assert [problem.variable for problem in problems] == [
        "AZURE_OPENAI_ENDPOINT",
        "OPENAI_BASE_URL",
        "AZURE_OPENAI_ENDPOINT",
    ]


@pytest.mark.parametrize(
    ("environment", "variable", "model"),
    [
        ({"DIRIGENT_MODEL_HEADERS": "true"}, "DIRIGENT_MODEL_HEADERS", "openai"),
        ({"DIRIGENT_ENDPOINT_B_URL": "https://b.example/v1"}, "DIRIGENT_ENDPOINT_B_URL", "openai"),
        ({"DIRIGENT_ENDPOINT_B_KEY": "k"}, "DIRIGENT_ENDPOINT_B_KEY", "openai"),
        ({"DIRIGENT_SCRIPT": __file__, "OPENAI_API_KEY": "k"}, "DIRIGENT_SCRIPT", "scripted"),
    ],
)
def test_refuses_what_the_model_would_not_read(
    environment: dict[str, str], variable: str, model: str
) -> None:
    problems = refused(LOCAL | environment)

    assert [problem.variable for problem in problems] == [variable]
    assert f"nothing would read it: remove it, or set DIRIGENT_MODEL to '{model}'" in str(problems[0])


def test_calls_nothing_idle_before_it_is_known_what_answers() -> None:
    others = {"DIRIGENT_ENDPOINT_B_KEY": "k", "DIRIGENT_MODEL_HEADERS": "true", "DIRIGENT_SCRIPT": __file__}

    assert [problem.variable for problem in refused(LOCAL | others | {"DIRIGENT_MODEL": "oracle"})] == [
        "DIRIGENT_MODEL"
    ]


@pytest.mark.parametrize(
    "name",
    ["DIRIGENT_ENDPOINT_b_URL", "DIRIGENT_ENDPOINT_URL", "DIRIGENT_ENDPOINT_B", "DIRIGENT_ENDPOINT_B__URL"],
)
def test_an_endpoint_that_is_misspelt_is_a_stranger(name: str) -> None:
    environment = LOCAL | {"OPENAI_API_KEY": "k", "DIRIGENT_ENDPOINT_B_URL": "http://localhost/v1"}

    problems = refused(environment | {name: "http://localhost/v1"})

    assert [problem.variable for problem in problems] == [name]
    assert "is no setting" in str(problems[0])


def declared(**endpoints: str | None) -> Catalogue:
    models = {
        name: Model(name=name, deployment=name, endpoint=endpoint) for name, endpoint in endpoints.items()
    }
    return Catalogue(models=models, agents={}, workflows={})


def test_misses_nothing_where_every_model_can_be_reached() -> None:
    here = {None: Endpoint(url="https://a/v1"), "b": Endpoint(url="https://b/v1")}

    assert missing(here, declared(main=None, second="b")) == ()


def test_names_the_variable_that_a_model_misses_and_what_was_meant() -> None:
    here: dict[str | None, Endpoint] = {"gateway": Endpoint(url="https://a/v1")}

    [problem] = missing(here, declared(main="gatway", second="gatway"))

    assert str(problem) == (
        "DIRIGENT_ENDPOINT_GATWAY_URL is not set, and the catalogue's models 'main', 'second' would be "
        "reached there: did you mean `endpoint: gateway` in models.yaml? "
        "Else set it to the service's address, such as https://host/v1, and DIRIGENT_ENDPOINT_GATWAY_KEY."
    )


def test_misses_the_usual_endpoint_where_a_model_names_none() -> None:
    [problem] = missing({"b": Endpoint(url="https://b/v1")}, declared(main=None, second="b"))

    assert problem.variable == "OPENAI_API_KEY"
    assert "nor is AZURE_OPENAI_ENDPOINT, and the catalogue's model 'main' would be reached" in str(problem)


def test_calls_no_endpoint_idle_that_a_model_names_nor_the_usual_one() -> None:
    here = {None: Endpoint(url="https://a/v1"), "b": Endpoint(url="https://b/v1")}

    assert unnamed(here, declared(second="b")) == ()


def test_names_an_endpoint_that_no_model_names_and_what_was_meant() -> None:
    here: dict[str | None, Endpoint] = {
        name: Endpoint(url="https://a/v1") for name in ("gatway", "there", "far")
    }

    problems = unnamed(here, declared(main="gateway", second="there"))

    told = "is set, and no model of the catalogue says `endpoint:"
    remedy = "remove it, or give a model that endpoint in models.yaml."
    meant = "did you mean DIRIGENT_ENDPOINT_GATEWAY_URL? Else"
    assert [str(problem) for problem in problems] == [
        f"DIRIGENT_ENDPOINT_FAR_URL {told} far`: {remedy}",
        f"DIRIGENT_ENDPOINT_GATWAY_URL {told} gatway`: {meant} {remedy}",
    ]


def test_both_keys_of_azure_are_no_mistake() -> None:
    keys = {"AZURE_OPENAI_API_KEY": "k", "AZURE_OPENAI_KEY": "of somebody else"}

    assert default(AWAY | keys | {"AZURE_OPENAI_ENDPOINT": AZURE}).key == "k"


@pytest.mark.parametrize(
    ("environment", "variables"),
    [
        ({"OPENAI_API_KEY": "k"}, ("OPENAI_BASE_URL", "OPENAI_API_KEY")),
        ({"OPENAI_BASE_URL": f"{AZURE}/openai/v1"}, ("OPENAI_BASE_URL", "OPENAI_API_KEY")),
        ({"AZURE_OPENAI_ENDPOINT": AZURE}, ("AZURE_OPENAI_ENDPOINT", "AZURE_OPENAI_API_KEY")),
    ],
)
def test_an_endpoint_knows_the_variables_that_say_it(
    environment: dict[str, str], variables: tuple[str, str]
) -> None:
    endpoint = default(AWAY | environment)

    assert (endpoint.url_from, endpoint.key_from) == variables
