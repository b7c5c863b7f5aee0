"""The stages: one file is one stage, with everything about it except its science."""

ORDER = (
    "fetch",
    "check",
    "slice",
    "mask",
    "register",
    "degrade",
    "kernels",
    "network",
    "brisque",
    "train",
    "evaluate",
    "baseline",
    "parameters",
    "runtimes",
    "diversity",
    "route",
    "tabulate",
    "figure",
    "explorer",
    "report",
)
"""The modules of this package and the stages in them, in the order of the data flow."""
