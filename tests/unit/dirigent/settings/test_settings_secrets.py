"""Whatever the environment says, it is read or refused, and what is secret stands in neither's text."""

import string
from base64 import b64encode

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dirigent.settings import Problem, SettingRefused, Settings

SECRET = "c2VjcmV0"
CHOSEN = {
    "DIRIGENT_MODEL": "scripted",
    "DIRIGENT_RECORDS": "sqlite",
    "DIRIGENT_ARTIFACTS": "files",
    "DIRIGENT_BUS": "none",
}
PLAIN = {
    "AZURE_FUNCTIONS_ENVIRONMENT": ("Development", "Production", ""),
    "DIRIGENT_MODEL": ("openai", "scripted", "oracle"),
    "DIRIGENT_RECORDS": ("azure-tables", "sqlite", "paper"),
    "DIRIGENT_ARTIFACTS": ("azure-blob", "files", "stone"),
    "DIRIGENT_BUS": ("service-bus", "local", "none", "tram"),
    "DIRIGENT_CHANNELS": ("outbox", "pigeon"),
    "DIRIGENT_STORAGE_PREFIX": ("house", "My-House"),
    "DIRIGENT_MODEL_HEADERS": ("true", "maybe"),
    "AzureWebJobsStorage__accountName": ("house", "My House"),
    "ServiceBusConnection__fullyQualifiedNamespace": ("house.servicebus.windows.net", "house.example"),
    "WEBSITE_HOSTNAME": ("127.0.0.1:7071", "house.azurewebsites.net"),
}
ADDRESSES = (
    "OPENAI_BASE_URL",
    "AZURE_OPENAI_ENDPOINT",
    "DIRIGENT_ENDPOINT_B_URL",
    "AzureWebJobsStorage__tableServiceUri",
    "AzureWebJobsStorage__blobServiceUri",
)
OTHERS = (
    "DIRIGENT_ACCOUNTS",
    "DIRIGENT_BODY_LIMIT",
    "DIRIGENT_CATALOGUE",
    "DIRIGENT_CLAIM_LEASE",
    "DIRIGENT_DATA",
    "DIRIGENT_DEFAULT_ACCOUNT",
    "DIRIGENT_EVENT_MEMORY_DAYS",
    "DIRIGENT_FRONT",
    "DIRIGENT_GATEWAY",
    "DIRIGENT_REPLAY_RATE",
    "DIRIGENT_RETENTION_SCHEDULE",
    "DIRIGENT_SCRIPT",
    "DIRIGENT_TELEMETRY_CONTENT",
)
KEYS = ("OPENAI_API_KEY", "AZURE_OPENAI_API_KEY", "DIRIGENT_ENDPOINT_B_KEY", "DIRIGENT_ENDPOINT_C_KEY")
CONNECTIONS = (
    "AzureWebJobsStorage",
    "DIRIGENT_STORAGE",
    "Kept",
    "ServiceBusConnection",
    "DIRIGENT_BUS_CONNECTION",
    "Told",
)

blurs = st.text(st.characters(exclude_characters="\x00"), max_size=8)
keys = st.builds("{}{}{}".format, blurs, st.just(SECRET), blurs)
addresses = st.one_of(
    st.builds("{}://me:{}@host{}".format, st.sampled_from(["http", "https"]), keys, blurs),
    st.builds("https://{}/v1?sig={}".format, st.sampled_from(["host", "a.openai.azure.com"]), keys),
    st.sampled_from(["https://host/v1", "https://a.openai.azure.com", "http://localhost:1", "nowhere"]),
    blurs,
)
connections = st.one_of(
    st.builds("AccountName=house;AccountKey={}".format, st.one_of(st.just(SECRET), keys)),
    st.builds("TableEndpoint=http://{};SharedAccessSignature={}".format, keys, keys),
    st.builds("Endpoint=sb://{};SharedAccessKeyName=Root;SharedAccessKey={}".format, blurs, keys),
    st.builds(
        "Endpoint=sb://a.servicebus.windows.net;SharedAccessKeyName={};SharedAccessKey={}".format, blurs, keys
    ),
    st.sampled_from(
        ["Told", "UseDevelopmentStorage=true", f"@Microsoft.KeyVault({SECRET})", "Kept", SECRET + ";"]
    ),
)
environments = st.fixed_dictionaries(
    {},
    optional={
        **{name: st.sampled_from(values) for name, values in PLAIN.items()},
        **dict.fromkeys(OTHERS, st.one_of(blurs, st.builds("~{}".format, blurs))),
        **dict.fromkeys(ADDRESSES, addresses),
        **dict.fromkeys(KEYS, keys),
        **dict.fromkeys(CONNECTIONS, connections),
    },
)

