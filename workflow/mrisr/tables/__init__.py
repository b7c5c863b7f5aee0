"""The tables of a study: one file is one table, with its caption in workflow/report/ under the same name."""
