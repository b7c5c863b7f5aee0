"""The report of a study, for publication."""
