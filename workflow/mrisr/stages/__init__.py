"""The stages: one file is one stage, with everything about it except its science."""

ORDER = (
    "fetch",
    "check",
    "slice",
    "register",
    "degrade",
    "kernels",
    "network",
    "brisque",
    "train",
    "evaluate",
    "baseline",
    "tabulate",
    "figure",
    "report",
)
"""The table of contents, in the order of the data flow: names of the modules here, and of the stages in them."""
