"""Reversals (退费) and copies of a partition: what is told of them, and which claims they hold."""
