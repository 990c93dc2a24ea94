"""Sizes that benchmarks share, and what they report."""

from __future__ import annotations

import os

CLAIMS = int(os.environ.get("QINGSUAN_BENCH_CLAIMS", "5000000"))
ROUNDS = int(os.environ.get("QINGSUAN_BENCH_ROUNDS", "3"))

TABLES: list[tuple[str, list[str], list[list[str]]]] = []


class Report:
    """Collects seconds by name, and tables of text."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    def table(self, title: str, names: list[str], rows: list[list[str]]) -> None:
        """Print a table when all is done."""
        TABLES.append((title, names, rows))

    def best(self, *names: str) -> float:
        """The fewest seconds among those measured."""
        return min(self.seconds[name] for name in names if name in self.seconds)
