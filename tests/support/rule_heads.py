"""The head that every rule set needs: what it is of, and the sources that its values name."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence


def head(
    schemes: Sequence[str] = ("390",),
    *,
    effective: str = "2021-01-01",
    source: str = "X",
    levels: Sequence[str] = (),
    sources: Mapping[str, str] | None = None,
) -> str:
    """A head of pool 990100 in TOML; ``sources`` maps their names to the article, and is ``source`` alone if not given."""
    lines = [
        "format = 1",
        "[ruleset]",
        'pool = "990100"',
        f"schemes = {json.dumps(list(schemes))}",
        'title = "made up"',
        f"effective = {effective}",
        f'source = "{source}"',
        'benefit_date = "setl_time"',
        'identity_date = "begndate"',
        f"levels = {json.dumps(list(levels))}",
    ]
    for name, article in (sources or {source: "1"}).items():
        lines += [f"[sources.{name}]", 'document = "made up"', f'article = "{article}"', 'grade = "made-up"']
    return "\n".join([*lines, ""])
