"""`snakemake --lint` finds nothing but what cannot be otherwise here."""

from __future__ import annotations

import re

import pytest
from project import Project

EXPECTED = {
    # One pinned environment holds Snakemake and all jobs (docs/environments.md). A rule's own would be a second set.
    "Specify a conda environment or container for each rule.": None,
    # The study's file, the same in all rules. As a parameter it would be part of what makes results stale.
    "Shell command directly uses variable layout from outside of the rule": None,
    # It calls Snakemake once more for each study, and those calls have logs. It asks where this Snakefile stands.
    "No log directive defined": {"all_studies"},
    "Shell command directly uses variable workflow from outside of the rule": {"all_studies"},
}
"""What Snakemake says, and the rules about which it may say it; None for all rules."""


@pytest.fixture(scope="module")
def said(tmp_path_factory) -> set[tuple[str, str]]:
    """What the linter says: the rule (or the Snakefile) and the headline of its advice."""
    done = Project(tmp_path_factory.mktemp("lint")).call("snakemake", "--lint")
    parts = re.split(r"^Lints for (?:rule (\S+)|snakefile (\S+)).*:\n", done.stdout + done.stderr, flags=re.M)[1:]
    places = zip(parts[::3], parts[1::3], parts[2::3], strict=True)
    return {
        (rule or file, title)
        for rule, file, text in places
        for title in re.findall(r"^    \* (.+):\n", text, flags=re.M)
    }


def test_the_linter_says_what_cannot_be_otherwise_and_nothing_else(said):
    allowed = {(place, title) for place, title in said if title in EXPECTED and EXPECTED[title] is None}
    allowed |= {(rule, title) for title, rules in EXPECTED.items() for rule in rules or ()}
    assert said - allowed == set()
    assert {title for _, title in said} == set(EXPECTED), "an exception is not needed any more"
