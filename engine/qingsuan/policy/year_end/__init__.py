"""What is settled after a person's last claim of the year (年终二次报销), as tables that the core settles years by."""
