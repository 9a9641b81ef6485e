"""Values in refusals: what is told of them."""

import pytest

from dirigent.settings.values import told


@pytest.mark.parametrize(
    "value",
    [
        *("", "oracle", "1 MB", "a/b", "vic%74im", "My-House", "azure-tables", "=", "daily", "0 30 3 * *"),
        *("gone.yaml", "scripts/slow-answers/of-two.yaml", "api-management", "nightShift", "night shift"),
    ],
)
def test_repeats_what_somebody_misspelt(value: str) -> None:
    assert told(value) == repr(value)


@pytest.mark.parametrize(
    "value",
    [
        "sk-proj-x",
        "Sk-1",
        "0123456789abcdef0123456789abcdef",
        "abcdefabcdefabcdefabcdefabcdefab",
        "scripts/0123456789abcdef",
        "dGhpc2lzYXNlY3JldGtleQ==",
        "abC8Q~defGhi-JklMno_pQr.StU",
        "AccountKey=a",
        "https://h/?SIG=a",
        "Bearer a",
        "password=hunter22",
        "x" * 41,
    ],
)
def test_tells_the_length_alone_of_what_may_be_a_secret(value: str) -> None:
    assert told(value) == f"a text of {len(value)} characters"
