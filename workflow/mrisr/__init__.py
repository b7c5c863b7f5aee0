"""How much is an MRI super-resolution model biased toward the degradation it was trained on?

The library behind the Snakemake workflow. It imports nothing of Snakemake: every stage also runs by
hand through the command line (``mrisr --help``) or from Python.
"""

__version__ = "0.1.0"
