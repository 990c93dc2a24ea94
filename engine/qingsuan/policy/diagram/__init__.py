"""What a decision diagram is made of: classes of values, and everything with conditions as bits of a mask."""
