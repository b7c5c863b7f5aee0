"""Training: data order, optimisation, schedules, checkpoints."""
