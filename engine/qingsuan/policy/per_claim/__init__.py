"""What is reckoned claim by claim: amounts that are another for each, bounds on what its layers pay together, and the names for it."""
