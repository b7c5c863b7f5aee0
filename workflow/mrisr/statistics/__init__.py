"""Statistics: makes tables, gaps and findings from scores."""