#: As they are given out: of OpenAI, of Azure and its storage, of Entra.
LETTERS = string.ascii_letters + string.digits
SECRETS = st.one_of(
    st.builds("sk-proj-{}".format, st.text(LETTERS + "-_", min_size=20, max_size=100)),
    st.builds("{:032x}".format, st.integers(16**31, 16**32 - 1)),
    st.binary(min_size=64, max_size=64).map(lambda key: b64encode(key).decode()),
    st.builds("a1Q8~{}".format, st.text(LETTERS + "._-~", min_size=35, max_size=35)),
)
WRAPPED = st.sampled_from(
    ["{}", "AccountName=house;AccountKey={}", "https://h/c?sig={}", "Bearer {}", "key={}"]
)
VARIABLES = (
    *PLAIN,
    *ADDRESSES,
    *OTHERS,
    *KEYS,
    *CONNECTIONS,
    "DIRIGENT_OPERATORS",
    "DIRIGENT_RETENTION_DAYS",
)


@given(environments)
@example({"DIRIGENT_MODEL": "openai", "OPENAI_BASE_URL": f"https://host/{'v' * 90}?{SECRET}"})
@example({"DIRIGENT_RECORDS": "azure-tables", "DIRIGENT_STORAGE": f"AccountName=a;AccountKey={SECRET}"})
def test_settings_are_read_or_refused_and_tell_no_secret(environment: dict[str, str]) -> None:
    try:
        told = repr(Settings.read(environment))
    except SettingRefused as refusal:
        told = f"{refusal} {refusal!r}"

    assert SECRET not in told


@pytest.mark.parametrize("variable", VARIABLES)
@example(secret="a0123456789abcdef0123456789abcde", wrapped="{}", place="Production")
@given(secret=SECRETS, wrapped=WRAPPED, place=st.sampled_from(["Development", "Production"]))
def test_a_secret_in_the_wrong_variable_is_not_repeated(
    variable: str, place: str, secret: str, wrapped: str
) -> None:
    # The limit is something to refuse, whatever becomes of the secret.
    others = {"DIRIGENT_ACCOUNTS": "enforced", "DIRIGENT_BODY_LIMIT": "much"}
    chosen = {
        "DIRIGENT_MODEL": "openai",
        "DIRIGENT_RECORDS": "azure-tables",
        "DIRIGENT_ARTIFACTS": "files",
        "DIRIGENT_BUS": "service-bus",
    }

    with pytest.raises(SettingRefused) as refusal:
        Settings.read(
            {"AZURE_FUNCTIONS_ENVIRONMENT": place, **others, **chosen, variable: wrapped.format(secret)}
        )

    assert secret not in str(refusal.value)
    assert secret[:16] not in str(refusal.value)


@given(st.dictionaries(st.text(max_size=30), st.text(max_size=30)))
def test_any_environment_is_read_or_refused_with_reasons(environment: dict[str, str]) -> None:
    problems: tuple[Problem, ...] | None = None
    try:
        Settings.read({f"DIRIGENT_{name}": value for name, value in environment.items()} | CHOSEN)
    except SettingRefused as refusal:
        problems = refusal.problems

    assert problems is None or all(problem.variable.startswith("DIRIGENT_") for problem in problems)
    assert problems != ()
