"""What a region supplies: the model, a strict reader, and its compilation to numeric tables."""
