"""Settlement 2, its heart (财政补助): heads per county, and what each level of government owes for them."""
