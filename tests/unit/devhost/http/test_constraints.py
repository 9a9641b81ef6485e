import pytest

from devhost.http.constraints import BadConstraint, constraint

GUID = "12345678-90ab-cdef-1234-567890abcdef"


@pytest.mark.parametrize(
    ("text", "allowed", "refused"),
    [
        ("int", ["0", "-5", "+7", "2147483647", " 1 "], ["", "x", "1.0", "2147483648", "1" * 50, "٣"]),
        ("long", ["2147483648"], ["9223372036854775808", "a"]),
        ("bool", ["true", "False", " TRUE "], ["1", "yes", ""]),
        ("decimal", ["1", "-1.5", ".5", "1,000.25"], ["", "1e3", ".", "x"]),
        ("double", ["1", "-1.5e3", "NaN"], ["", "x", "1e"]),
        ("float", ["2.5"], ["two"]),
        (
            "guid",
            [GUID, GUID.upper(), f"{{{GUID}}}", f"({GUID})", GUID.replace("-", "")],
            ["", GUID[:-1], "{" + GUID],
        ),
        (
            "datetime",
            ["2026-01-02", "2026-01-02T03:04:05Z", "01-02-2026", "2 January 2026"],
            ["", "x", "2026-13-01"],
        ),
        ("alpha", ["abc", "ABC", ""], ["a1", "é", "a b"]),
        ("required", ["x"], [""]),
        ("file", ["a.txt", "x/a.txt"], ["a", "x.d/a"]),
        ("nonfile", ["a"], ["a.txt"]),
        ("min(3)", ["3", "4"], ["2", "x"]),
        ("max(3)", ["3", "-9"], ["4", ""]),
        ("range(1,5)", ["1", "5"], ["0", "6", "x"]),
        ("range( 1 , 5 )", ["3"], ["9"]),
        ("length(3)", ["abc"], ["ab", "abcd"]),
        ("length(2,4)", ["ab", "abcd", "😀"], ["a", "abcde", "😀😀😀"]),
        ("minlength(2)", ["ab"], ["a"]),
        ("maxlength(2)", ["", "ab"], ["abc"]),
        ("regex(^\\d{3}$)", ["123"], ["12", "1234", "abc"]),
        ("regex((?<year>20\\d\\d))", ["in 2026"], ["1999"]),
        ("RANGE(1,5)", ["2"], ["7"]),
        ("Int", ["2"], ["b"]),
    ],
)
def test_allows_what_azure_allows(text: str, allowed: list[str], refused: list[str]) -> None:
    made = constraint(text)

    assert [value for value in allowed if not made.allows(value)] == []
    assert [value for value in refused if made.allows(value)] == []
    assert made.sample is None or made.allows(made.sample)


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        ("integer", "it is none of alpha, bool"),
        ("", "it is none of"),
        ("number(3)", "it is none of"),
        ("min", "write its arguments in brackets, as min(…)"),
        ("int(3)", "int takes no arguments"),
        ("range(1)", "range does not take 1 numbers"),
        ("min(x)", "min takes whole numbers"),
        ("min(3", "its bracket is not closed"),
        ("regex([)", "its pattern is wrong"),
    ],
)
def test_refuses_what_azure_does_not_know_and_says_what_would_do(text: str, remedy: str) -> None:
    with pytest.raises(BadConstraint) as caught:
        constraint(text)

    assert remedy in str(caught.value)
    assert caught.value.text == text
