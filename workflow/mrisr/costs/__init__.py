"""Estimates the costs of jobs before they run: memory and run time for the rules, and the table of ``mrisr plan``."""
