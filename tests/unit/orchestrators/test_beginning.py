"""What a run begins with."""

from typing import Any

import pytest

from dirigent import codec
from dirigent.domain.runs import StartRun
from orchestrators.beginning import CopyRefused, begun


def test_knows_what_it_was_started_with(start: StartRun, rehearse: Any) -> None:
    context = rehearse(None)
    context.given = codec.encode(start)

    assert begun(context) == start


def test_a_copy_under_another_id_does_nothing(start: StartRun, rehearse: Any) -> None:
    context = rehearse(None)
    context.given, context.instance_id = codec.encode(start), "another"

    with pytest.raises(CopyRefused, match="copy of the run 'run'"):
        begun(context)
