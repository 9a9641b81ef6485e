import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dirigent.adapters.openai.words import LONGEST, error_of, fit, line, name, told

KEY = "odd key 7"
SECRET = "abcdefghijklmnopqrst"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"error": {"message": "Slow down.", "code": "x"}}', "Slow down."),
        (b'{"error": "Slow down."}', "Slow down."),
        (b'{"message": "Slow down."}', "Slow down."),
        (b'[{"error": 1}]', '[{"error": 1}]'),
        (b"Slow\r\n  down.", "Slow down."),
        (b"  <!DOCTYPE html><html>big</html>", "a page of HTML"),
        (b"<HTML>", "a page of HTML"),
        (b"", ""),
        (b"\xff\xfe", "\ufffd\ufffd"),
        (b"[" * 100_000, "[" * (LONGEST - 1) + "…"),
    ],
)
def test_finds_their_sentence(body: bytes, expected: str) -> None:
    assert told(body) == expected


@pytest.mark.parametrize(
    "said",
    [
        "Incorrect API key provided: sk-proj-abcdefgh. Look at your account.",
        "Incorrect API key provided: sk-abc***********wxyz. Look at your account.",
        "the header was 'Authorization: Bearer abcdefgh'",
        "api-key=abcdefgh was refused",
        '{"api_key": "abcdefgh"}',
        "AccountKey=abcdefgh;",
        "https://me:abcdefgh@example.com/v1",
        "token eyJabcdefgh.eyJabcdefgh.abcdefgh",
        "we got 0abcdefgh1abcdefgh2abcdefgh3abcdefgh4",
        "sig=abcdefgh&se=2031",
        f"it was {KEY}abcdefgh"[:-8],
    ],
)
def test_blanks_what_looks_like_a_credential(said: str) -> None:
    shown = fit(said, (KEY,))

    assert "[…]" in shown
    assert not any(secret in shown for secret in ("abcdefgh", "wxyz", KEY))


@pytest.mark.parametrize(
    "said",
    [
        "Rate limit reached for gpt-4o-mini in organization. See https://example.com/docs/guides/rate-limits.",
        "Your request 123e4567-e89b-42d3-a456-426614174000 failed.",
        "This model's maximum context length is 128000 tokens; your tokens were 130001.",
    ],
)
def test_leaves_everything_else(said: str) -> None:
    assert fit(said) == said


@given(text=st.text(), secret=st.text(min_size=12))
def test_is_one_short_printable_line_without_the_secret(text: str, secret: str) -> None:
    shown = fit(f"{text} {secret} {text}", (secret,))

    assert len(shown) <= LONGEST
    assert shown.isprintable()
    assert secret not in shown


@given(body=st.binary() | st.recursive(st.none() | st.text(), st.lists).map(json.dumps).map(str.encode))
def test_every_body_can_be_looked_at(body: bytes) -> None:
    assert isinstance(told(body), str)
    assert dict(error_of(body)) == error_of(body)


@pytest.mark.parametrize(
    "said", ["x" * 1_000_000, "sk-" * 300_000, "://" * 300_000, "token " * 200_000], ids=range(4)
)
def test_a_long_text_is_shown_in_short(said: str) -> None:
    assert len(fit(said)) <= LONGEST


@pytest.mark.parametrize(
    "said",
    [
        SECRET,
        " ".join(SECRET),
        f"{SECRET[:10]}\r\n\t{SECRET[10:]}",
        f"{SECRET[:10]}\\n{SECRET[10:]}",
        f"{SECRET[:10]}\u200b{SECRET[10:]}",
        " " * (65_536 - 20) + SECRET,
        SECRET[:-1],
    ],
    ids=range(7),
)
def test_a_secret_is_known_however_it_is_broken(said: str) -> None:
    assert fit(f"It was {said}", (SECRET,)) == "It was […]"
    assert name(said, 200, (SECRET,)) == "[…]"


def test_what_is_as_short_as_a_word_keeps_no_secret() -> None:
    assert fit("EMPTY is no model", ("EMPTY", "", " ")) == "EMPTY is no model"


def test_no_form_is_looked_for_in_what_is_long() -> None:
    body = b'{"error": {"message": "Slow down.", "more": "' + b"x" * 100_000 + b'"}}'

    assert dict(error_of(body)) == {}
    assert told(body).startswith('{"error": {"message": "Slow down."')


def test_a_line_keeps_what_looks_like_a_key() -> None:
    assert line("a\r\n0123456789abcdef0123456789abcdef", 40) == "a 0123456789abcdef0123456789abcdef"
    assert line("abcdef", 4) == "abc…"
