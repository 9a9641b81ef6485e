"""Which versions a host runs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devhost.engine.versions import VersionPolicy, is_newer

VERSIONS = ["", "1", "1.0", "1.0.1", "1.2", "1.10", "2.0-preview", "2", "2.0"]


@pytest.mark.parametrize(("older", "newer"), [("1.0.1", "1.2"), ("1.2", "1.10"), ("1.10", "2.0-preview")])
def test_compares_numbers_as_numbers(older: str, newer: str) -> None:
    assert (is_newer(newer, older), is_newer(older, newer)) == (True, False)


@given(one=st.sampled_from(VERSIONS), other=st.sampled_from(VERSIONS))
def test_never_calls_two_versions_newer_than_each_other(one: str, other: str) -> None:
    assert not (is_newer(one, other) and is_newer(other, one))


@pytest.mark.parametrize(
    ("older", "newer"), [("1.0", "1.0.0"), ("2", "2.0"), ("10", "9"), ("1.0.0-a", "1.0.0-B")]
)
def test_orders_odd_versions_as_dotnet_does(older: str, newer: str) -> None:
    assert (is_newer(newer, older), is_newer(older, newer)) == (True, False)


@pytest.mark.parametrize(("version", "runs"), [("", True), ("1.0", True), ("99", False)])
def test_runs_the_current_version_and_older_ones_unless_told_otherwise(version: str, runs: bool) -> None:
    assert (VersionPolicy(own="1.0").mismatch(version) is None) == runs


def test_none_runs_everything() -> None:
    assert VersionPolicy(own="1.0", strategy="None").mismatch("99") is None


@pytest.mark.parametrize(("version", "runs"), [("1.0", True), ("1.1", False), ("", False)])
def test_strict_runs_its_own_version_only(version: str, runs: bool) -> None:
    assert (VersionPolicy(own="1.0", strategy="Strict").mismatch(version) is None) == runs


@pytest.mark.parametrize(("version", "runs"), [("1.0", True), ("0.9", True), ("", True), ("1.0.1", False)])
def test_current_or_older_runs_no_newer_one(version: str, runs: bool) -> None:
    assert (VersionPolicy(own="1.0", strategy="CurrentOrOlder").mismatch(version) is None) == runs
