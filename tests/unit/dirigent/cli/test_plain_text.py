"""Texts from elsewhere neither steer a terminal nor lie about the order of their letters."""

import json

import pytest

from dirigent.cli.plain_text import escaped, plain

STEERING = [chr(n) for n in (*range(9), *range(11, 32), *range(0x7F, 0xA0), *range(0x202A, 0x202F))]
STEERING += ["\u2066", "\u2069"]


@pytest.mark.parametrize("sign", STEERING, ids=ascii)
def test_takes_out_what_steers(sign: str) -> None:
    assert plain(f"a{sign}b") == "ab"


def test_keeps_letters_lines_and_tabs() -> None:
    text = "ø\u00a0…\n\tאב \u200f✓ 👩\u200d🔬"

    assert plain(text) == text


@pytest.mark.parametrize("sign", [*STEERING, "\n", "\t"], ids=ascii)
def test_escapes_keep_the_value(sign: str) -> None:
    value = {f"ø{sign}": [f"{sign}\\{sign}"]}
    text = escaped(json.dumps(value, indent=2, ensure_ascii=False))

    assert (json.loads(text), plain(text)) == (value, text)
