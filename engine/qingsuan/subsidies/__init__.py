"""Settlement 2, government subsidies per head (财政补助): heads per county, and what each level of government owes for them."""
