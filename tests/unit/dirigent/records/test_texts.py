"""Texts of any length."""

import asyncio

import pytest

from dirigent.adapters.file_artifacts import FileArtifacts
from dirigent.domain.runs import Held
from dirigent.records.texts import INLINE_BYTES, TextLost, Texts, inline
from dirigent.records.unreadable import Unreadable

NAME = "runs/r1/input.json"


@pytest.mark.parametrize("text", ["", "Grüße", "x" * INLINE_BYTES, "é" * (INLINE_BYTES // 2)])
def test_a_short_text_travels_inline(artifacts: FileArtifacts, text: str) -> None:
    texts = Texts(artifacts)

    held = asyncio.run(texts.keep(text, name=NAME))

    assert held == Held(text=text)
    assert asyncio.run(texts.read(held)) == text
    assert asyncio.run(artifacts.get(NAME)) is None


@pytest.mark.parametrize("text", ["x" * (INLINE_BYTES + 1), "é" * (INLINE_BYTES // 2 + 1), "🎼\r\n" * 10_000])
def test_a_long_text_travels_by_reference(artifacts: FileArtifacts, text: str) -> None:
    texts = Texts(artifacts)

    held = asyncio.run(texts.keep(text, name=NAME, content_type="application/json"))
    stored = asyncio.run(artifacts.get(NAME))

    assert held == Held(artifact=NAME)
    assert asyncio.run(texts.read(held)) == text
    assert stored is not None
    assert stored.content_type == "application/json"


def test_says_which_text_is_lost(artifacts: FileArtifacts) -> None:
    with pytest.raises(TextLost, match=NAME) as lost:
        asyncio.run(Texts(artifacts).read(Held(artifact=NAME)))

    assert lost.value.artifact == NAME


def test_says_which_text_is_spoilt(artifacts: FileArtifacts) -> None:
    asyncio.run(artifacts.put(NAME, b"\xff", content_type="text/plain"))

    with pytest.raises(Unreadable, match=NAME):
        asyncio.run(Texts(artifacts).read(Held(artifact=NAME)))


@pytest.mark.parametrize(("length", "is_short"), [(INLINE_BYTES // 2, True), (INLINE_BYTES // 2 + 1, False)])
def test_says_which_text_is_held_by_itself(length: int, is_short: bool) -> None:
    text = "é" * length

    assert inline(text) == (Held(text=text) if is_short else None)
