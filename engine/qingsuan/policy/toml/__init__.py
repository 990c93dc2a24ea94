"""TOML files: opened and parsed, and what messages say of a value that one holds."""
