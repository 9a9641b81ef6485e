"""Runs of the shipped workflows, from the request that starts them to the task that has ended."""

from pathlib import Path
from typing import Any

import surroundings
from content_host import ContentHost, content_host
from driver import ROOT

from dirigent.declarations import read
from dirigent.domain.catalogue import Catalogue

CATALOGUE = ROOT / "catalogue"


def catalogue() -> Catalogue:
    """What is shipped."""
    return read(CATALOGUE)


def sample(workflow: str) -> dict[str, Any]:
    """The input that the workflow declares to be tried with."""
    return dict(catalogue().workflows[workflow].sample)


def ran(folder: Path, workflow: str, *answers: dict[str, Any], **given: Any) -> Any:
    """The task of one run, of the workflow's sample where nothing is given; some answers may be dictated."""
    with content_host(folder, script={"answers": list(answers)}) as host:
        return ended(host, workflow, **given)


def ended(host: ContentHost, workflow: str, **given: Any) -> Any:
    """The same on a host that is there."""
    return host.ended(host.start(given or sample(workflow), workflow)["task_id"])


def says(agent: str, **answer: Any) -> dict[str, Any]:
    """A rule by which the agent gives this answer."""
    return {"agent": agent, "answer": answer}


def published(address: str) -> str:
    """What is stored there."""
    return surroundings.present().published(address)
