"""What is reckoned claim by claim: amounts that are another for each, and bounds on what its layers pay together."""
