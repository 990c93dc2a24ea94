"""The commands that ask a finished run or a prepared year: they read what was written, and change none of it."""
