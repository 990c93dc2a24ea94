"""Whom a rule set spares, and of whom it asks something: decided for the few claims that it concerns."""
