"""The library's side of Snakemake: what the Snakefile reads, Snakemake's lock and metadata, and the GPUs."""
