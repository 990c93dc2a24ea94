"""Amounts that are multiples of a figure that the bureau publishes: worked out once, when a file is loaded."""
