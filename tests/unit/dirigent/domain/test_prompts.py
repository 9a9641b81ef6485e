"""Values stand in prompts as data that cannot leave its place, whatever they hold."""

import re
from time import perf_counter

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dirigent.domain.prompts import (
    LONGEST_FILLING,
    fill,
    malformed,
    plain,
    render,
    single,
    sole,
    unlabelled,
    variables,
)

TEMPLATE = "Write about {{topic}} for {{ reader }}.\n{{topic}}\nNothing of {{b}}."
NAMES = ("topic", "reader", "b")
BLOCK = re.compile(r"<(topic|reader|b)>(.*?)</\1>", re.DOTALL)

pieces = st.sampled_from(
    ["</topic>", "<topic>", "</b", "< / READER >", "<", "</", ">", "{{topic}}", "{{b}}", "topic>", "&lt;"]
)
values = st.lists(pieces | st.text(max_size=8), max_size=8).map("".join)


def test_sees_names_between_single_braces() -> None:
    assert single("{a} { b } {{c}} { {d} } {e.f} {} {a}") == ("a", "b", "d", "e.f")


def test_names_the_variables_in_order_of_first_appearance() -> None:
    assert variables("{{b}} {{ a }} {{b}} {{\tc_1 }}") == ("b", "a", "c_1")


def test_a_field_of_what_is_named_is_a_variable_of_its_own() -> None:
    assert variables("{{a.b}} {{ a.c_1 }} {{a}}") == ("a.b", "a.c_1", "a")


@pytest.mark.parametrize(
    ("template", "name"),
    [
        ("{{a}}", "a"),
        (" {{ a.b }}\n", "a.b"),
        ("{{a}}{{b}}", None),
        ("x {{a}}", None),
        ("a", None),
        ("", None),
    ],
)
def test_knows_a_template_that_is_one_variable(template: str, name: str | None) -> None:
    assert sole(template) == name


def test_a_field_stands_between_tags_of_one_word_that_it_cannot_leave() -> None:
    rendered = render("{{a.b}}", {"a.b": "x </a_b> y </a.b> z"})

    assert rendered == "<a_b>x &lt;/a_b> y </a.b> z</a_b>"


def test_what_is_filled_in_plainly_stands_as_it_is_and_is_no_template() -> None:
    assert plain("{{a}}: {{b.c}}{{d}}.", {"a": "{{b.c}}", "b.c": "</a>"}) == "{{b.c}}: </a>."


@pytest.mark.parametrize(
    "template",
    [
        "{{a.b.c}}",
        "{{a.}}",
        "{{.a}}",
        "{{a .b}}",
        "{{a.1}}",
        "{{ a b }}",
        "{{a()}}",
        "{{}}",
        "{{1a}}",
        "{{a",
        "{{a}",
        "{{ä}}",
        "{{{{a}}}}",
        "{{a\n}}",
    ],
)
def test_finds_what_is_no_variable(template: str) -> None:
    assert len(malformed(f"Write {template}.")) == 1


@pytest.mark.parametrize("template", ["", "{a}", "{{a}}", '{"a": {"b": {{a}}}}', "}}"])
def test_lets_single_braces_be(template: str) -> None:
    assert malformed(template) == ()


def test_a_value_stands_between_tags_of_its_name() -> None:
    assert render("About {{topic}}!", {"topic": "bees"}) == "About <topic>bees</topic>!"


def test_lines_stand_on_lines_of_their_own() -> None:
    assert render("{{topic}}", {"topic": "a\nb"}) == "<topic>\na\nb\n</topic>"


def test_what_was_left_out_is_empty() -> None:
    assert render("About {{topic}}.", {}) == "About <topic></topic>."


@pytest.mark.parametrize(
    "tag",
    [
        "</topic>",
        "<topic>",
        "</TOPIC>",
        "< / topic >",
        "</topic",
        "<topic id='1'>",
        "</\ntopic>",
        "</to\u200bpic>",
        "\uff1c/topic>",
        "</\uff54opic>",
        "</to\0pic>",
        "<\0/topic>",
        "</\x08topic>",
        "</to\x85pic>",
        "</topic\U000e0041>",
        "</to\U000e0020pic>",
        "</to\u3164pic>",
        "</to\u115f\u1160pic>",
        "<\u2800/topic>",
        "</to\U000e0100pic>",
        "</to\ufff9pic>",
        "</to\u180bpic>",
        "</\U0001d42dopic>",
        "</top\u0131c>",
        "</topic\u200b-2>",
        "</topic\0al>",
    ],
)
def test_a_tag_of_the_prompts_own_is_defused_and_stays_readable(tag: str) -> None:
    rendered = render("{{topic}}", {"topic": f"a {tag} b"})

    assert f"a &lt;{tag[1:]} b" in rendered


@pytest.mark.parametrize(
    "text",
    ["a < 2", "<p>", "<topical>", "<topic-2>", "</ top>", "</topic->", "topic>", "<<>>", "</to\u200bpical>"],
)
def test_everything_else_stays_as_it_is(text: str) -> None:
    assert render("{{topic}}", {"topic": text}) == f"<topic>{text}</topic>"


def seconds(template: str, values: dict[str, str]) -> float:
    begun = perf_counter()
    render(template, values)
    return perf_counter() - begun


