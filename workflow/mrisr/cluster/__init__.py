"""Asks a SLURM cluster about itself before jobs are submitted."""
