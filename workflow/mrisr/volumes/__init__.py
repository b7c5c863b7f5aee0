"""Volumes: manifests, readers of every format, checks, fetching, slicing."""
