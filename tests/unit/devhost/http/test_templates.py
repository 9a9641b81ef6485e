import pytest
from hypothesis import given
from hypothesis import strategies as st

from devhost.http.paths import segments
from devhost.http.templates import BadTemplate, template


def read(text: str, path: str) -> dict[str, str] | None:
    values = template(text).match(segments(path))
    return None if values is None else dict(values)


@pytest.mark.parametrize(
    ("text", "path", "values"),
    [
        ("", "/", {}),
        ("a/b", "/a/b", {}),
        ("a/b", "/A/B/", {}),
        ("a/b", "/a/b//", None),
        ("a/b", "/a//b", None),
        ("a/b", "/a", None),
        ("a/b", "/a/b/c", None),
        ("a b", "/a%20b", {}),
        ("/a", "/a", {}),
        ("a/", "/a", {}),
        ("~/a", "/a", {}),
        ("{{a}}", "/{a}", {}),
        ("{id}", "/5", {"id": "5"}),
        ("{id}", "/a%20%C3%A9%2Fb", {"id": "a é%2Fb"}),
        ("{id}", "/", None),
        ("x/{id?}", "/x", {}),
        ("x/{id?}", "/x/", {}),
        ("x/{id?}", "/x/5", {"id": "5"}),
        ("{a?}/y", "/y", None),
        ("{a?}/y", "/x/y", {"a": "x"}),
        ("{id:int}", "/5", {"id": "5"}),
        ("{id:int}", "/x", None),
        ("{id:int?}", "/", {}),
        ("{id:int?}", "/x", None),
        ("{id:int:min(1)}", "/0", None),
        ("{id:int:min(1)}", "/1", {"id": "1"}),
        ("{n:range(1,5)}", "/6", None),
        ("{s:length(2,4)}", "/abc", {"s": "abc"}),
        ("{name:alpha}", "/Ab", {"name": "Ab"}),
        ("{x:guid}", "/nope", None),
        ("{x:regex(^\\d{{3}}$)}", "/123", {"x": "123"}),
        ("{x:regex(^\\d{{3}}$)}", "/12", None),
        ("{x:regex(^(a|b:c)$)}/z", "/b:c/z", {"x": "b:c"}),
        ("{x:regex(^a/b$)=y}", "/", None),
        ("{a=1}", "/", {"a": "1"}),
        ("{a=1}", "/2", {"a": "2"}),
        ("{a:int=1}/{b=x}", "/7", {"a": "7", "b": "x"}),
        ("{*rest}", "/", {}),
        ("f/{*rest}", "/f/a/b%20c/", {"rest": "a/b c/"}),
        ("f/{**rest}", "/f/a//b", {"rest": "a//b"}),
        ("f/{*rest:regex(^a)}", "/f/b", None),
        ("f/{*rest=x}", "/f", {"rest": "x"}),
        ("v{n:int}", "/V2", {"n": "2"}),
        ("v{n:int}", "/vx", None),
        ("{a}-{b}", "/x-y-z", {"a": "x-y", "b": "z"}),
        ("{a}-{b}", "/-z", None),
        ("{name}.{ext?}", "/a.b.txt", {"name": "a.b", "ext": "txt"}),
        ("{name}.{ext?}", "/a", {"name": "a"}),
    ],
)
def test_matches_as_azure_does(text: str, path: str, values: dict[str, str] | None) -> None:
    assert read(text, path) == values


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a//b", "two slashes"),
        ("api//hello", "leading slash"),
        ("~a", "begins with '~'"),
        ("{a", "not closed"),
        ("{a{b}", "not closed"),
        ("a}", "closes nothing"),
        ("{}", "no usable name"),
        ("{*}", "no usable name"),
        ("{a*b}", "no usable name"),
        ("{a/b}", "no usable name"),
        ("a?b", "optional parameter"),
        ("{a}/{A}", "twice"),
        ("{a}{b}", "touch"),
        ("{*a}/b", "catch-all"),
        ("x{*a}", "catch-all"),
        ("{a=1?}", "optional already"),
        ("{*a?}", "optional already"),
        ("{a?}x", "in the middle"),
        ("x.{a?}", "in the middle"),
        ("x-{a?}", "in the middle"),
        ("{a:nope}", "it is none of"),
        ("{a:range(1}", "not understood"),
    ],
)
def test_refuses_what_azure_refuses(text: str, words: str) -> None:
    with pytest.raises(BadTemplate, match=words):
        template(text)


@pytest.mark.parametrize(
    ("precise", "wide"),
    [
        ("x/y", "x/v{a}"),
        ("x/v{a}", "x/{a}"),
        ("x/{a:int}", "x/{a}"),
        ("x/{a}", "x/{*a}"),
        ("x/{*a:int}", "x/{*a}"),
    ],
)
def test_ranks_by_how_much_a_template_says(precise: str, wide: str) -> None:
    assert template(precise).rank < template(wide).rank


@pytest.mark.parametrize(
    "text", ["a/{b}/c{d:int}", "{x:guid}/{*r}", "{n:range(3,5)}.{e?}", "{s:minlength(9)}"]
)
def test_a_sample_is_a_path_of_its_own_template(text: str) -> None:
    read_template = template(text)

    assert read_template.match(read_template.sample) is not None


@given(st.text(alphabet="{}*?:=/.()a1,~\\", max_size=20), st.text(alphabet="a1/.%~", max_size=20))
def test_reads_or_refuses_and_never_stumbles(text: str, path: str) -> None:
    try:
        read_template = template(text)
    except BadTemplate:
        return
    read_template.match(segments("/" + path))
