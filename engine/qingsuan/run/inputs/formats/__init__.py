"""One file of each format: opened, read in batches, its rows counted a second way. Knows nothing of tables."""
