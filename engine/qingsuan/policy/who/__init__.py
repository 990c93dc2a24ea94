"""Whom a rule set spares, and of whom it asks something: what can be said against it, and how it is decided."""
