"""What Snakemake needs of the library: the view of the Snakefile, its lock, its memory, and the GPUs."""
