"""Programs that measure time, memory and quality. `python -m benchmarks` compares ways of one task."""
