"""Every shipped workflow runs as it is shipped, and its result holds what the workflow is for."""

from pathlib import Path
from typing import Any

import pytest
from content_host import content_host
from shipped import catalogue, ended, published, ran, sample, says

WORKFLOWS = sorted(catalogue().workflows)
PATTERNS = {name: catalogue().workflows[name].pattern for name in WORKFLOWS}
LETTERS = {
    "invoice": "Invoice 8: for the repair of a bicycle, 80.00. Please pay the invoice by 3 May.",
    "contract": "This contract is made for a year. The contract ends without notice.",
    "complaint": "This is a complaint: the bicycle has the same fault. My first complaint is a week old.",
    "other": "The street will be closed on Monday.",
}


@pytest.mark.parametrize("workflow", WORKFLOWS)
def test_the_sample_runs_to_a_result_of_the_declared_fields(tmp_path: Path, workflow: str) -> None:
    task = ran(tmp_path, workflow)

    counted = set() if PATTERNS[workflow] == "sequential" else {"completed_agents", "timed_out"}
    assert (task["status"], task["type"]) == ("completed", catalogue().workflows[workflow].type)
    assert set(task["result"]) == set(catalogue().workflows[workflow].result) | counted
    assert task["input"] == chosen(workflow) | sample(workflow)


def chosen(workflow: str) -> dict[str, Any]:
    """The branches that are sent out where an input does not say which."""
    declared = catalogue().workflows[workflow]
    if declared.select is None or declared.team is None:
        return {}
    return {declared.select: list(declared.team.names)}


@pytest.mark.parametrize("workflow", WORKFLOWS)
def test_whoever_forgets_a_field_is_told_which(tmp_path: Path, workflow: str) -> None:
    required = [field for field in catalogue().workflows[workflow].input if field.required]

    with content_host(tmp_path) as host:
        reply = host.host.request("POST", f"/api/workflows/{workflow}", json={})

    assert (reply.status, reply.json()["error"]) == (400, required[0].missing)


def test_a_module_that_is_released_is_deployed(tmp_path: Path) -> None:
    result = ran(tmp_path, "code-generation")["result"]

    address = result["address"]
    compile(result["code"], "module.py", "exec")
    compile(result["tests"], "test_module.py", "exec")
    assert (result["verdict"], published(address)) == ("release", result["code"])
    assert address.endswith(".py")
    assert "draft" not in address.rpartition("/")[2]


def test_a_module_that_is_held_is_a_draft(tmp_path: Path) -> None:
    held = says("tester", tests="assert False", problems=["It is wrong for 0."], verdict="hold")

    result = ran(tmp_path, "code-generation", held)["result"]

    assert (result["verdict"], result["problems"]) == ("hold", ["It is wrong for 0."])
    assert "draft-Turn-titles" in result["address"]


def test_a_report_rests_on_the_figures_of_the_data(tmp_path: Path) -> None:
    result = ran(tmp_path, "report-generation")["result"]

    data = " ".join(str(sample("report-generation")["data"]).split())
    assert result["figures"]
    assert all(figure in data for figure in result["figures"])
    assert "```mermaid" in result["chart"]
    assert "| 690 |" in result["chart"]
    assert result["words"] == len(result["report"].split()) > 100
    assert result["question"].rstrip("?") in result["report"]


def test_a_pipeline_keeps_the_table_and_publishes_the_report(tmp_path: Path) -> None:
    result = ran(tmp_path, "data-pipeline")["result"]

    assert (result["columns"], result["rows"]) == (["parcel", "district", "promised", "arrived"], 5)
    assert "103,Harbour,2024-03-02," in result["cleaned"]
    assert result["transformed"].startswith("parcel,district")
    assert published(result["address"]) == result["report"]


@pytest.mark.parametrize("kind", LETTERS)
def test_a_document_goes_the_way_of_its_kind(tmp_path: Path, kind: str) -> None:
    declared = catalogue().workflows
    nested = {"invoice": "invoice-check", "contract": "contract-reading"}.get(kind)

    result = ran(tmp_path, "document-processing", document=LETTERS[kind], reference="A 7")["result"]

    assert result["kind"] == kind
    assert result["address"].endswith(f"A-7-{kind}.md")
    assert published(result["address"]) == result["note"]
    if nested is None:
        assert isinstance(result["processed"], str)
    else:
        assert set(declared[nested].result) <= set(result["processed"])


def test_an_invoice_is_read_to_the_cent(tmp_path: Path) -> None:
    result = ran(tmp_path, "invoice-check")["result"]

    assert (result["total"], result["advice"]) == (642.6, "pay")
    assert len(result["items"]) > 1


@pytest.mark.parametrize(
    ("route", "brings"),
    [
        ("research", {"query", "sources", "summary"}),
        ("article", {"topic", "final_article"}),
        ("operator", None),
    ],
)
def test_an_errand_is_carried_out_by_whom_it_is_allocated_to(
    tmp_path: Path, route: str, brings: set[str] | None
) -> None:
    result = ran(tmp_path, "automation", says("dispatcher", route=route, order="Do it."))["result"]

    assert (result["route"], len(result["plan"])) == (route, 3)
    assert result["state"] in ("done", "partly", "failed")
    assert result["evidence"]
    assert isinstance(result["executed"], str) if brings is None else brings <= set(result["executed"])


def test_runs_one_after_another_do_not_disturb_each_other(tmp_path: Path) -> None:
    with content_host(tmp_path) as host:
        first: Any = ended(host, "invoice-check")
        ended(host, "document-processing", document=LETTERS["invoice"], reference="A 8")
        again: Any = ended(host, "invoice-check")

    assert first["result"] == again["result"]
