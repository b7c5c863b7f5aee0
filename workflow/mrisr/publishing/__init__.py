"""The artifact of a study: one archive that somebody else can open, check and repeat."""
