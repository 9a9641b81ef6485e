"""Steps, as declared."""

import pytest

from dirigent.domain.steps import AskStep, ChooseStep

ASK = AskStep(name="go", agent="clerk", prompt="", output="went")
OTHER = AskStep(name="go", agent="lawyer", prompt="", output="went")
STEP = ChooseStep(name="go", choose="triage.kind", output="went", branches={"bill": ASK}, otherwise=OTHER)


@pytest.mark.parametrize(("branch", "taken"), [("bill", ASK), ("", OTHER), (None, OTHER)])
def test_takes_the_way_of_the_value(branch: str | None, taken: AskStep) -> None:
    assert STEP.taking(branch) == taken


def test_takes_no_way_that_was_not_declared() -> None:
    with pytest.raises(LookupError, match="The step 'go' goes no way"):
        ChooseStep(name="go", choose="triage.kind", output="went", branches={"bill": ASK}).taking("")
