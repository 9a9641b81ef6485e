"""The script by which the scripted model fails, dawdles, says what it is told to and keeps a journal."""

import re
from pathlib import Path

import pytest

from dirigent.adapters.model_script import (
    WORDS,
    Answered,
    Dictated,
    Rule,
    Script,
    ScriptRefused,
    Word,
)

DOCUMENT = Path(__file__).resolve().parents[4] / "docs" / "scripted-model.md"
EXAMPLES = re.findall(r"^```yaml\n(.*?)^```$", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def written(folder: Path, text: str) -> Path:
    path = folder / "script.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def refused(folder: Path, text: str) -> ScriptRefused:
    with pytest.raises(ScriptRefused) as caught:
        Script.read(written(folder, text))
    return caught.value


def test_reads_a_script(tmp_path: Path) -> None:
    text = """
        pace: 0.5
        journal: calls.jsonl
        faults:
        - {agent: scout, after: 1, times: 2, fault: {status: 429, retry_after: 7}}
        - {deployment: large, contains: tea, fault: timeout}
        - {fault: {slow: 3}}
        answers:
        - {agent: judge, times: 1, answer: {verdict: yes, "sure": 1}}
        - {contains: tea, answer: I do not know.}
    """

    script = Script.read(written(tmp_path, text))

    assert script == Script(
        pace=0.5,
        journal=str(tmp_path / "calls.jsonl"),
        faults=(
            Rule(agent="scout", after=1, times=2, fault=Answered(status=429, retry_after=7.0)),
            Rule(deployment="large", contains="tea", fault="timeout"),
            Rule(fault=Answered(slow=3.0)),
        ),
        answers=(
            Dictated(agent="judge", times=1, answer={"verdict": True, "sure": 1}),
            Dictated(contains="tea", answer="I do not know."),
        ),
    )


@pytest.mark.parametrize("example", EXAMPLES, ids=range(len(EXAMPLES)))
def test_reads_every_example_in_the_document(example: str, tmp_path: Path) -> None:
    assert Script.read(written(tmp_path, example)) != Script()


@pytest.mark.parametrize("word", WORDS)
def test_takes_every_word_for_a_fault(word: Word, tmp_path: Path) -> None:
    text = f"models: [large, small]\nfaults: [{{fault: {word}}}]\n"

    script = Script.read(written(tmp_path, text))

    assert script == Script(models=("large", "small"), faults=(Rule(fault=word),))
    assert f"| `{word}` |" in DOCUMENT.read_text(encoding="utf-8")


def test_the_document_has_examples() -> None:
    assert len(EXAMPLES) >= 3


@pytest.mark.parametrize(
    ("text", "path", "problem"),
    [
        ("", "", "it holds no mapping"),
        ("- pace", "", "it holds no mapping"),
        ("pace: [", "", "it is no YAML"),
        (
            "speed: 1",
            "speed",
            "unknown key. The keys here are 'answers', 'faults', 'journal', 'models', 'pace'.",
        ),
        ("fault: []", "fault", "unknown key. Did you mean 'faults'?"),
        ("5: 1", "5", "unknown key"),
        ("pace: fast", "pace", "Expected `float`"),
        ("pace: -1", "pace", "Expected `float` >= 0"),
        ("pace: .inf", "pace", "Expected `float` <= "),
        ("journal: 5", "journal", "Expected `str"),
        ("faults: {fault: timeout}", "faults", "Expected `array`"),
        ("faults: [timeout]", "faults[0]", "Expected `object`"),
        ("faults: [{after: 1}]", "faults[0]", "the key `fault` is missing"),
        ("faults: [{fault: boom}]", "faults[0].fault", "'boom' is no fault. Write {status: 429}"),
        ("faults: [{fault: timout}]", "faults[0].fault", "'timout' is no fault. Did you mean 'timeout'?"),
        (
            "faults: [{fault: truncate}]",
            "faults[0].fault",
            "'truncate' is no fault. Did you mean 'truncated'?",
        ),
        ("models: large", "models", "Expected `array`"),
        ("faults: [{fault: 429}]", "faults[0].fault", "'429' is no fault"),
        ("faults: [{fault: []}]", "faults[0].fault", "'[]' is no fault"),
        ("faults: [{fault: {}}]", "faults[0].fault", "it needs `status` or `slow`"),
        ("faults: [{fault: {statos: 429}}]", "faults[0].fault.statos", "Did you mean 'status'?"),
        ("faults: [{fault: {status: 500, slow: 1}}]", "faults[0].fault", "it needs `status` or `slow`"),
        ("faults: [{fault: {status: 200}}]", "faults[0].fault.status", "Expected `int` >= 400"),
        (
            "faults: [{fault: timeout}, {fault: {status: 500, retry_after: 1}}]",
            "faults[1].fault.retry_after",
            "429",
        ),
        ("faults: [{fault: timeout, times: 0}]", "faults[0].times", "Expected `int` >= 1"),
        ("faults: [{fault: timeout, after: -1}]", "faults[0].after", "Expected `int` >= 0"),
        ("faults: [{fault: timeout, agents: a}]", "faults[0].agents", "Did you mean 'agent'?"),
        ("answers: [{agent: judge}]", "answers[0]", "the key `answer` is missing"),
        ("answers: [{answer: [1]}]", "answers[0].answer", "Expected `str | object`"),
        ("answers: [{answer: fine, fault: timeout}]", "answers[0].fault", "unknown key"),
        ("journal: nowhere/calls", "journal", "its folder does not exist"),
    ],
)
def test_refuses_what_it_cannot_follow(text: str, path: str, problem: str, tmp_path: Path) -> None:
    refusal = refused(tmp_path, text)

    (mistake,) = refusal.mistakes
    assert refusal.file == tmp_path / "script.yaml"
    assert mistake.path == path
    assert problem in str(mistake)
    assert mistake.remedy.endswith((".", "?"))
    assert all(part in str(refusal) for part in (str(refusal.file), str(mistake)))


def test_tells_every_mistake_at_once_with_the_number_of_its_rule(tmp_path: Path) -> None:
    text = "pce: 1\nfaults:\n- {fault: timeout}\n- {fault: {status: 1}, aftr: 2, times: x}\n- 7\n"

    refusal = refused(tmp_path, text)

    assert [str(mistake).partition(":")[0] for mistake in refusal.mistakes] == [
        "pce",
        "faults[1].aftr (rule 2)",
        "faults[1].times (rule 2)",
        "faults[1].fault.status (rule 2)",
        "faults[2] (rule 3)",
    ]
    assert refusal.speaks_for_itself


def test_refuses_what_is_not_there_or_no_text(tmp_path: Path) -> None:
    (tmp_path / "script.yaml").write_bytes(b"\xff\xfe\x00")

    for path in (tmp_path / "none.yaml", tmp_path, tmp_path / "script.yaml"):
        with pytest.raises(ScriptRefused, match=re.escape(str(path))):
            Script.read(path)
