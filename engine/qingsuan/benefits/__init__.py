"""Settlement 1 (待遇结算): what each fund pays for each claim."""
