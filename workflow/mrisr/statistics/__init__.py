"""Statistics: from scores to tables, gaps and findings."""
