"""A finding reads like a compiler's."""

from pathlib import Path

from dirigent.declarations.findings import MOST_TOLD, CatalogueRefused, Finding, Place, Report


def test_a_finding_names_file_line_and_key() -> None:
    finding = Finding(file="models.yaml", path="models.main", line=3, message="Is odd.")

    assert str(finding) == "models.yaml:3: models.main: Is odd."


def test_a_finding_of_a_whole_file_has_neither_line_nor_key() -> None:
    assert str(Finding(file="models.yaml", path="", line=0, message="Is odd.")) == "models.yaml: Is odd."


def test_places_grow_by_keys_and_items() -> None:
    place = Place(file="a.yaml", path="workflows").key("w", 1).key("steps", 2).item(2, 5).key("prompt", 6)

    assert (place.path, place.line) == ("workflows.w.steps[2].prompt", 6)


def test_a_report_is_read_from_top_to_bottom_and_says_nothing_twice() -> None:
    report = Report()
    for line in (5, 2, 2):
        report.add(Place(file="a.yaml", path="a", line=line), "Is odd.")

    assert [finding.line for finding in report.refusal(Path("catalogue")).findings] == [2, 5]


def test_a_refusal_tells_every_finding() -> None:
    findings = tuple(Finding(file="a.yaml", path="a", line=n, message="Is odd.") for n in (1, 2))

    refused = CatalogueRefused(Path("catalogue"), findings)

    assert str(refused).endswith(":\n  a.yaml:1: a: Is odd.\n  a.yaml:2: a: Is odd.")


def test_a_hundred_thousand_findings_are_counted_and_the_first_are_told() -> None:
    report = Report()
    # Were each compared with all before it, this would take hours.
    for line in range(100_000, 0, -1):
        report.add(Place(file="a.yaml", line=line), "Is odd.")

    refused = report.refusal(Path("catalogue"))

    assert [finding.line for finding in refused.findings] == list(range(1, MOST_TOLD + 1))
    assert str(refused).endswith(f"\n  a.yaml:{MOST_TOLD}: Is odd.\n  and 99,800 more")
