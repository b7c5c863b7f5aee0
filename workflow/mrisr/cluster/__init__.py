"""A SLURM cluster as it is asked before jobs are submitted to it."""
