"""Numbers as a page writes them: whole fen and basis points in, text out."""

from __future__ import annotations

from qingsuan.money import yuan

__all__ = ["exact_yuan", "grouped_yuan", "nice_steps", "percent", "share", "short_yuan", "ten_thousands"]

_MOST_STEPS = 6


def grouped_yuan(fen: int) -> str:
    """Fen as yuan with two decimals, thousands apart.

    >>> grouped_yuan(123456789), grouped_yuan(-5), grouped_yuan(0)
    ('1,234,567.89', '-0.05', '0.00')
    """
    whole, _, cents = yuan(abs(fen)).partition(".")
    return f"{'-' if fen < 0 else ''}{int(whole):,}.{cents}"


def short_yuan(fen: int) -> str:
    """Fen as yuan, thousands apart, without decimals where there are none: for the ticks of an axis.

    >>> short_yuan(12345600), short_yuan(-50)
    ('123,456', '-0.50')
    """
    return grouped_yuan(fen).removesuffix(".00")


def ten_thousands(fen: int) -> str:
    """Fen as ten thousands of yuan without needless zeros, thousands apart: for the ticks of an axis.

    >>> ten_thousands(12_345_000_000), ten_thousands(-50_000), ten_thousands(0)
    ('12,345', '-0.05', '0')
    """
    whole, rest = divmod(abs(fen), 1_000_000)
    return f"{'-' if fen < 0 else ''}{whole:,}.{rest:06d}".rstrip("0").rstrip(".")


def exact_yuan(fen_bp: int) -> str:
    """Fen times basis points as yuan, nothing rounded: at least two decimals.

    >>> exact_yuan(12_345 * 8_500), exact_yuan(1), exact_yuan(-10_000)
    ('104.9325', '0.000001', '-0.01')
    """
    whole, rest = divmod(abs(fen_bp), 1_000_000)
    return f"{'-' if fen_bp < 0 else ''}{whole:,}.{f'{rest:06d}'.rstrip('0').ljust(2, '0')}"


def percent(bp: int) -> str:
    """Basis points as a percentage without needless zeros.

    >>> percent(6500), percent(1250), percent(-7)
    ('65%', '12.5%', '-0.07%')
    """
    written = yuan(abs(bp)).rstrip("0").rstrip(".")
    return f"{'-' if bp < 0 else ''}{written}%"


def share(bp: int) -> str:
    """Basis points as a percentage with two decimals, as a column of them lines up.

    >>> share(6500), share(-7)
    ('65.00%', '-0.07%')
    """
    return f"{yuan(bp)}%"


def nice_steps(low: int, high: int) -> list[int]:
    """Whole numbers 1, 2 or 5 times a power of ten apart that enclose everything from ``low`` to ``high``; at most eight of them.

    >>> nice_steps(0, 95), nice_steps(-30, 45), nice_steps(0, 0)
    ([0, 20, 40, 60, 80, 100], [-40, -20, 0, 20, 40, 60], [0, 1])
    """
    step, power = 1, 1
    while max(high - low, 1) > step * _MOST_STEPS:
        ahead = (2, 5, 10)[(1, 2, 5).index(step // power)]
        step = ahead * power
        power = step if ahead == 10 else power
    first, last = low // step, max(-(-high // step), low // step + 1)
    return [step * at for at in range(first, last + 1)]
