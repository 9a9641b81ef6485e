"""A folder is read as a whole, and refused as a whole."""

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dirigent.declarations import CatalogueRefused, Finding, read

Find = Callable[..., list[Finding]]
SHIPPED = Path(__file__).resolve().parents[4] / "catalogue"


def test_the_shipped_catalogue_is_in_order() -> None:
    catalogue = read(SHIPPED)

    steps = {step.name: step for step in catalogue.workflows["content-creation"].steps}
    assert list(steps) == ["research", "write", "edit", "publish"]
    assert [step.record for step in steps.values()] == ["research", "writing", "editing", "publishing"]
    assert [step.output for step in steps.values()] == ["research", "draft", "edited", "address"]


def test_agents_and_models_nobody_uses_are_fine(findings: Find) -> None:
    spare = "spare: {description: d, instructions: i, model: more}"

    assert (
        findings(**{"agents/spare": spare, "models": "{main: {deployment: a}, more: {deployment: b}}"}) == []
    )


def test_accounts_may_be_left_out_but_not_empty(findings: Find) -> None:
    assert findings() == []
    assert [finding.file for finding in findings(accounts="# none yet\n")] == ["accounts.yaml"]


def test_tells_every_mistake_of_an_account(findings: Find) -> None:
    accounts = """\
acme:
  limits: {minute: 0, weeks: 5}
  user: {minute: 5}
none:
"a\\nb": {}
"""

    found = findings(accounts=accounts)

    assert [(finding.file, finding.path, finding.line) for finding in found] == [
        ("accounts.yaml", "accounts.acme.limits.weeks", 2),
        ("accounts.yaml", "accounts.acme.limits.minute", 2),
        ("accounts.yaml", "accounts.acme.user", 3),
        ("accounts.yaml", "accounts.none", 4),
        ("accounts.yaml", "accounts.a\nb", 5),
    ]


def test_tells_of_a_name_declared_in_two_files(findings: Find) -> None:
    (found,) = findings(**{"agents/more": "baker: {description: d, instructions: i, model: main}"})

    assert (found.file, found.path) == ("agents/more.yaml", "agents.baker")
    assert found.message == "'baker' is declared already, in agents/desk.yaml:1: rename one of them."


def test_tells_of_a_name_declared_twice_in_one_file(findings: Find) -> None:
    (found,) = findings(models="main: {deployment: a}\nmain: {deployment: b}\n")

    assert (found.line, found.path) == (2, "models.main")


def test_tells_every_mistake_of_every_file_at_once(findings: Find) -> None:
    found = findings(
        **{
            "models": "main: {deployment: 5}\nother: {deployment: a, price: 1}\n",
            "agents/desk": "baker: {description: d, instructions: i, model: mian}\n",
            "agents/more": "a: [",
            "agents/none": "",
            "workflows/more": "flat: 5\n",
        }
    )

    assert [(finding.file, finding.path) for finding in found] == [
        ("agents/desk.yaml", "agents.baker.model"),
        ("agents/more.yaml", ""),
        ("agents/none.yaml", ""),
        ("models.yaml", "models.main.deployment"),
        ("models.yaml", "models.other.price"),
        ("workflows/more.yaml", "workflows.flat"),
    ]


def test_wants_models_agents_and_a_workflow(tmp_path: Path) -> None:
    with pytest.raises(CatalogueRefused) as refused:
        read(tmp_path)

    assert [finding.message.partition(":")[0] for finding in refused.value.findings] == [
        "No agent is declared",
        "No model is declared",
        "No workflow is declared",
    ]


@pytest.mark.parametrize(
    ("gone", "says"),
    [("models.yaml", "No model is declared"), ("agents/desk.yaml", "No agent is declared")],
)
def test_what_is_not_there_at_all_is_told_once(declare: Callable[..., Path], gone: str, says: str) -> None:
    folder = declare()
    (folder / gone).unlink()

    with pytest.raises(CatalogueRefused) as refused:
        read(folder)

    (found,) = refused.value.findings
    assert says in found.message


def test_a_folder_that_is_misspelt_is_the_only_mistake(declare: Callable[..., Path]) -> None:
    folder = declare()
    (folder / "agents").rename(folder / "agent")

    with pytest.raises(CatalogueRefused) as refused:
        read(folder)

    (found,) = refused.value.findings
    assert str(found) == "agent: Nobody reads this folder: did you mean agents/?"


def test_a_refusal_speaks_for_itself() -> None:
    assert CatalogueRefused.speaks_for_itself


DATA = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["{{grain}}", "{{", "{{loaf}}", "loaf", "baker", "main", "grain"])
    | st.dates(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["name", "agent", "publish", "a", "value"]) | st.text(max_size=4), inner
        )
    ),
    max_leaves=5,
)


@st.composite
def somewhere(draw: st.DrawFn) -> tuple[str, object]:
    """A file of the good catalogue, with arbitrary data put somewhere into it."""
    name = draw(st.sampled_from(["models", "accounts", "agents/desk", "workflows/bread"]))
    return name, draw(
        st.lists(st.tuples(st.lists(st.integers(0, 20), max_size=6), DATA), min_size=1, max_size=3)
    )


def _put(tree: object, path: list[int], data: object) -> object:
    if not path or not isinstance(tree, dict | list) or not tree:
        return data
    at = path[0] % len(tree)
    if isinstance(tree, list):
        return [_put(item, path[1:], data) if n == at else item for n, item in enumerate(tree)]
    return {
        key: _put(item, path[1:], data) if n == at else item for n, (key, item) in enumerate(tree.items())
    }


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(change=somewhere())
def test_arbitrary_data_anywhere_is_read_or_refused(
    declare: Callable[..., Path], change: tuple[str, list[tuple[list[int], object]]]
) -> None:
    name, puts = change
    accounts = "default: {limits: {hour: 70}, users: unlimited}\nacme: {limits: {minute: 60}}\n"
    model = "{deployment: gpt, endpoint: here, dialect: {temperature: false}, breaker: {trials: 2}}"
    good = declare(accounts=accounts, models=f"main: {model}\ntwin: {model}\n")
    tree: object = yaml.safe_load((good / f"{name}.yaml").read_bytes())
    for path, data in puts:
        tree = _put(tree, path, data)
    folder = declare(**{name: yaml.safe_dump(tree, allow_unicode=True)})

    assert _read_or_refused(folder) in ("read", "refused")


@settings(deadline=None)
@given(st.binary(max_size=60), st.sampled_from(["models.yaml", "agents/a.yaml", "workflows/w.yaml"]))
def test_arbitrary_bytes_are_refused(content: bytes, name: str) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)

        assert _read_or_refused(Path(folder)) == "refused"


def _read_or_refused(folder: Path) -> str:
    try:
        read(folder)
    except CatalogueRefused as refused:
        told = [finding for finding in refused.findings if finding.message]
        return "refused" if told else "refused without a word"
    return "read"
