import pytest
from hypothesis import given
from hypothesis import strategies as st

from devhost.http.paths import LONGEST, BadPath, decoded, segments


@pytest.mark.parametrize(
    ("path", "pieces"),
    [
        ("/", ("",)),
        ("/a/b", ("a", "b")),
        ("/a/b/", ("a", "b", "")),
        ("//a", ("", "a")),
        ("/a/./b", ("a", "b")),
        ("/a/x/../b", ("a", "b")),
        ("/a/%2e%2E/b/.", ("b", "")),
        ("/../../a", ("a",)),
        ("/.env/%61", (".env", "%61")),
    ],
)
def test_cuts_a_path_at_its_slashes(path: str, pieces: tuple[str, ...]) -> None:
    assert segments(path) == pieces


@pytest.mark.parametrize(
    ("path", "status"),
    [("", 400), ("a", 400), ("*", 400), ("/a%00", 400), ("/a\0", 400), ("/" + "a" * LONGEST, 414)],
)
def test_refuses_what_no_server_takes(path: str, status: int) -> None:
    with pytest.raises(BadPath) as caught:
        segments(path)

    assert caught.value.status == status


@pytest.mark.parametrize(
    ("piece", "text"),
    [
        ("a%20b", "a b"),
        ("a+b", "a+b"),
        ("%C3%A9", "é"),
        ("é", "é"),
        ("%zz%4", "%zz%4"),
        ("%FF%C3", "%FF%C3"),
        ("a%2Fb%2fc", "a%2Fb%2fc"),
        ("%252F", "%2F"),
        ("%25", "%"),
    ],
)
def test_decodes_what_is_an_escape_and_leaves_the_rest(piece: str, text: str) -> None:
    assert decoded(piece) == text


def test_decodes_slashes_when_asked() -> None:
    assert decoded("a%2Fb", slashes=True) == "a/b"


@given(st.text(alphabet=st.characters(codec="utf-8") | st.sampled_from("%/.2eEfF\udcff"), max_size=40))
def test_never_stumbles_and_always_leaves_text_that_can_be_stored(path: str) -> None:
    try:
        pieces = segments("/" + path)
    except BadPath:
        return
    for piece in pieces:
        decoded(piece).encode()
        decoded(piece, slashes=True).encode()
