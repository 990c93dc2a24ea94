"""What a caller may ask of a run: years, workers, memory."""

from __future__ import annotations

__all__ = ["FIRST_YEAR", "LAST_SUBSIDY_YEAR", "LAST_YEAR", "LEAST_MEMORY_BYTES", "MOST_WORKERS"]

FIRST_YEAR = 2000
LAST_YEAR = 2100
LAST_SUBSIDY_YEAR = 2999

MOST_WORKERS = 256
"""So many threads work side by side at most."""

LEAST_MEMORY_BYTES = 64 << 20
"""A run needs so much whatever its input."""
