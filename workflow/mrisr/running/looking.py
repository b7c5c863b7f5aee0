"""Recognises calls of Snakemake that run nothing, by their options. Such calls must not move files."""

from __future__ import annotations

from collections.abc import Iterable

LONG = (
    # Show rules, files or the graph.
    *("--summary", "--detailed-summary", "--list", "--list-rules", "--list-target-rules", "--lt", "--lint", "--report"),
    *("--list-changes", "--lc", "--list-input-changes", "--li", "--list-params-changes", "--lp", "--list-untracked"),
    *("--lu", "--list-conda-envs", "--dag", "--rulegraph", "--filegraph", "--d3dag", "--print-compilation"),
    # Write or delete something, but not by jobs.
    *("--archive", "--containerize", "--export-cwl", "--generate-unit-tests", "--touch", "--unlock"),
    *("--cleanup-metadata", "--cm", "--cleanup-shadow", "--conda-cleanup-envs", "--conda-create-envs-only"),
    *("--container-cleanup-images", "--delete-all-output", "--delete-temp-output"),
)
"""Options with which nothing is run."""
SHORT = set("DSlt")
SHORT_WITH_VALUE = set("CORTUPcdejqsw")
"""One-letter options whose value may follow in the same word."""


def looks_only(arguments: Iterable[str]) -> bool:
    """Whether one of Snakemake's arguments says that nothing is to be run.

    Snakemake accepts ``--summ`` for ``--summary``, so every prefix of such an option counts. Snakemake itself refuses
    an ambiguous prefix before it reads any file.
    """
    return any(_looks(argument) for argument in arguments)


def _looks(argument: str) -> bool:
    name = argument.partition("=")[0]
    if name.startswith("--"):
        return len(name) > 2 and any(option.startswith(name) for option in LONG)
    return name.startswith("-") and _is_among_letters(name[1:])


def _is_among_letters(letters: str) -> bool:
    """Whether a word of one-letter options, such as ``-pS``, holds one of `SHORT`."""
    for letter in letters:
        if letter in SHORT:
            return True
        if letter in SHORT_WITH_VALUE:
            return False
    return False
