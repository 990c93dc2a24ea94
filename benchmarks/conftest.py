"""Fixtures that every benchmark shares; the tables they report are printed at the end."""

from __future__ import annotations

from typing import Any

import pytest

from measuring import ROUNDS, TABLES, Report


@pytest.fixture(scope="module")
def report() -> Report:
    return Report()


@pytest.fixture
def timed(benchmark: Any, report: Report) -> Any:
    """Measure a function in several rounds under a name; returns what it returned."""

    def run(name: str, work: Any, rounds: int = ROUNDS) -> Any:
        result = benchmark.pedantic(work, rounds=rounds, iterations=1, warmup_rounds=0)
        report.seconds[name] = benchmark.stats.stats.min
        return result

    return run


@pytest.hookimpl
def pytest_terminal_summary(terminalreporter: Any) -> None:
    for title, names, rows in TABLES:
        terminalreporter.write_line("")
        terminalreporter.write_line(f"{title}")
        terminalreporter.write_line("")
        for row in ([names, ["---"] * len(names)] if names else []) + rows:
            terminalreporter.write_line("| " + " | ".join(row) + " |")
