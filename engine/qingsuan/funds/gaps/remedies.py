"""When a fund cannot pay: the six remedies in the order of 财社〔2017〕144号, art. 38, each as far as it reaches."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from qingsuan.funds.gaps.tables import MEANS

__all__ = ["Remedy", "remedies_of"]


@dataclass(frozen=True, slots=True)
class Remedy:
    """One step for one fund and pool, in fen.

    Attributes
    ----------
    short : what was still lacking before it.
    available : what the bureau's table says that it can give; None where it does not say it.
    used : what it gives; None where that is not known, because this step or one before it is not told.
    """

    fund: str
    pool: str
    step: str
    short: int | None
    available: int | None
    used: int | None


def remedies_of(
    closings: Mapping[tuple[str, str], int], means: Mapping[tuple[str, str, str], int]
) -> tuple[Remedy, ...]:
    """The steps of every fund and pool whose books close below 0 together, in their order.

    Parameters
    ----------
    closings : by fund and pool.
    means : what a step can give, by fund, pool and step.
    """
    found: list[Remedy] = []
    for (fund, pool), closing in closings.items():
        short: int | None = max(0, -closing)
        for step in MEANS if short else ():
            available = means.get((fund, pool, step))
            used = 0 if short == 0 else None if short is None or available is None else min(short, available)
            found.append(Remedy(fund, pool, step, short, available, used))
            short = None if short is None or used is None else short - used
    return tuple(found)
