"""From a valid study to its jobs: what each reads, writes and is made of, and which of it is on disk."""
