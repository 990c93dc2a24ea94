"""A finished run folder checked again, with its inputs or without: digests, every row, sums, accumulators."""
