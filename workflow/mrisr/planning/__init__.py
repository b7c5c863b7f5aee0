"""Derives the jobs of a valid study: what each reads, writes and depends on, and which outputs are on disk."""
