"""Which calls of Snakemake only look: every spelling that Snakemake itself accepts."""

from __future__ import annotations

import pytest
from mrisr.running.looking import LONG, SHORT, looks_only
from snakemake.cli import get_argument_parser

OPTIONS = {option: action for action in get_argument_parser()._actions for option in action.option_strings}


def beginnings(option: str) -> list[str]:
    """Beginnings of an option that Snakemake takes for it: those that begin no option of another meaning."""
    cuts = [option[:length] for length in range(3, len(option) + 1)]
    # argparse prefers an option that is spelled out to one that is abbreviated.
    return [
        cut
        for cut in cuts
        if {OPTIONS[o].dest for o in ([cut] if cut in OPTIONS else OPTIONS) if o.startswith(cut)}
        == {OPTIONS[option].dest}
    ]


@pytest.mark.parametrize("option", LONG)
def test_every_abbreviation_of_an_option_that_looks_counts(option):
    accepted = beginnings(option)
    assert option in accepted
    assert [cut for cut in accepted if not looks_only(["-c1", cut])] == []


def test_no_spelling_of_an_option_that_runs_counts():
    looking = {OPTIONS[option].dest for option in (*LONG, *(f"-{letter}" for letter in SHORT))}
    running = [option for option, action in OPTIONS.items() if action.dest not in looking]
    assert len(running) > 100
    cuts = [cut for option in running for cut in (beginnings(option) if option.startswith("--") else [option])]
    assert [cut for cut in cuts if looks_only([cut])] == []


@pytest.mark.parametrize("word", ["-S", "-pS", "-npD", "-t", "-l", "--summ", "--rep=report.html"])
def test_words_that_look(word):
    assert looks_only([word])


@pytest.mark.parametrize("word", ["-c2", "-jS", "-sSnakefile", "-dlist", "--", "results/summary", "-pk", "--re"[:2]])
def test_words_that_do_not_look(word):
    assert not looks_only([word])
