"""The slow twin: benefit settlement in plain Python, which judges the engine and is never a fallback for it."""
