"""Years that are over (年终二次报销), in the slow twin."""
