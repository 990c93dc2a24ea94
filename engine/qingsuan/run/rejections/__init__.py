"""Rejected rows: kept whole until their table is written, in order, at the end of a run."""
