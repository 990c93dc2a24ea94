"""Rows as they come: checked on their own, made small, and made again as they came. Knows nothing of other rows."""
