"""The kinds of hostile input: where each is run, and how many a plain test tries."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["KINDS", "Kind", "amounts_of"]


@dataclass(frozen=True)
class Kind:
    """``run`` names a function that takes a :class:`hostile.trial.Trial` and gives what was wrong, in words."""

    run: str
    in_test: int


KINDS = {
    "conservation": Kind("hostile.conservation:run", 2),
    "csv": Kind("hostile.csv_files:run", 25),
    "folders": Kind("hostile.run_folders:run", 15),
    "ipc": Kind("hostile.arrow_files:run_ipc", 20),
    "parameters": Kind("hostile.parameter_files:run", 12),
    "parquet": Kind("hostile.arrow_files:run_parquet", 20),
    "trees": Kind("hostile.input_trees:run", 15),
}


def amounts_of(text: str) -> dict[str, int]:
    """How many of each kind: ``csv=20000 ipc=5000``; of a kind that is not named as many as in a plain test."""
    told = dict(part.split("=") for part in text.split())
    if told.keys() - KINDS.keys():
        raise ValueError(f"found {sorted(told.keys() - KINDS.keys())}, expected kinds of {sorted(KINDS)}")
    return {name: int(told.get(name, kind.in_test)) for name, kind in KINDS.items()}
