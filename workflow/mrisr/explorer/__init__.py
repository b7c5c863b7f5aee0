"""The explorer: one self-contained page with every score, picture and record of a study."""
