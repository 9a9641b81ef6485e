"""What stores of records say."""

from dirigent.ports.records import TokenRefused


def test_a_refusal_of_a_token_names_it_and_the_remedy() -> None:
    refused = TokenRefused("x" * 5000)

    assert refused.token == "x" * 5000
    assert str(refused).endswith("ask for the first page.")
    assert len(str(refused)) < 200
