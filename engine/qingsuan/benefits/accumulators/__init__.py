"""What accounts hold between claims and between runs: into the core and out of it, read, carried, and bounded."""
