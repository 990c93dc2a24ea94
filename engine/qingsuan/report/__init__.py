"""What people read about a run: plain text for a terminal."""
