"""What jobs cost before they run: memory and run time for the rules, and the table of ``mrisr plan``."""
