"""Work done side by side in threads of this process."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import TypeVar

__all__ = ["in_threads"]

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


def in_threads(work: Callable[[_Item], _Result], items: Iterable[_Item], workers: int) -> Iterable[_Result]:
    """Do work side by side, never more than ``workers`` at once; the first failure stops what has not begun."""
    with ThreadPoolExecutor(workers) as pool:
        running: set[Future[_Result]] = set()
        try:
            for item in items:
                running.add(pool.submit(work, item))
                if len(running) > workers:
                    done, running = wait(running, return_when=FIRST_COMPLETED)
                    for future in done:
                        yield future.result()
            while running:
                done, running = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    yield future.result()
        finally:
            for future in running:
                future.cancel()
