"""The way of a year: partitions, run folder, run record."""