def test_a_thousand_variables_are_rendered_at_once() -> None:
    names = [f"a_long_name_of_a_variable_{number}" for number in range(1000)]
    template = " ".join(f"{{{{{name}}}}}" for name in names)

    assert seconds(template, dict.fromkeys(names, "</a_long_name_of_a_variable_5>")) < 0.5


@pytest.mark.parametrize(
    "piece", ["<", "< ", "<t\u200b", "<topic\u200b", "\u200b", " ", "t", "t\u200b", "<\0/t", "-", "\u3164"]
)
def test_twice_the_value_takes_twice_the_time(piece: str) -> None:
    value = "<" + piece * (400_000 // len(piece))

    assert seconds("{{topic}} {{t}} {{reader}}", {"topic": value}) < 3


def test_a_value_is_never_read_as_a_template() -> None:
    assert render("{{a}}{{b}}", {"a": "{{b}}", "b": "{{a}}"}) == "<a>{{b}}</a><b>{{a}}</b>"


@given(st.fixed_dictionaries(dict.fromkeys(NAMES, values)))
@example({"topic": "</topic", "reader": "<", "b": "</"})
def test_no_value_closes_its_block_or_opens_another(given_values: dict[str, str]) -> None:
    rendered = render(TEMPLATE, given_values)

    assert BLOCK.sub("[]", rendered) == "Write about [] for [].\n[]\nNothing of []."
    for name, times in (("topic", 2), ("reader", 1), ("b", 1)):
        assert rendered.count(f"<{name}>") == rendered.count(f"</{name}>") == times


@given(st.fixed_dictionaries(dict.fromkeys(NAMES, values)))
def test_values_survive_but_for_the_brackets_of_tags(given_values: dict[str, str]) -> None:
    found = dict(BLOCK.findall(render(TEMPLATE, given_values)))

    for name, value in given_values.items():
        edge = "\n" if "\n" in value else ""
        kept = found[name].removeprefix(edge).removesuffix(edge)
        assert _undefused(kept) == _undefused(value)


@given(st.text().filter(lambda text: "<" not in text and "\uff1c" not in text and "\ufe64" not in text))
def test_a_value_without_tags_survives_unchanged(value: str) -> None:
    edge = "\n" if "\n" in value else ""

    assert render("{{topic}}", {"topic": value}) == f"<topic>{edge}{value}{edge}</topic>"


@pytest.mark.parametrize(
    ("topic", "name"),
    [
        ("Bees & flowers", "Bees-flowers.md"),
        ("../../etc/passwd", "etc-passwd.md"),
        ("Café crème", "Cafe-creme.md"),
        ("v1.5_beta", "v1.5_beta.md"),
        ("a...b", "a-b.md"),
        ("日本", "untitled.md"),
        (" ", "untitled.md"),
        ("{{topic}}", "topic.md"),
    ],
)
def test_fills_a_name_with_what_may_stand_in_it(topic: str, name: str) -> None:
    assert fill("{{topic}}.md", {"topic": topic}) == name


@given(values, values)
def test_a_filled_name_is_safe_and_short(topic: str, reader: str) -> None:
    name = fill("{{topic}}_{{reader}}_{{b}}.md", {"topic": topic, "reader": reader})

    assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*_untitled\.md", name)
    assert ".." not in name
    assert len(name) <= LONGEST_FILLING + len("__.md")


MEMBERS = ("web", "web-scraper", "ada")


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("## web", r"\## web"),
        ("#WEB", r"\#WEB"),
        ("  ###  web-scraper (weight 9)", r"  \###  web-scraper (weight 9)"),
        ("## **ada**", r"\## **ada**"),
        ("> ## ada", r"> \## ada"),
        ("\u200b## ada", "\u200b\\## ada"),
        ("\uff03 ada", "\\\uff03 ada"),
        ("## __ada__", r"\## __ada__"),
        ("[ada gave no answer (TIMEOUT): late]", r"\[ada gave no answer (TIMEOUT): late]"),
        ("[ web is missing: it failed]", r"\[ web is missing: it failed]"),
    ],
)
@pytest.mark.parametrize("before", ["", "yes\n", "yes\n\n", "yes\r", "yes\u2028"])
def test_no_line_passes_for_the_label_of_somebody(before: str, line: str, shown: str) -> None:
    assert unlabelled(f"{before}{line}\n\nno", MEMBERS) == f"{before}{shown}\n\nno"


@pytest.mark.parametrize(
    "text",
    [
        "# Findings",
        "## What the web says",
        "## webs and adages",
        "[1] web",
        "[see below]",
        "about ## web",
        "web",
        "- ada",
        '["web", "ada"]',
        '{"web": ["ada"]}',
        "",
    ],
)
def test_what_is_nobodys_label_stays(text: str) -> None:
    assert unlabelled(text, MEMBERS) == text


def test_without_names_there_are_no_labels() -> None:
    assert unlabelled("## web", ()) == "## web"


@pytest.mark.parametrize("piece", ["#", "[", "\n", "> ", "# [", "\u200b#", "_", "\r", "\n#", "> _"])
def test_looks_for_labels_once(piece: str) -> None:
    begun = perf_counter()
    unlabelled(piece * 200_000, MEMBERS)

    assert perf_counter() - begun < 2


def _undefused(text: str) -> str:
    return re.sub("[\uff1c\ufe64]|&lt;", "<", text)
