"""Settlement 2 (财政补助): what each level of government owes for the insured."""
